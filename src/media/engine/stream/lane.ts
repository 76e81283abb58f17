// Lane: one side's samples on their way to a stream, until the other side's of the same moment are there.

export class StreamLane {
  #samples: Int16Array;
  #size = 0;
  /** Samples of silence that stood in for this side; what comes late makes up for them. */
  #owed = 0;

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

  /** The next so many samples; good until `shift`. */
  peek(samples: number): Int16Array {
    return this.#samples.subarray(0, samples);
  }

  shift(samples: number): void {
    if (samples < this.#size) this.#samples.copyWithin(0, samples, this.#size);
    this.#size -= samples;
  }
}
