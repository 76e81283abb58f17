// config.record: as the live command `record` (verbs.md 9.2).
import { isRefusal, type Refusal } from '../base/index.ts';
import { type Call, readRecord } from '../calls/index.ts';

export function recordRefusal(input: unknown): Refusal | undefined {
  const request = input === undefined ? undefined : readRecord(input);
  return isRefusal(request)
    ? { ...request, path: request.path === undefined ? 'record' : `record.${request.path}` }
    : undefined;
}

/** What the call's recording does not let happen now is noted, and the application goes on. */
export function configureRecord(call: Call, input: unknown): void {
  const request = input === undefined ? undefined : readRecord(input);
  if (!request || isRefusal(request)) return;
  const note = (reason: string): void => call.events.append('error', { what: 'config.record', reason });
  call.turn('config.record', () => {
    const refusal = call.ended ? undefined : call.recordings.allowed(request);
    if (refusal) return note(refusal.reason);
    if (call.ended) return;
    call.recordings.apply(request).catch((error: unknown) => {
      if (!call.ended) note(error instanceof Error ? error.message : String(error));
    });
  });
}
