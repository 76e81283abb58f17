// Hold music: while the far end of one leg of a bridge holds the call, the other leg hears config.onHoldMusic.
import type { Call } from '../call.ts';
import { type Playing, playPlan } from '../sound/playing.ts';

export class HoldMusic {
  readonly #held: Call;
  #playing: Playing | undefined;

  /** `held` is the leg whose far end holds. */
  constructor(held: Call) {
    this.#held = held;
  }

  /** The far end holds, somebody is there to hear, and nobody else says what (a dial's onHoldHook). */
  get wanted(): boolean {
    return this.#url !== undefined;
  }

  /** Begins or stops it, whatever is right now: the far end held or resumed, or a bridge was made. */
  update(): void {
    const url = this.#url;
    const bridge = this.#held.parts.get('bridge');
    if (!bridge || url === undefined) return this.#stop();
    if (this.#playing) return;
    const plan = { sources: [{ kind: 'url' as const, url }], loop: Number.POSITIVE_INFINITY };
    const playing = playPlan(bridge.other, plan, { layer: 'prompt' });
    this.#playing = playing;
    void bridge.over.then(() => playing === this.#playing && this.#stop());
    void playing?.done.then(() => {
      if (playing === this.#playing) this.#playing = undefined;
    });
  }

  get #url(): string | undefined {
    const call = this.#held;
    const bridge = call.parts.get('bridge');
    if (!bridge || !call.leg.offers.held || call.parts.get('hold')) return undefined;
    return musicOf(call) ?? musicOf(bridge.other);
  }

  #stop(): void {
    this.#playing?.stop();
    this.#playing = undefined;
  }
}

/** What the application of a leg has configured. */
const musicOf = (call: Call): string | undefined => (call.parent ?? call).inDialog.holdMusic;
