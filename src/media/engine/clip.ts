// Clip: one piece of decoded audio, shared by all who play it, which may still be growing while it is played.
import { clipBlockSamples } from '../limits.ts';

/** Mono PCM at one rate. `length` samples are there; no more will come once `complete`. */
export class Clip {
  readonly sampleRate: number;
  /** Passes over it that count as one (tone_stream's own loops); Infinity for ever. */
  readonly repeat: number;
  /** All of `#blockSamples`, but the last. None for silence. Blocks and not one array: growing would copy it all, which takes long. */
  readonly #blocks: Int16Array[];
  readonly #blockSamples: number;
  #length: number;
  #complete: boolean;

  private constructor(
    sampleRate: number,
    options: { blocks: Int16Array[]; blockSamples: number; length: number; complete: boolean; repeat: number },
  ) {
    this.sampleRate = sampleRate;
    this.repeat = options.repeat;
    this.#blocks = options.blocks;
    this.#blockSamples = options.blockSamples;
    this.#length = options.length;
    this.#complete = options.complete;
  }

  static of(pcm: Int16Array, sampleRate: number, repeat = 1): Clip {
    const { length } = pcm;
    return new Clip(sampleRate, { blocks: [pcm], blockSamples: Math.max(1, length), length, complete: true, repeat });
  }

  static silence(samples: number, sampleRate: number, repeat = 1): Clip {
    return new Clip(sampleRate, { blocks: [], blockSamples: 1, length: samples, complete: true, repeat });
  }

  /** Empty, to be filled with `append` and ended with `finish`. */
  static growing(sampleRate: number): Clip {
    const empty = { blocks: [], blockSamples: clipBlockSamples, length: 0, complete: false };
    return new Clip(sampleRate, { ...empty, repeat: 1 });
  }

  get length(): number {
    return this.#length;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** Bytes of memory held. */
  get bytes(): number {
    const last = this.#blocks.at(-1);
    return last ? 2 * (this.#blocks.length - 1) * this.#blockSamples + last.byteLength : 0;
  }

  append(pcm: Int16Array): void {
    for (let at = 0; at < pcm.length; ) {
      const used = this.#length % this.#blockSamples;
      if (used === 0) this.#blocks.push(new Int16Array(this.#blockSamples));
      const part = pcm.subarray(at, at + this.#blockSamples - used);
      this.#blocks.at(-1)!.set(part, used);
      this.#length += part.length;
      at += part.length;
    }
  }

  finish(): void {
    this.#complete = true;
    const used = this.#length % this.#blockSamples;
    if (used > 0) this.#blocks.push(this.#blocks.pop()!.slice(0, used));
  }

  /** Copies samples [at, at + count) that are there to `out`. */
  copy(at: number, count: number, out: Int16Array, to: number): void {
    const end = to + count;
    if (this.#blocks.length === 0) {
      out.fill(0, to, end);
      return;
    }
    let block = Math.floor(at / this.#blockSamples);
    let from = at - block * this.#blockSamples;
    for (let i = to; i < end; from = 0) {
      const pcm = this.#blocks[block++]!;
      const stop = Math.min(end, i + pcm.length - from);
      // Frames are short: a loop beats making a view for set().
      while (i < stop) out[i++] = pcm[from++]!;
    }
  }
}
