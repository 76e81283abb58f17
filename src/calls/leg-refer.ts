// REFER on a leg, both ways, and the NOTIFYs that tell what came of it (RFC 3515, RFC 3892, RFC 4488).
import { type Clock, isRefusal, type Refusal, refuse, type Scope } from '../base/index.ts';
import {
  type Dialog,
  type ExtraHeaders,
  type IncomingRequest,
  isSipParseError,
  parseNameAddr,
  type SipRequest,
  type SipResponse,
} from '../sip/index.ts';
import { referLimit, referPatienceMs } from './limits.ts';

/** Whom a REFER names, as payloads show it. */
export interface ReferFacts {
  /** Header values as written. */
  readonly referTo: string;
  readonly referredBy: string | undefined;
  readonly referToUser: string | undefined;
  readonly referredByUser: string | undefined;
}

/** The far end asks us to send the call elsewhere. Answered once: accept or reject. */
export interface LegRefer extends ReferFacts {
  readonly request: SipRequest;
  /** 202, and NOTIFY 100 unless the far end wants none (Refer-Sub: false). */
  accept(): void;
  /** The call stays as it is. */
  reject(status: number, reason?: string): void;
  /** What came of it so far; the last one (200 and above) ends the subscription. Nothing before accept. */
  notify(status: number, reason: string): void;
}

/** One NOTIFY about a REFER of ours: the status line in it, and whether it is the last. */
export interface ReferProgress {
  readonly status: number;
  readonly reason: string;
  readonly last: boolean;
}

export class LegRefers {
  readonly #clock: Clock;
  readonly #scope: Scope;
  #dialog: Dialog | undefined;
  /** Theirs: from the second on they are told apart by the REFER's CSeq (RFC 3515 2.4.6). */
  #received = 0;
  #open = 0;
  /** Ours whose NOTIFYs are awaited, oldest first. */
  readonly #sent: { cseq: number | undefined; onProgress: (progress: ReferProgress) => void }[] = [];

  constructor(clock: Clock, scope: Scope) {
    this.#clock = clock;
    this.#scope = scope;
  }

  adopt(dialog: Dialog): void {
    this.#dialog = dialog;
  }

  /** A REFER that may be acted on; undefined when it was refused here. */
  receive(incoming: IncomingRequest): LegRefer | undefined {
    const facts = readRefer(incoming.request);
    if (isRefusal(facts)) {
      incoming.respond(facts.sip ?? 400, facts.reason);
      return undefined;
    }
    if (this.#open >= referLimit || !this.#dialog) {
      incoming.respond(503, undefined, { headers: { 'Retry-After': '5' } });
      return undefined;
    }
    this.#open++;
    const { request } = incoming;
    const event = this.#received++ === 0 ? 'refer' : `refer;id=${request.cseq.number}`;
    return new IncomingRefer({
      incoming,
      facts,
      event,
      dialog: this.#dialog,
      clock: this.#clock,
      scope: this.#scope,
      onOver: () => void this.#open--,
    });
  }

  /** A NOTIFY of `Event: refer`: true when it belongs to a REFER of ours and has been taken (RFC 6665 4.1.3: else 481). */
  notified(request: SipRequest): boolean {
    const id = /;\s*id\s*=\s*(\d+)/i.exec(request.header('Event') ?? '')?.[1];
    const found = this.#sent.find((one) => id === undefined || one.cseq === undefined || one.cseq === Number(id));
    if (!found) return false;
    const line = /^SIP\/2\.0\s+(\d{3})\s*([^\r\n]*)/i.exec(Buffer.from(request.body).toString('utf8'));
    const over = /^\s*terminated/i.test(request.header('Subscription-State') ?? '');
    const status = Number(line?.[1] ?? 0);
    if (line || over) found.onProgress({ status, reason: line?.[2] ?? '', last: over || status >= 200 });
    return true;
  }

  /** Sends a REFER. `onProgress` is told each NOTIFY, also one that overtakes the answer, until `stop`. */
  send(
    headers: ExtraHeaders,
    onProgress: (progress: ReferProgress) => void,
  ): { answered: Promise<SipResponse>; stop: () => void } {
    const dialog = this.#dialog;
    if (!dialog) throw new Error('bug: REFER outside a dialog');
    const entry: { cseq: number | undefined; onProgress: typeof onProgress } = { cseq: undefined, onProgress };
    this.#sent.push(entry);
    const answered = dialog.request('REFER', { headers }).then((response) => {
      entry.cseq = response.cseq.number;
      return response;
    });
    const stop = (): void => {
      const at = this.#sent.indexOf(entry);
      if (at >= 0) this.#sent.splice(at, 1);
    };
    return { answered, stop };
  }
}

/** RFC 3515 2.4.2: exactly one Refer-To. Referred-By may be absent (RFC 3892). */
export function readRefer(request: SipRequest): ReferFacts | Refusal {
  const targets = request.values('Refer-To');
  const [referTo] = targets;
  if (referTo === undefined || targets.length > 1) return bad('exactly one Refer-To is needed');
  const user = userOf(referTo);
  if (isRefusal(user)) return bad(`Refer-To: ${user.reason}`);
  const referredBy = request.header('Referred-By');
  const by = referredBy === undefined ? { user: undefined } : userOf(referredBy);
  return {
    referTo,
    referToUser: user.user,
    referredBy,
    referredByUser: isRefusal(by) ? undefined : by.user,
  };
}

function userOf(address: string): { user: string | undefined } | Refusal {
  try {
    return { user: parseNameAddr(address).uri.user };
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return bad(error.message);
  }
}

const bad = (reason: string): Refusal => refuse('sip-refer', reason, { sip: 400 });

interface IncomingReferOptions {
  incoming: IncomingRequest;
  facts: ReferFacts;
  /** Value of Event. */
  event: string;
  dialog: Dialog;
  clock: Clock;
  scope: Scope;
  onOver(): void;
}

class IncomingRefer implements LegRefer {
  readonly request: SipRequest;
  readonly referTo: string;
  readonly referredBy: string | undefined;
  readonly referToUser: string | undefined;
  readonly referredByUser: string | undefined;
  readonly #options: IncomingReferOptions;
  #state: 'asked' | 'active' | 'over' = 'asked';
  /** What the far end was told last. */
  #said = '100 Trying';
  #expiresAt = 0;
  /** One NOTIFY at a time, so that they arrive in order. */
  #last: Promise<unknown> = Promise.resolve();
  #forget: () => void = () => {};

  constructor(options: IncomingReferOptions) {
    const { facts, incoming } = options;
    this.#options = options;
    this.request = incoming.request;
    this.referTo = facts.referTo;
    this.referredBy = facts.referredBy;
    this.referToUser = facts.referToUser;
    this.referredByUser = facts.referredByUser;
  }

  accept(): void {
    if (this.#state !== 'asked') return;
    const { incoming, clock, scope } = this.#options;
    // RFC 4488 4: the far end asks for no subscription; we say that there is none.
    const unwatched = /^\s*false/i.test(this.request.header('Refer-Sub') ?? '');
    incoming.respond(202, undefined, unwatched ? { headers: { 'Refer-Sub': 'false' } } : undefined);
    if (unwatched) return this.#end();
    this.#state = 'active';
    this.#expiresAt = clock.now() + referPatienceMs;
    const timer = clock.after(referPatienceMs, () => this.#send(this.#said, 'timeout'));
    this.#forget = scope.defer(() => {
      timer.cancel();
      this.#end();
    });
    this.#send(this.#said);
  }

  reject(status: number, reason?: string): void {
    if (this.#state !== 'asked') return;
    this.#options.incoming.respond(status, reason);
    this.#end();
  }

  notify(status: number, reason: string): void {
    if (this.#state !== 'active') return;
    this.#said = `${status} ${reason}`;
    this.#send(this.#said, status >= 200 ? 'noresource' : undefined);
  }

  #send(statusLine: string, over?: 'noresource' | 'timeout'): void {
    if (this.#state !== 'active') return;
    const { dialog, event, clock } = this.#options;
    const left = Math.max(1, Math.ceil((this.#expiresAt - clock.now()) / 1000));
    const headers = {
      Event: event,
      'Subscription-State': over === undefined ? `active;expires=${left}` : `terminated;reason=${over}`,
    };
    const body = { contentType: 'message/sipfrag;version=2.0', content: `SIP/2.0 ${statusLine}\r\n` };
    // What the far end says to a NOTIFY changes nothing: it may have left the call already.
    this.#last = this.#last.then(() => dialog.request('NOTIFY', { headers, body })).catch(() => {});
    if (over !== undefined) {
      this.#forget();
      this.#end();
    }
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#options.onOver();
  }
}
