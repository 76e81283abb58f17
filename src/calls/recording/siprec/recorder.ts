// A call's recording at SIPREC servers: a session with each, the next of a list when one fails. The call never feels it.
import { isRefusal, newSid, type Refusal, refuse, type Scope } from '../../../base/index.ts';
import type { ExtraHeaders } from '../../../sip/index.ts';
import type { Call } from '../../call.ts';
import { type Recorded, recordingIds } from './metadata.ts';
import { RecordingSession } from './session.ts';

export interface SiprecOptions {
  /**
   * Lists of SIP URIs. One session is kept with each list: with its first server that takes it; when that one fails, with the next.
   * A comma-separated `siprecServerURL` is several lists of one (live-call-control.md 2.9), an array is one list.
   */
  servers: readonly (readonly string[])[];
  recordingId?: string;
  headers: ExtraHeaders;
}

interface Seat {
  readonly servers: readonly string[];
  /** Index of the server that has it. */
  at: number;
  session: RecordingSession | undefined;
}

export class SiprecRecorder {
  /** No server has it any more. */
  onLost: (reason: string) => void = () => {};
  readonly #call: Call;
  readonly #options: SiprecOptions;
  readonly #scope: Scope;
  readonly #recorded: Recorded;
  readonly #seats: Seat[];
  #paused = false;

  /** Lives no longer than the call's leg. */
  constructor(call: Call, options: SiprecOptions) {
    this.#call = call;
    this.#options = options;
    this.#scope = call.leg.scope.child('siprec');
    this.#seats = options.servers.map((servers) => ({ servers, at: 0, session: undefined }));
    const { facts, world } = call;
    const aor = (user: string): string => `sip:${encodeURIComponent(user)}@${world.settings.sipAddress}`;
    this.#recorded = {
      ids: recordingIds(world.random),
      facts,
      recordingId: options.recordingId ?? newSid(world.random),
      callerAor: aor(facts.from),
      calleeAor: /^sips?:/i.test(facts.to) ? facts.to : aor(facts.to),
      startedAt: call.clock.now(),
    };
  }

  /** Resolves when the first server has both streams, or with why none has. */
  async start(): Promise<{ at: number } | Refusal> {
    const started = this.#seats.map((seat) => this.#seat(seat));
    const outcomes = await Promise.all(started);
    const up = outcomes.find((outcome) => !isRefusal(outcome));
    if (up) return up;
    await this.#scope.close('no recorder');
    return outcomes.find(isRefusal) ?? refuse('siprec-servers', 'there is no recording server to call');
  }

  async setPaused(paused: boolean): Promise<{ at: number } | Refusal> {
    const outcomes = await Promise.all(this.#sessions().map((session) => session.setPaused(paused)));
    const refusal = outcomes.find((outcome) => outcome !== undefined);
    if (outcomes.length === 0) return refuse('siprec-ended', 'no recorder is there any more');
    if (refusal && !outcomes.includes(undefined)) return refusal;
    this.#paused = paused;
    return { at: this.#call.clock.now() };
  }

  async stop(): Promise<{ at: number }> {
    this.onLost = () => {};
    await this.#scope.close('recording stopped');
    return { at: this.#call.clock.now() };
  }

  #sessions(): RecordingSession[] {
    return this.#seats.flatMap(({ session }) => session ?? []);
  }

  /** Tries the list's servers from where it stands. */
  async #seat(seat: Seat): Promise<{ at: number } | Refusal> {
    let refusal: Refusal = refuse('siprec-servers', 'there is no recording server to call');
    for (; seat.at < seat.servers.length && !this.#scope.closed; seat.at++) {
      const target = { uri: seat.servers[seat.at]!, headers: this.#options.headers };
      const session = new RecordingSession(this.#call, target, this.#recorded, this.#scope);
      const outcome = await session.start();
      if (!isRefusal(outcome)) {
        session.onLost = (reason) => void this.#lost(seat, reason);
        seat.session = session;
        this.#note('at-server', { server: target.uri });
        if (this.#paused) await session.setPaused(true);
        return outcome;
      }
      refusal = outcome;
      this.#failed(target.uri, outcome.reason);
    }
    return refusal;
  }

  /** A server is gone in the middle of it: the list's next one goes on. */
  async #lost(seat: Seat, reason: string): Promise<void> {
    this.#failed(seat.session?.uri ?? '', reason);
    seat.session = undefined;
    seat.at++;
    if (this.#scope.closed) return;
    const outcome = await this.#seat(seat);
    if (!isRefusal(outcome) || this.#sessions().length > 0) return;
    await this.#scope.close('no recorder');
    this.onLost(reason);
  }

  #failed(server: string, reason: string): void {
    this.#note('server-failed', { server, reason });
    if (!this.#call.ended) this.#call.alert('siprec-failed', reason);
  }

  #note(what: string, fields: Record<string, unknown>): void {
    this.#call.events.append('recording', { what, ...fields });
  }
}
