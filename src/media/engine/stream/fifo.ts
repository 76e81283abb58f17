// Fifo: samples on their way from a stream's server to the mouth. Takes bytes of any length; grows as needed, up to a limit.

/** Samples that a new fifo has room for: half a second at 8 kHz. */
const firstRoom = 4096;

export class Fifo {
  /** Samples that came when it was full. */
  dropped = 0;
  readonly #limit: number;
  #ring = new Int16Array(firstRoom);
  #from = 0;
  #size = 0;
  /** The first byte of a sample whose second has not come yet. */
  #odd = -1;

  constructor(limitSamples: number) {
    this.#limit = limitSamples;
  }

  get size(): number {
    return this.#size;
  }

  /** 16 bit little endian, in pieces of any length. What does not fit is dropped: what was said before it stays whole. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    let at = 0;
    const total = bytes.length + (this.#odd >= 0 ? 1 : 0);
    const taken = Math.min(total >> 1, this.#limit - this.#size);
    this.dropped += (total >> 1) - taken;
    this.#grow(this.#size + taken);
    const ring = this.#ring;
    const mask = ring.length - 1;
    let to = (this.#from + this.#size) & mask;
    for (let i = 0; i < taken; i++) {
      const low = this.#odd >= 0 ? this.#odd : bytes[at++]!;
      this.#odd = -1;
      ring[to] = low | (bytes[at++]! << 8);
      to = (to + 1) & mask;
    }
    this.#size += taken;
    this.#odd = (total & 1) === 1 ? bytes[bytes.length - 1]! : -1;
  }

  /** Writes up to `out.length` samples; returns how many there were. */
  shift(out: Int16Array): number {
    const n = Math.min(out.length, this.#size);
    const ring = this.#ring;
    const mask = ring.length - 1;
    for (let i = 0; i < n; i++) out[i] = ring[(this.#from + i) & mask]!;
    this.#from = (this.#from + n) & mask;
    this.#size -= n;
    return n;
  }

  /** Keeps the next `samples` only, fading to silence. */
  cut(samples: number): void {
    const kept = Math.min(samples, this.#size);
    this.#size = kept;
    this.#odd = -1;
    const mask = this.#ring.length - 1;
    for (let i = 0; i < kept; i++) {
      const at = (this.#from + i) & mask;
      this.#ring[at] = Math.round(this.#ring[at]! * (0.5 + 0.5 * Math.cos((Math.PI * (i + 1)) / (kept + 1))));
    }
  }

  #grow(samples: number): void {
    let room = this.#ring.length;
    if (samples <= room) return;
    while (room < samples) room *= 2;
    const larger = new Int16Array(room);
    const old = this.#size;
    this.shift(larger);
    this.#ring = larger;
    this.#from = 0;
    this.#size = old;
  }
}
