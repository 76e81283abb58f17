// Clip: one piece of decoded audio, shared by all who play it, which may still be growing while it is played.

/** Mono PCM at one rate. `length` samples are there; no more will come once `complete`. */
export class Clip {
  readonly sampleRate: number;
  /** Passes over it that count as one (tone_stream's own loops); Infinity for ever. */
  readonly repeat: number;
  #pcm: Int16Array;
  #length = 0;
  #complete = false;
  /** Silence of this many samples has no PCM. */
  readonly #silent: boolean;

  private constructor(
    sampleRate: number,
    pcm: Int16Array,
    options: { length: number; complete: boolean; silent: boolean; repeat: number },
  ) {
    this.sampleRate = sampleRate;
    this.#pcm = pcm;
    this.#length = options.length;
    this.#complete = options.complete;
    this.#silent = options.silent;
    this.repeat = options.repeat;
  }

  static of(pcm: Int16Array, sampleRate: number, repeat = 1): Clip {
    return new Clip(sampleRate, pcm, { length: pcm.length, complete: true, silent: false, repeat });
  }

  static silence(samples: number, sampleRate: number, repeat = 1): Clip {
    return new Clip(sampleRate, empty, { length: samples, complete: true, silent: true, repeat });
  }

  /** Empty, to be filled with `append` and ended with `finish`. */
  static growing(sampleRate: number): Clip {
    return new Clip(sampleRate, new Int16Array(sampleRate), { length: 0, complete: false, silent: false, repeat: 1 });
  }

  get length(): number {
    return this.#length;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Bytes of memory held. */
  get bytes(): number {
    return this.#pcm.byteLength;
  }

  append(pcm: Int16Array): void {
    const needed = this.#length + pcm.length;
    if (needed > this.#pcm.length) this.#resize(Math.max(needed, this.#pcm.length * 2));
    this.#pcm.set(pcm, this.#length);
    this.#length = needed;
  }

  finish(): void {
    this.#complete = true;
    if (this.#pcm.length > this.#length) this.#resize(this.#length);
  }

  /** Copies samples [at, at + count) that are there to `out`. */
  copy(at: number, count: number, out: Int16Array, to: number): void {
    if (this.#silent) {
      out.fill(0, to, to + count);
      return;
    }
    const pcm = this.#pcm;
    // Frames are short: a loop beats making a view for set().
    for (let i = 0; i < count; i++) out[to + i] = pcm[at + i]!;
  }

  #resize(samples: number): void {
    const larger = new Int16Array(samples);
    larger.set(this.#pcm.subarray(0, this.#length));
    this.#pcm = larger;
  }
}

const empty = new Int16Array(0);
