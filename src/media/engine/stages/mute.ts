// Mute: the ear becomes silence for whoever listens; frames go on.
import { Gain, MUTED_DB } from '../../../audio/index.ts';
import type { Stage } from './types.ts';

export class Mute implements Stage {
  readonly #gain: Gain;
  #muted: boolean;

  constructor(sampleRate: number, muted: boolean) {
    this.#gain = new Gain(sampleRate);
    this.#muted = muted;
    if (muted) this.#gain.jump(MUTED_DB);
  }

  set(muted: boolean): void {
    this.#muted = muted;
    this.#gain.set(muted ? MUTED_DB : 0);
  }

  /** Nothing is changed. */
  get open(): boolean {
    return this.#gain.isUnity;
  }

  describe(): string {
    return this.#muted ? 'mute' : '';
  }

  process(frame: Int16Array): void {
    this.#gain.apply(frame);
  }
}
