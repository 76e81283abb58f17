// A recording order as applications and the API write it (live-call-control.md 2.9): read, checked, in our words.
import { isObject, type Refusal, refuse } from '../../base/index.ts';
import { badHeader, textHeaders } from '../begin/destination.ts';
import type { RecordAction, RecordRequest } from './recordings.ts';

const actions: Record<string, RecordAction> = {
  startCallRecording: 'start',
  stopCallRecording: 'stop',
  pauseCallRecording: 'pause',
  resumeCallRecording: 'resume',
};

/** JSON schema, for the documents. */
export const recordSchema = {
  type: 'object',
  required: ['action'],
  properties: {
    action: { type: 'string', enum: Object.keys(actions) },
    type: {
      type: 'string',
      enum: ['siprec', 'cloud'],
      description: 'when absent: siprec to start, else of the recording that there is',
    },
    siprecServerURL: {
      description:
        'siprec: where to; a text of several, separated by commas, is a recording at each, a list is one with others to fall back on',
      oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    },
    recordingID: { type: 'string' },
    headers: { type: 'object', additionalProperties: { type: 'string' } },
    silence: { type: 'boolean', description: 'cloud: while paused silence is recorded' },
  },
} as const;

const known = new Set(Object.keys(recordSchema.properties));

/** A refusal's path is relative to the order. */
export function readRecord(value: unknown): RecordRequest | Refusal {
  if (!isObject(value)) return bad('must be an object with action');
  const { action: named, recordingID, headers = {}, silence = false } = value;
  const action = typeof named === 'string' ? actions[named] : undefined;
  if (!action) return bad(`must be one of ${Object.keys(actions).join(', ')}`, 'action');
  const type = value.type ?? (action === 'start' ? 'siprec' : undefined);
  if (type !== undefined && type !== 'siprec' && type !== 'cloud') return bad('must be siprec or cloud', 'type');
  if (typeof silence !== 'boolean') return bad('must be true or false', 'silence');
  if (recordingID !== undefined && typeof recordingID !== 'string') return bad('must be text', 'recordingID');
  const wrong = isObject(headers) ? badHeader(headers, 'headers') : bad('must be an object', 'headers');
  if (wrong) return wrong;
  const stray = Object.keys(value).find((name) => !known.has(name) && name !== 'verb');
  if (stray !== undefined) return bad('is no field of record', stray);
  const servers = readServers(value.siprecServerURL, action === 'start' && type === 'siprec');
  if ('refused' in servers) return servers;
  return {
    action,
    ...(type !== undefined && { type }),
    silence,
    servers,
    headers: textHeaders(headers),
    ...(recordingID !== undefined && { recordingId: recordingID }),
  };
}

/** A comma-separated text: a session with each. An array: one session, the others in reserve. */
function readServers(value: unknown, wanted: boolean): RecordRequest['servers'] | Refusal {
  const path = 'siprecServerURL';
  if (value === undefined) return wanted ? bad('is needed to start a recording', path) : [];
  const texts: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(',') : [undefined];
  // Without a scheme it is taken as sip:, as everywhere.
  const uris = texts.map((uri) => (typeof uri === 'string' ? uri.trim().replace(/^(?!sips?:)/i, 'sip:') : ''));
  if (wanted && uris.length === 0) return bad('is needed to start a recording', path);
  if (!uris.every((uri) => /^sips?:([^\s@]+@)?[^\s@/]+$/i.test(uri))) return bad('must be SIP URIs', path);
  return Array.isArray(value) ? [uris] : uris.map((uri) => [uri]);
}

const bad = (reason: string, path?: string): Refusal =>
  refuse('bad-record', reason, { http: 400, ...(path !== undefined && { path }) });
