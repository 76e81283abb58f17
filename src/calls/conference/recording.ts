// A conference's recording: the mix, as a recording of the call that began it, kept with that call's own (verbs.md 6.1).
import { isFault } from '../../base/index.ts';
import type { MediaRoom } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { recordingFacts } from '../recording/cloud.ts';

/** Until the conference ends, which may be long after that call. */
export function recordConference(call: Call, room: MediaRoom, format: 'wav' | 'mp3' | undefined): void {
  const store = call.world.recordings;
  const note = (what: string, fields: Record<string, unknown> = {}): void => {
    call.events.append('recording', { what, of: 'conference', ...fields });
  };
  if (!store) return call.alert('recording-failed', 'this server keeps no recordings');
  const facts = recordingFacts(call, format);
  store.begin(facts);
  const { path, sampleRate } = facts;
  const recording = room.record({ path, format: facts.format, sampleRate, mix: 'mixed' });
  note('started', { format: facts.format });
  void recording.done.then(async ({ durationMs, bytes, fault }) => {
    note('stopped', { duration_ms: durationMs, bytes, ...(fault && { reason: fault.message }) });
    const outcome = await store.finish(path);
    if (isFault(outcome)) note('failed', { reason: outcome.message, code: outcome.code });
    else note('stored', { ...outcome });
  });
}
