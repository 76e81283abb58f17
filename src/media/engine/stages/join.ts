// Join: where two pieces of audio do not meet (a file's loop, an underrun), the step between them dies away within a few ms.
import { saturate } from '../../../audio/index.ts';
import { joinBend, joinStep } from '../../limits.ts';
import { fadeSamples } from './fade.ts';

export class Join {
  readonly #samples: number;
  /** The newest samples: as many as are looked at on either side of a seam. Frames are longer. */
  readonly #tail: Int16Array;
  /** What is left of the step, and for how many samples. */
  #step = 0;
  #left = 0;
  #resting = true;

  constructor(sampleRate: number) {
    this.#samples = fadeSamples(sampleRate);
    this.#tail = new Int16Array(this.#samples);
  }

  /** True when a step is still dying away. */
  get busy(): boolean {
    return this.#left > 0;
  }

  /** `seam`: index of the first sample of a new piece, or -1. Pieces that meet are left alone. */
  process(frame: Int16Array, seam: number): void {
    if (seam >= 0) {
      if (this.#left > 0) this.#decay(frame, 0, seam);
      const step = this.#before(frame, seam, 1) - frame[seam]!;
      if (Math.abs(step) > joinStep && !this.#meets(frame, seam)) {
        this.#step = step;
        this.#left = this.#samples;
      }
    }
    if (this.#left > 0) this.#decay(frame, Math.max(0, seam), frame.length);
    this.#resting = false;
    const tail = this.#tail;
    const fresh = Math.min(tail.length, frame.length);
    if (fresh < tail.length) tail.copyWithin(0, fresh);
    for (let to = tail.length - fresh, from = frame.length - fresh; from < frame.length; ) tail[to++] = frame[from++]!;
  }

  /** Nothing sounds: the next piece starts from silence. */
  rest(): void {
    if (!this.#resting) this.#tail.fill(0);
    this.#resting = true;
  }

  /** The sample that stands `back` before the seam. */
  #before(frame: Int16Array, seam: number, back: number): number {
    return seam >= back ? frame[seam - back]! : this.#tail[this.#samples - (back - seam)]!;
  }

  /** The curve bends at the seam hardly more than beside it, as in a loop of whole periods: the step is its own slope. */
  #meets(frame: Int16Array, seam: number): boolean {
    let usual = 0;
    let a = this.#before(frame, seam, 1);
    let b = frame[seam]!;
    const bendBefore = Math.abs(this.#before(frame, seam, 2) - 2 * a + b);
    const bendAfter = seam + 1 < frame.length ? Math.abs(a - 2 * b + frame[seam + 1]!) : 0;
    for (let back = 1; back + 2 <= this.#samples; back++) {
      const bend = this.#before(frame, seam, back) - 2 * this.#before(frame, seam, back + 1);
      usual = Math.max(usual, Math.abs(bend + this.#before(frame, seam, back + 2)));
    }
    for (let i = seam; i + 2 < frame.length && i < seam + this.#samples; i++) {
      a = frame[i]!;
      b = frame[i + 1]!;
      usual = Math.max(usual, Math.abs(a - 2 * b + frame[i + 2]!));
    }
    return Math.max(bendBefore, bendAfter) <= joinBend * usual;
  }

  #decay(frame: Int16Array, from: number, to: number): void {
    const n = this.#samples;
    for (let i = from; i < to && this.#left > 0; i++, this.#left--) {
      frame[i] = saturate(frame[i]! + this.#step * (0.5 - 0.5 * Math.cos((Math.PI * this.#left) / n)));
    }
  }
}
