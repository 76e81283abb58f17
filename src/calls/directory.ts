// Directory: the calls of this node, alive and lately ended. The API and the commands find them here.
import type { CallFacts } from '../apps/index.ts';
import { atMost, type Clock, type Refusal, refuse } from '../base/index.ts';
import type { Call } from './call.ts';
import { callLimit, endedCallKeptMs, endedCallsKept, partingMs } from './limits.ts';

/** A call that has ended, as it can still be retrieved. */
interface EndedCall {
  facts: CallFacts;
  at: number;
}

export class Directory {
  readonly #clock: Clock;
  readonly #alive = new Map<string, Call>();
  /** In the order they ended. */
  readonly #ended = new Map<string, EndedCall>();
  readonly #byCallId = new Map<string, Call>();
  /** Records of live calls that were deleted over the API: the call goes on, unlisted. */
  readonly #unlisted = new Set<string>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** May one more call begin? A refusal says what to answer. */
  get admits(): Refusal | undefined {
    if (this.#closed) return refuse('stopping', 'the server is stopping', { sip: 503 });
    if (this.#alive.size >= callLimit)
      return refuse('too-many-calls', `this node carries ${callLimit} calls already`, { sip: 503 });
    return undefined;
  }

  add(call: Call): void {
    this.#alive.set(call.sid, call);
  }

  /** Moves a call from the living to the ended. */
  remove(call: Call): void {
    this.#alive.delete(call.sid);
    if (this.#byCallId.get(call.facts.callId) === call) this.#byCallId.delete(call.facts.callId);
    if (this.#unlisted.delete(call.sid)) return;
    const now = this.#clock.now();
    this.#ended.set(call.sid, { facts: call.facts, at: now });
    for (const [sid, { at }] of this.#ended) {
      if (this.#ended.size <= endedCallsKept && now - at < endedCallKeptMs) break;
      this.#ended.delete(sid);
    }
  }

  /** Lets the call be found by its SIP Call-ID. */
  knowCallId(call: Call): void {
    this.#byCallId.set(call.facts.callId, call);
  }

  byCallId(callId: string): Call | undefined {
    return this.#byCallId.get(callId);
  }

  get(sid: string): Call | undefined {
    return this.#alive.get(sid);
  }

  /** Calls of which something is left: also those that have ended and whose application is slow to take their last words. */
  get size(): number {
    return this.#alive.size;
  }

  /** The call to act on: 404 when nobody knows it, 422 when it is over. */
  find(accountSid: string, sid: string): Call | Refusal {
    const call = this.#alive.get(sid);
    if (call && call.facts.accountSid === accountSid && !this.#unlisted.has(sid)) {
      return call.ended ? gone(sid) : call;
    }
    return this.#ended.get(sid)?.facts.accountSid === accountSid
      ? gone(sid)
      : refuse('call-unknown', 'Not Found', { http: 404 });
  }

  /** Facts of one call, alive or ended. */
  facts(accountSid: string, sid: string): CallFacts | undefined {
    const facts = this.#unlisted.has(sid) ? undefined : (this.#alive.get(sid)?.facts ?? this.#ended.get(sid)?.facts);
    return facts?.accountSid === accountSid ? facts : undefined;
  }

  list(accountSid: string): CallFacts[] {
    const all = [...this.#ended.values()].map((e) => e.facts);
    for (const call of this.#alive.values()) if (!this.#unlisted.has(call.sid)) all.push(call.facts);
    return all.filter((facts) => facts.accountSid === accountSid);
  }

  /** Forgets a call's record; a live call goes on (rest-calls.md 3.2). */
  forget(accountSid: string, sid: string): boolean {
    if (!this.facts(accountSid, sid)) return false;
    if (this.#alive.has(sid)) this.#unlisted.add(sid);
    return this.#ended.delete(sid) || this.#unlisted.has(sid);
  }

  /** Live calls by direction. */
  count(accountSid: string | undefined): { inbound: number; outbound: number } {
    const counts = { inbound: 0, outbound: 0 };
    for (const { facts, ended } of this.#alive.values())
      if (!ended && (accountSid === undefined || facts.accountSid === accountSid)) counts[facts.direction]++;
    return counts;
  }

  /** Ends every call politely and waits for their goodbyes, for a bounded time. No call begins any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const calls = [...this.#alive.values()];
    for (const call of calls) call.turn('server stops', () => partFrom(call));
    await atMost(this.#clock, partingMs, Promise.all(calls.map((call) => call.gone())));
  }
}

/** 603, which a hang-up before the answer says, would keep a proxy from trying the next server (RFC 3261 21.6.2); 503 does not. */
function partFrom(call: Call): void {
  call.conclude({ reason: 'Server Shutdown', refusal: { sipStatus: 503 } });
}

function gone(sid: string): Refusal {
  return refuse('call-gone', `call session is gone for call_sid ${sid}`, { http: 422 });
}
