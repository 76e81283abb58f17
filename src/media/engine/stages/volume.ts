// Volume: the gain on what the far end hears, saturating, ramped.
import { Gain } from '../../../audio/index.ts';
import type { Stage } from './types.ts';

export class Volume implements Stage {
  readonly #gain: Gain;
  #db = 0;

  constructor(sampleRate: number, db: number) {
    this.#gain = new Gain(sampleRate);
    this.#db = db;
    this.#gain.jump(db);
  }

  set(db: number): void {
    this.#db = db;
    this.#gain.set(db);
  }

  /** Nothing is changed. */
  get even(): boolean {
    return this.#gain.isUnity;
  }

  describe(): string {
    return this.#db === 0 ? '' : `volume ${this.#db} dB`;
  }

  process(frame: Int16Array): void {
    this.#gain.apply(frame);
  }
}
