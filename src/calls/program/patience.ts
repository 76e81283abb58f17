// Patience: what the far end hears while the application thinks: filler noise, and say or play of actionHookDelayAction (verbs.md 9.3).
import { isRefusal, type Scope, type Timer } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { type Playing, playPlan } from '../sound/playing.ts';
import type { Step } from '../types.ts';

/** Times are seconds. Active unless `enabled` or `enable` says otherwise. */
export interface DelayActionInput {
  enabled?: boolean;
  enable?: boolean;
  noResponseTimeout?: number;
  retries?: number;
  actions?: unknown[];
  noResponseGiveUpTimeout?: number;
  giveUpActions?: unknown[];
}

export interface FillerNoiseInput {
  enable?: boolean;
  url?: string;
  startDelaySecs?: number;
}

interface Means {
  delay: DelayActionInput | undefined;
  filler: FillerNoiseInput | undefined;
}

export class Patience {
  readonly #call: Call;
  #session: Means = { delay: undefined, filler: undefined };
  #waiting: Waiting | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  /** config: for every wait from the next one on; what is absent stays as it is. */
  configure(means: { delay?: DelayActionInput | undefined; filler?: FillerNoiseInput | undefined }): void {
    if (means.delay) this.#session = { ...this.#session, delay: means.delay };
    if (means.filler) this.#session = { ...this.#session, filler: means.filler };
  }

  /** The application was asked, or has no verbs left. What a verb has of its own counts before config. Nothing when it waits already. */
  begin(own: Partial<Means> = {}): void {
    const call = this.#call;
    if (this.#waiting || call.leg.ended || !call.leg.hasMedia) return;
    const delay = own.delay ?? this.#session.delay;
    const filler = own.filler ? { ...this.#session.filler, ...own.filler } : this.#session.filler;
    if (!(delay && isOn(delay)) && !filler?.enable) return;
    const waiting = new Waiting(call, { delay, filler }, call.leg.scope.child('patience'));
    this.#waiting = waiting;
    waiting.scope.defer(() => {
      if (this.#waiting === waiting) this.#waiting = undefined;
    });
  }

  /** New verbs are here. A play is cut; a say is heard to its end, for which the promise waits. */
  end(): Promise<void> | undefined {
    return this.#waiting?.end();
  }
}

const isOn = ({ enabled, enable }: DelayActionInput): boolean => (enabled ?? enable ?? true) === true;

/** One wait. */
class Waiting {
  readonly scope: Scope;
  readonly #call: Call;
  readonly #delay: DelayActionInput | undefined;
  readonly #actions: Step[];
  readonly #filler: FillerNoiseInput | undefined;
  readonly #timers: Timer[] = [];
  #noise: Playing | undefined;
  /** The filler's time has come. */
  #noisy = false;
  #action: { step: Step; playing: Playing } | undefined;
  #played = 0;
  #over = false;

  constructor(call: Call, { delay, filler }: Means, scope: Scope) {
    this.#call = call;
    this.scope = scope;
    this.#delay = delay && isOn(delay) ? delay : undefined;
    this.#filler = filler?.enable ? filler : undefined;
    const actions = call.world.parse(this.#delay?.actions ?? []);
    this.#actions = isRefusal(actions) ? [] : actions;
    scope.defer(() => this.#close());
    const { noResponseTimeout, noResponseGiveUpTimeout } = this.#delay ?? {};
    if (noResponseTimeout !== undefined && this.#actions.length > 0)
      this.#after(noResponseTimeout, () => void this.#act());
    if (noResponseGiveUpTimeout) this.#after(noResponseGiveUpTimeout, () => this.#giveUp());
    if (this.#filler) this.#after(this.#filler.startDelaySecs ?? 0, () => this.#makeNoise());
  }

  async end(): Promise<void> {
    const action = this.#action;
    this.#stopWaiting();
    if (action?.step.name === 'say') await action.playing.done;
    await this.scope.close('verbs are here');
  }

  #after(seconds: number, fn: () => void): void {
    const { clock } = this.#call;
    this.#timers.push(clock.after(seconds * 1000, () => this.#call.turn('patience', () => this.#over || fn())));
  }

  #makeNoise(): void {
    this.#noisy = true;
    const { url } = this.#filler ?? {};
    if (url === undefined || this.#action) return;
    const plan = { sources: [{ kind: 'url' as const, url }], loop: Number.POSITIVE_INFINITY };
    this.#noise = playPlan(this.#call, plan, { layer: 'prompt' });
  }

  /** The next action, in turn; `retries` of them in all, each so long after the one before it has ended. */
  async #act(): Promise<void> {
    const step = this.#actions[this.#played++ % this.#actions.length]!;
    const plan = await step.audio?.(this.#call);
    if (this.#over) return;
    if (plan && !isRefusal(plan)) {
      const playing = playPlan(this.#call, plan, { layer: 'prompt' });
      if (!playing) return;
      this.#action = { step, playing };
      this.#noise = undefined;
      await playing.done;
      this.#action = undefined;
    }
    if (this.#over) return;
    if (this.#noisy) this.#makeNoise();
    const { noResponseTimeout = 0, retries = 1 } = this.#delay ?? {};
    if (this.#played < Math.max(1, retries)) this.#after(noResponseTimeout, () => void this.#act());
  }

  #giveUp(): void {
    const call = this.#call;
    const text = `the application gave no verbs within ${this.#delay?.noResponseGiveUpTimeout} s`;
    const steps = call.world.parse(this.#delay?.giveUpActions ?? []);
    this.#stopWaiting();
    if (!isRefusal(steps) && steps.length > 0) return call.run(steps);
    call.alert('bot-action-delay-giveup', text);
    call.hangup('bot-action-delay-giveup');
  }

  #stopWaiting(): void {
    this.#over = true;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#noise?.stop();
    if (this.#action?.step.name !== 'say') this.#action?.playing.stop();
  }

  #close(): void {
    this.#stopWaiting();
    this.#action?.playing.stop();
  }
}
