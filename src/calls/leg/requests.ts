// What the far end asks for in its dialog, and what it is answered at once (sip-edge.md ID-5, DT-3; RFC 3515).
import type { IncomingRequest } from '../../sip/index.ts';
import { readInfoDigit } from './info-digit.ts';
import type { LegRefers } from './refer.ts';
import type { LegHandler } from './types.ts';

/** OPTIONS asks only whether we are there. */
const answers = new Map(Object.entries({ INFO: 200, MESSAGE: 202, NOTIFY: 200, OPTIONS: 200 }));

/** Methods that are a call's own business, and not an application's to send. */
export const ownMethods: ReadonlySet<string> = new Set([
  'ACK',
  'BYE',
  'CANCEL',
  'INVITE',
  'PRACK',
  'UPDATE',
  'REGISTER',
]);

export function serveRequest(incoming: IncomingRequest, refers: LegRefers, handler: LegHandler): void {
  const { request } = incoming;
  if (request.method === 'REFER') {
    const refer = refers.receive(incoming);
    return refer && handler.onRefer(refer);
  }
  // Those of other events have no subscription either, but phones send them unasked and mind a refusal.
  if (request.method === 'NOTIFY' && /^\s*refer\b/i.test(request.header('Event') ?? ''))
    return incoming.respond(refers.notified(request) ? 200 : 481);
  const status = answers.get(request.method);
  incoming.respond(status ?? 501);
  if (status === undefined || request.method === 'OPTIONS') return;
  const digit = request.method === 'INFO' ? readInfoDigit(request) : undefined;
  if (digit) handler.onDigit(digit.digit, digit.durationMs, 'info');
  else handler.onRequest(request);
}
