// The wires of a rehearsal: each SIP request that a phone sent, and whether it got its final response.
import type { SipTrace } from '../sip/index.ts';
import type { Phone } from './phone.ts';

interface Exchange {
  what: string;
  /** When it went out, or came. */
  at: number;
  answered: boolean;
  /** How often it came again after its final response had gone out. */
  repeats: number;
}

export interface Wires {
  /** Requests of the phones to us. */
  readonly theirs: ReadonlyMap<string, Exchange>;
  /** Requests of ours to the phones; answered once a phone has sent its final response. */
  readonly ours: ReadonlyMap<string, Exchange>;
}

/** Each request by its transaction (RFC 3261 17.1.3), but ACK, which has no response. */
export function wiretap(phones: readonly Phone[], now: () => number): Wires {
  const theirs = new Map<string, Exchange>();
  const ours = new Map<string, Exchange>();
  const note = ({ direction, message, callId }: SipTrace): void => {
    const { method } = message.cseq;
    if (method === 'ACK') return;
    const list = (direction === 'out') === (message.kind === 'request') ? theirs : ours;
    const key = `${method} ${/branch=([^;,\s]+)/.exec(message.header('Via') ?? '')?.[1]}`;
    const known = list.get(key);
    if (message.kind === 'request') {
      if (known?.answered) known.repeats++;
      if (!known) list.set(key, { what: `${method} of ${callId}`, at: now(), answered: false, repeats: 0 });
    } else if (known && message.status >= 200) known.answered = true;
  };
  for (const { sip } of phones) sip.onTrace = note;
  return { theirs, ours };
}
