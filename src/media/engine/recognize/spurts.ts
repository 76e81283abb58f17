// Spurts: when somebody spoke in the audio that a recognizer was given, to tell how long its results took (verbs.md 1.9).
import { power } from '../../../audio/index.ts';
import { maxSpurts } from '../../limits.ts';
import type { HeardAudio } from '../../tap-types.ts';

/** Mean square above which somebody speaks: -45 dBov. */
const loud = 184 ** 2;
export const isLoud = (frame: Int16Array): boolean => power(frame) >= loud;
/** A pause up to this is within a spurt: a stop consonant, not the end of a sentence. */
const joinMs = 300;

export class Spurts {
  #heardMs = 0;
  readonly #spurts: { startMs: number; endMs: number }[] = [];

  add(frame: Int16Array, sampleRate: number): void {
    const from = this.#heardMs;
    this.#heardMs += (frame.length * 1000) / sampleRate;
    if (!isLoud(frame)) return;
    const last = this.#spurts.at(-1);
    if (last && from - last.endMs <= joinMs) {
      last.endMs = this.#heardMs;
      return;
    }
    this.#spurts.push({ startMs: from, endMs: this.#heardMs });
    if (this.#spurts.length > maxSpurts) this.#spurts.shift();
  }

  get heard(): HeardAudio {
    return { heardMs: this.#heardMs, spurts: this.#spurts.map((spurt) => ({ ...spurt })) };
  }
}
