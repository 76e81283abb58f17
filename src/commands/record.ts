// record: starts, stops, pauses and resumes a recording of the addressed leg, here (cloud) or at recording servers (siprec).
import { type RecordRequest, readRecord, recordSchema } from '../calls/index.ts';
import { defineCommand } from './define.ts';

export const record = defineCommand<RecordRequest>({
  rest: 'record',
  ws: 'record',
  summary:
    'Starts, stops, pauses or resumes a recording of the addressed leg: `cloud` into the recordings folder or the bucket of the account, `siprec` at recording servers. A start before the answer acts at the answer.',
  schema: recordSchema,
  refuses: [
    '400 a start without `siprecServerURL`, unless `type` is `cloud`',
    '422 what the state does not allow: a start while it records, anything else while it does not',
  ],
  examples: [
    { record: { action: 'startCallRecording', type: 'cloud' } },
    { record: { action: 'pauseCallRecording', silence: true } },
    { record: { action: 'resumeCallRecording' } },
    { record: { action: 'stopCallRecording' } },
    { record: { action: 'startCallRecording', siprecServerURL: 'sip:recorder.example.com', recordingID: 'my-call' } },
  ],
  read: readRecord,
  takesMedia: () => true,
  allowed: ({ call }, request) => call.recordings.allowed(request),
  apply: ({ call }, request) => ({ effect: call.recordings.apply(request) }),
});
