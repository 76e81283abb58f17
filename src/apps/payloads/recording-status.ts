// recording:status: what became of a recording, when it is where it belongs or has failed. Ours: the contract has none.
import type { Payload } from '../types.ts';

export interface RecordingNotice {
  callSid: string;
  accountSid: string;
  applicationSid: string | undefined;
  direction: string;
  from: string;
  to: string;
  status: 'stored' | 'failed';
  format: 'wav' | 'mp3';
  durationMs: number;
  bytes: number;
  /** Below the API's /v1 (rest-platform.md 11.1); when stored. */
  url?: string;
  /** When failed. */
  reason?: string;
}

/** Without `call_status`: it comes when the call may be long over, and must not be taken for a status of it. */
export function recordingStatus(notice: RecordingNotice): Payload {
  const { callSid, accountSid, applicationSid, direction, from, to, status, url, reason } = notice;
  return {
    event: `recording-${status}`,
    callSid,
    accountSid,
    applicationSid,
    direction,
    from,
    to,
    ...(url !== undefined && { recordingUrl: url }),
    recording: {
      status,
      format: notice.format,
      duration: Math.round(notice.durationMs / 1000),
      bytes: notice.bytes,
      ...(reason !== undefined && { reason }),
    },
  };
}
