// A port's noise suppression: of what its far end says (the ear's), of what that hears (the mouth's). Loaded when it is first asked for.
import { loadNoiseSuppression, type NoiseSuppression } from '../../audio/index.ts';
import { type Clock, Fault } from '../../base/index.ts';
import type { IsolationState } from '../channel.ts';
import type { Isolating } from './isolating.ts';

export class Isolations {
  readonly #sides: Record<keyof IsolationState, Isolating>;
  readonly #clock: Clock;
  #asked = 0;
  #closed = false;

  constructor(sides: Record<keyof IsolationState, Isolating>, clock: Clock) {
    this.#sides = sides;
    this.#clock = clock;
  }

  /** Rejects with a Fault when it cannot be loaded. What was asked for last counts. */
  async set(state: IsolationState): Promise<void> {
    const asked = ++this.#asked;
    const wanted = state.read !== undefined || state.write !== undefined;
    const suppression = wanted ? await this.#load() : undefined;
    if (asked !== this.#asked || this.#closed) return;
    for (const side of ['read', 'write'] as const) {
      const level = state[side];
      this.#sides[side].set(level === undefined || !suppression ? undefined : { level, suppression });
    }
  }

  close(): void {
    this.#closed = true;
    this.#sides.read.close();
    this.#sides.write.close();
  }

  async #load(): Promise<NoiseSuppression> {
    try {
      return await loadNoiseSuppression(this.#clock);
    } catch (cause) {
      throw new Fault('isolation-unavailable', 'the noise suppression cannot be loaded', { cause });
    }
  }
}
