// Gain: decibels on a stream of frames, saturating, ramped so that a change makes no click.
import { saturate } from './sample.ts';

/** Amplitude factor of a gain in dB. */
export const gainFactor = (db: number): number => 10 ** (db / 20);

/** Mute: a gain that ends in true silence. */
export const MUTED_DB = Number.NEGATIVE_INFINITY;

/** A ramp of this length is no click at any rate, and still at once for the ear. */
const RAMP_MS = 5;

/** One stream's gain. Unity costs nothing; a change ramps over 5 ms. */
export class Gain {
  readonly #rampSamples: number;
  #factor = 1;
  #target = 1;
  #step = 0;
  #db = 0;

  constructor(sampleRate: number) {
    this.#rampSamples = Math.round((sampleRate * RAMP_MS) / 1000);
  }

  /** True when apply() would change nothing now. */
  get isUnity(): boolean {
    return this.#factor === 1 && this.#target === 1;
  }

  /** From the next frame on; `MUTED_DB` for silence. */
  set(db: number): void {
    if (db === this.#db) return;
    this.#db = db;
    this.#target = gainFactor(db);
    this.#step = (this.#target - this.#factor) / this.#rampSamples;
  }

  /** At once, without a ramp: for a stream that has not sounded yet. */
  jump(db: number): void {
    this.#db = db;
    this.#target = gainFactor(db);
    this.#factor = this.#target;
  }

  /** In place. */
  apply(pcm: Int16Array): void {
    if (this.isUnity) return;
    let i = 0;
    for (; i < pcm.length && this.#factor !== this.#target; i++) {
      this.#factor += this.#step;
      if (this.#step > 0 ? this.#factor > this.#target : this.#factor < this.#target) this.#factor = this.#target;
      pcm[i] = saturate(pcm[i]! * this.#factor);
    }
    const factor = this.#factor;
    if (factor === 1) return;
    if (factor === 0) {
      pcm.fill(0, i);
      return;
    }
    for (; i < pcm.length; i++) pcm[i] = saturate(pcm[i]! * factor);
  }
}
