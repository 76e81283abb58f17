// The statuses a call can report (live-call-control.md 7.1) and which of them are the last word.

export type CallStatus =
  | 'trying'
  | 'ringing'
  | 'early-media'
  | 'in-progress'
  | 'completed'
  | 'busy'
  | 'no-answer'
  | 'failed'
  | 'queued';

export const finalStatuses: ReadonlySet<string> = new Set(['completed', 'busy', 'no-answer', 'failed']);

/** What a final SIP response to our INVITE says of the call: 486 and 603 (of a dialled leg: 600) busy, 487 no-answer, else failed. */
export function statusOfFailure(sipStatus: number, dialled: boolean): CallStatus {
  if (sipStatus === 486 || sipStatus === (dialled ? 600 : 603)) return 'busy';
  return sipStatus === 487 ? 'no-answer' : 'failed';
}
