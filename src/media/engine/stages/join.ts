// Join: where two pieces of audio do not meet (a file's loop, an underrun), the step between them dies away within a few ms.
import { saturate } from '../../../audio/index.ts';
import { joinStep } from '../../limits.ts';
import { fadeSamples } from './fade.ts';

export class Join {
  readonly #samples: number;
  #last = 0;
  /** What is left of the step, and for how many samples. */
  #step = 0;
  #left = 0;

  constructor(sampleRate: number) {
    this.#samples = fadeSamples(sampleRate);
  }

  /** True when a step is still dying away. */
  get busy(): boolean {
    return this.#left > 0;
  }

  /** `seam`: index of the first sample of a new piece, or -1. Steps up to `joinStep` are left alone. */
  process(frame: Int16Array, seam: number): void {
    if (seam >= 0) {
      if (this.#left > 0) this.#decay(frame, 0, seam);
      const before = seam > 0 ? frame[seam - 1]! : this.#last;
      const step = before - frame[seam]!;
      if (Math.abs(step) > joinStep) {
        this.#step = step;
        this.#left = this.#samples;
      }
    }
    if (this.#left > 0) this.#decay(frame, Math.max(0, seam), frame.length);
    this.#last = frame[frame.length - 1]!;
  }

  /** Nothing sounds: the next piece starts from silence. */
  rest(): void {
    this.#last = 0;
  }

  #decay(frame: Int16Array, from: number, to: number): void {
    const n = this.#samples;
    for (let i = from; i < to && this.#left > 0; i++, this.#left--) {
      frame[i] = saturate(frame[i]! + this.#step * (0.5 - 0.5 * Math.cos((Math.PI * this.#left) / n)));
    }
  }
}
