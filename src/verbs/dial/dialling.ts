// One dial, from its first INVITE to its action hook (verbs.md 5.3 to 5.6).
import { isRefusal } from '../../base/index.ts';
import { Bridge, type Call, type VerbRun } from '../../calls/index.ts';
import { headerText } from '../headers.ts';
import { addFeatures } from './features.ts';
import type { DialOptions } from './options.ts';
import { Race } from './race.ts';
import { Waiting } from './waiting.ts';

export class Dialling {
  readonly #options: DialOptions;
  readonly #run: VerbRun;
  readonly #waiting: Waiting;
  readonly #race: Race;
  /** The leg that talks, or talked. */
  #selected: Call | undefined;
  #bridge: Bridge | undefined;
  /** The selected leg goes on without us. */
  #released = false;
  /** The bridge over which the caller hears the far end before it answers. */
  #early: Promise<Bridge | undefined> | undefined;
  /** Ends the talk; the action hook follows. */
  readonly #over = Promise.withResolvers<void>();

  constructor(options: DialOptions, run: VerbRun) {
    this.#options = options;
    this.#run = run;
    this.#waiting = new Waiting(run, options.dialMusic);
    this.#race = new Race(options, run, {
      onRinging: (withMedia) => !(withMedia && this.#hearsEarly) && this.#waiting.ringing(),
      onEarlyMedia: (leg) => this.#earlyMedia(leg),
      onConfirming: () => void this.#earlyOver(),
    });
  }

  async done(): Promise<void> {
    const { call, scope } = this.#run;
    scope.defer(() => {
      this.#hangUp();
      this.#over.resolve();
    });
    call.parts.put(
      'dial',
      {
        selected: () => (this.#bridge && !this.#bridge.closed && !this.#released ? this.#selected : undefined),
        finish: () => this.#finish(),
        release: () => this.#release(),
      },
      scope,
    );
    void this.#waiting.start();
    this.#race.start();
    const winner = await this.#race.winner;
    const joined = winner === undefined ? false : await this.#talk(winner);
    this.#waiting.end();
    await this.#report(winner, joined);
  }

  /** verbs.md 5.4: the winner is bridged; ends when the talk does. False when the two could not be joined. */
  async #talk(leg: Call): Promise<boolean> {
    const { call, scope } = this.#run;
    this.#selected = leg;
    void leg.over.then(() => this.#over.resolve());
    const refusal = await call.leg.ensureMedia(false, scope.signal);
    this.#waiting.end();
    const early = await this.#early;
    const bridge = refusal ?? (early && !early.closed ? early : await Bridge.join({ owner: call, other: leg, scope }));
    if (scope.closed || leg.ended) {
      // The caller may have gone in the moment in which the leg won.
      this.#hangUp();
      return true;
    }
    if (isRefusal(bridge)) {
      call.events.append('error', { what: 'the legs could not be joined', reason: bridge.reason });
      this.#hangUp(bridge.reason);
      return false;
    }
    this.#bridge = bridge;
    const features = scope.child('dial features');
    addFeatures(this.#options, { run: this.#run, leg, bridge, scope: features, release: () => this.#release() });
    this.#limit(features);
    await this.#over.promise;
    await features.close('the talk is over');
    await bridge.close('the talk is over');
    this.#hangUp();
    return true;
  }

  #limit(scope: VerbRun['scope']): void {
    const { timeLimit } = this.#options;
    if (timeLimit === undefined) return;
    const timer = this.#run.call.clock.after(timeLimit * 1000, () => this.#finish('Max Call Duration'));
    scope.defer(() => timer.cancel());
  }

  /** A single leg's own sound goes to the caller, unless there is music (verbs.md 5.3). Of several it means: it rings. */
  #earlyMedia(leg: Call): void {
    if (!this.#hearsEarly || this.#early) return;
    this.#early = this.#joinEarly(leg);
    // Who waits for it hears of a bug; when nobody does, it is none.
    this.#early.catch(() => {});
  }

  get #hearsEarly(): boolean {
    const { target, dialMusic } = this.#options;
    return target.length === 1 && dialMusic === undefined;
  }

  async #joinEarly(leg: Call): Promise<Bridge | undefined> {
    const { call, scope } = this.#run;
    const refusal = await call.leg.ensureMedia(true, scope.signal);
    // Who cannot hear it hears at least that it rings.
    if (refusal) this.#waiting.ringing();
    if (refusal || scope.closed || leg.ended || !call.leg.hasMedia) return undefined;
    this.#waiting.stop();
    const bridge = await Bridge.join({ owner: call, other: leg, scope });
    if (!isRefusal(bridge)) return bridge;
    this.#waiting.again();
    return undefined;
  }

  async #earlyOver(): Promise<void> {
    const bridge = await this.#early?.catch(() => undefined);
    this.#early = undefined;
    await bridge?.close('it is asked whether it takes the call');
    this.#waiting.again();
  }

  /** The verb comes to its end as if the far end had hung up: its action hook decides what follows. */
  #finish(reason?: string): void {
    this.#hangUp(reason);
    this.#over.resolve();
    this.#race.end();
  }

  #release(): Call | undefined {
    const leg = this.#selected;
    if (!leg || leg.ended || this.#released || !this.#bridge) return undefined;
    this.#released = true;
    // At once: both legs may be wanted by what they run next.
    void this.#bridge.close('the leg goes on alone');
    this.#over.resolve();
    return leg;
  }

  #hangUp(reason?: string): void {
    const leg = this.#selected;
    if (!leg || this.#released) return;
    const headers = { ...forwarded(this.#run.call), ...headerText(this.#options.hangupHeaders) };
    leg.turn('dial over', () => leg.hangup(reason, headers));
  }

  async #report(winner: Call | undefined, joined: boolean): Promise<void> {
    const leg = winner ?? this.#race.last ?? this.#race.legs.at(-1);
    const failed = { callStatus: 'failed', sipStatus: 503 };
    const { callStatus, sipStatus } = joined
      ? { callStatus: 'completed', sipStatus: 200 }
      : winner
        ? failed
        : (leg?.facts ?? failed);
    await this.#run.hook(this.#options.actionHook, {
      dialCallStatus: callStatus,
      dialStatus: callStatus,
      dialSipStatus: sipStatus,
      ...(leg && { dialCallSid: leg.sid, dialSbcCallid: leg.facts.callId }),
    });
  }
}

/** The caller's own headers on its BYE go on to the leg it talked to (sip-edge.md ID-1). */
function forwarded({ facts }: Call): Record<string, string> {
  return Object.fromEntries(Object.entries(facts.headers ?? {}).filter(([name]) => /^x-/i.test(name)));
}
