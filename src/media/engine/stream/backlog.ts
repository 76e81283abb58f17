// Backlog: audio that a server has not taken yet. Bounded: the oldest gives way.

export class Backlog {
  /** Bytes that gave way. */
  dropped = 0;
  readonly #limit: number;
  /** Made when first needed: most servers keep up. */
  #ring: Uint8Array | undefined;
  #from = 0;
  #size = 0;

  /** `limit` bytes, a whole number of samples of all channels. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  push(bytes: Uint8Array): void {
    this.#ring ??= new Uint8Array(this.#limit);
    const ring = this.#ring;
    const excess = this.#size + bytes.length - this.#limit;
    if (excess > 0) this.#drop(Math.min(excess, this.#size));
    const kept = bytes.length > this.#limit ? bytes.subarray(bytes.length - this.#limit) : bytes;
    this.dropped += bytes.length - kept.length;
    const at = (this.#from + this.#size) % this.#limit;
    const first = Math.min(kept.length, this.#limit - at);
    ring.set(kept.subarray(0, first), at);
    ring.set(kept.subarray(first), 0);
    this.#size += kept.length;
  }

  /** The oldest bytes, at most `most`, until the next push; taken off. */
  shift(most: number): Uint8Array {
    const n = Math.min(most, this.#size, this.#limit - this.#from);
    const piece = this.#ring?.subarray(this.#from, this.#from + n) ?? new Uint8Array(0);
    this.#from = (this.#from + n) % this.#limit;
    this.#size -= n;
    return piece;
  }

  #drop(bytes: number): void {
    this.#from = (this.#from + bytes) % this.#limit;
    this.#size -= bytes;
    this.dropped += bytes;
  }
}
