// Lane: one side's samples on their way out of a tap, until the other side's of the same moment are there.

import { streamLeadLooks } from '../../limits.ts';
import { crossfade } from '../stages/fade.ts';

export class StreamLane {
  #samples: Int16Array;
  #size = 0;
  /** Samples of silence that stood in for this side; what comes late makes up for them. */
  #owed = 0;
  /** The least that was left of late, and after how many looks; what was left all the time before. */
  #least = Number.POSITIVE_INFINITY;
  #looks = 0;
  #standing = 0;

  /** `room` samples: what one side may be ahead by, and one frame. */
  constructor(room: number) {
    this.#samples = new Int16Array(room);
  }

  get size(): number {
    return this.#size;
  }

  /** `frame` undefined: so many samples of silence. Unless the other side waits for them, they pay back what is owed. */
  push(frame: Int16Array | undefined, samples: number, otherWaits: boolean): void {
    if (this.#owed >= samples && this.#size > 0 && !otherWaits) {
      this.#owed -= samples;
      return;
    }
    const fits = Math.min(samples, this.#samples.length - this.#size);
    if (!frame) this.#samples.fill(0, this.#size, this.#size + fits);
    else for (let i = 0; i < fits; i++) this.#samples[this.#size + i] = frame[i]!;
    this.#size += fits;
  }

  /** Silence instead of what has not come. */
  pad(samples: number): void {
    this.#owed += samples;
    this.push(undefined, samples, true);
  }

  /** The other side's have been taken together with ours: what is left every time waits for nothing. */
  look(): void {
    this.#least = Math.min(this.#least, this.#size);
    if (++this.#looks < streamLeadLooks) return;
    this.#standing = this.#least;
    this.#least = Number.POSITIVE_INFINITY;
    this.#looks = 0;
  }

  /** When a frame stands, the next two become one that leads from the first into the second. */
  settle(frame: number): void {
    if (this.#standing < frame || this.#size < 2 * frame) return;
    this.#standing -= frame;
    crossfade(this.#samples.subarray(frame, 2 * frame), this.#samples.subarray(0, frame));
    this.shift(frame);
  }

  /** The next so many samples; good until `shift`. */
  peek(samples: number): Int16Array {
    return this.#samples.subarray(0, samples);
  }

  shift(samples: number): void {
    if (samples < this.#size) this.#samples.copyWithin(0, samples, this.#size);
    this.#size -= samples;
  }
}
