// Side: one channel of a recording, at the recording's rate: frames as they come, until the other side has as much.
import { Resampler } from '../../../audio/index.ts';

export class Side {
  readonly #rate: number;
  #resampler: Resampler | undefined;
  #from = 0;
  #made = new Int16Array(0);
  #zeros = new Int16Array(0);
  /** Samples that wait, at the beginning. */
  #queue: Int16Array;
  #length = 0;
  /** Nothing has come for a while: what comes next belongs to now. */
  #lapsed = true;

  constructor(rate: number) {
    this.#rate = rate;
    this.#queue = new Int16Array(rate / 5);
  }

  /** Samples that wait. */
  get length(): number {
    return this.#length;
  }

  /** A frame of `samples` at rate `from`; undefined is silence. `other` is what waits on the other side, of which this frame is the newest. */
  add(frame: Int16Array | undefined, from: number, { samples, other }: { samples: number; other: number }): void {
    const pcm = this.#at(frame, from, samples);
    if (this.#lapsed) this.pad(other - pcm.length - this.#length);
    this.#lapsed = false;
    this.#room(pcm.length);
    this.#queue.set(pcm, this.#length);
    this.#length += pcm.length;
  }

  /** Silence behind what waits. */
  pad(samples: number): void {
    if (samples <= 0) return;
    this.#room(samples);
    this.#queue.fill(0, this.#length, this.#length + samples);
    this.#length += samples;
  }

  /** Nothing comes any more: silence, until it does. */
  lapse(samples: number): void {
    this.#lapsed = true;
    this.pad(samples - this.#length);
  }

  /** The oldest samples; reused by the next `add`. `drop` takes them away. */
  first(samples: number): Int16Array {
    return this.#queue.subarray(0, samples);
  }

  drop(samples: number): void {
    this.#queue.copyWithin(0, samples, this.#length);
    this.#length -= samples;
  }

  #at(frame: Int16Array | undefined, from: number, samples: number): Int16Array {
    if (this.#from !== from) {
      this.#from = from;
      this.#resampler = from === this.#rate ? undefined : new Resampler(from, this.#rate);
    }
    if (!frame && this.#zeros.length !== samples) this.#zeros = new Int16Array(samples);
    const source = frame ?? this.#zeros;
    if (!this.#resampler) return source;
    const most = this.#resampler.maxOutput(source.length);
    if (this.#made.length < most) this.#made = new Int16Array(most);
    return this.#made.subarray(0, this.#resampler.process(source, this.#made));
  }

  #room(samples: number): void {
    const needed = this.#length + samples;
    if (needed <= this.#queue.length) return;
    const larger = new Int16Array(2 * needed);
    larger.set(this.#queue.subarray(0, this.#length));
    this.#queue = larger;
  }
}
