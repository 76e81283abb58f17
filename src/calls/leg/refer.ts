// REFER on a leg, both ways, and the NOTIFYs that tell what came of it (RFC 3515, RFC 3892, RFC 4488).
import { type Clock, isRefusal, type Refusal, refuse, type Scope, type Timer } from '../../base/index.ts';
import {
  type Dialog,
  type ExtraHeaders,
  escapeUser,
  type IncomingRequest,
  isSipParseError,
  parseNameAddr,
  parseUri,
  printHost,
  printNameAddr,
  type SipRequest,
  type SipResponse,
} from '../../sip/index.ts';
import { referLimit, referNotifyMs, referPatienceMs } from '../limits.ts';

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

/** The status line in a NOTIFY about a REFER of ours; status 0 when it had none. */
export interface ReferProgress {
  readonly status: number;
  readonly reason: string;
}

export class LegRefers {
  readonly #clock: Clock;
  readonly #scope: Scope;
  #dialog: Dialog | undefined;
  /** Theirs: from the second on they are told apart by the REFER's CSeq (RFC 3515 2.4.6). */
  #received = 0;
  #open = 0;
  /** Ours whose NOTIFYs are awaited, oldest first. */
  readonly #sent = new Set<SentRefer>();

  constructor(clock: Clock, scope: Scope) {
    this.#clock = clock;
    this.#scope = scope;
  }

  adopt(dialog: Dialog): void {
    this.#dialog = dialog;
  }

  /** Host (and port) that the far end is asked at, as in its Contact. */
  get remoteHost(): string {
    const target = this.#dialog?.remoteTarget;
    if (target === undefined) throw new Error('bug: no dialog to refer in');
    const { host, port } = parseUri(target);
    return port === undefined ? printHost(host) : `${printHost(host)}:${port}`;
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
    const found = [...this.#sent].find((one) => one.isMeant(id === undefined ? undefined : Number(id)));
    found?.notified(request);
    return found !== undefined;
  }

  /** Sends a REFER. What comes of it is told by NOTIFYs: `onProgress` hears each, also one that overtakes the answer. */
  send(headers: ExtraHeaders, onProgress: (progress: ReferProgress) => void): SentRefer {
    if (!this.#dialog) throw new Error('bug: REFER outside a dialog');
    const sent = new SentRefer({
      dialog: this.#dialog,
      clock: this.#clock,
      headers,
      onProgress,
      onOver: () => this.#sent.delete(sent),
    });
    this.#sent.add(sent);
    return sent;
  }
}

interface SentReferOptions {
  dialog: Dialog;
  clock: Clock;
  headers: ExtraHeaders;
  onProgress(progress: ReferProgress): void;
  onOver(): void;
}

/** A REFER of ours, until its last NOTIFY, or until none has come for 15 s (verbs.md 12.1). */
export class SentRefer {
  /** The far end's answer; rejects with a Fault when there is none. */
  readonly answered: Promise<SipResponse>;
  /** The last NOTIFY; undefined when it did not come in time, or nobody waits any more. */
  readonly outcome: Promise<ReferProgress | undefined>;
  readonly #options: SentReferOptions;
  readonly #end: (progress: ReferProgress | undefined) => void;
  #cseq: number | undefined;
  #timer: Timer | undefined;
  #over = false;

  constructor(options: SentReferOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<ReferProgress | undefined>();
    this.outcome = promise;
    this.#end = resolve;
    this.answered = options.dialog.request('REFER', { headers: options.headers }).then((response) => {
      this.#cseq = response.cseq.number;
      this.#wait();
      return response;
    });
  }

  isMeant(id: number | undefined): boolean {
    return id === undefined || this.#cseq === undefined || this.#cseq === id;
  }

  notified(request: SipRequest): void {
    const line = /^SIP\/2\.0\s+(\d{3})\s*([^\r\n]*)/i.exec(Buffer.from(request.body).toString('utf8'));
    const over = /^\s*terminated/i.test(request.header('Subscription-State') ?? '');
    if (!line && !over) return;
    const progress = { status: Number(line?.[1] ?? 0), reason: line?.[2] ?? '' };
    this.#wait();
    this.#options.onProgress(progress);
    if (over || progress.status >= 200) this.stop(progress.status >= 200 ? progress : undefined);
  }

  /** Nobody waits any more. */
  stop(outcome?: ReferProgress): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#options.onOver();
    this.#end(outcome);
  }

  #wait(): void {
    this.#timer?.cancel();
    if (!this.#over) this.#timer = this.#options.clock.after(referNotifyMs, () => this.stop());
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

/** Whom an application names: a SIP or tel address as it is, anything else as a user or number at `host`. */
export function addressAt(who: string, host: string): string | Refusal {
  const uri = /^[a-z][a-z0-9+.-]*:/i.test(who.trim()) ? who.trim() : `sip:${escapeUser(who.trim())}@${host}`;
  const text = /^\s*[<"]/.test(who) ? who : `<${uri}>`;
  try {
    return printNameAddr(parseNameAddr(text));
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return refuse('sip-address', `is no SIP address: ${error.message}`);
  }
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
  #timer: Timer | undefined;
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
    this.#timer = clock.after(referPatienceMs, () => this.#send(this.#said, 'timeout'));
    this.#forget = scope.defer(() => this.#end());
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
    if (over !== undefined) this.#end();
  }

  #end(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#timer?.cancel();
    this.#forget();
    this.#options.onOver();
  }
}
