// In-band DTMF detector: Goertzel filters over 12.75 ms blocks with level, twist and purity checks (ITU-T Q.24).
import { dtmfLayout } from './tones.ts';

export interface DetectedDigit {
  digit: string;
  /** How long the tone lasted, to about 13 ms. */
  durationMs: number;
}

/** 102 samples at 8 kHz: bins of 78 Hz, centred well enough on all eight tones, and two whole blocks in any 40 ms tone. */
const BLOCK_MS = 12.75;
/** Least power of a whole block, mean square of samples: about -36 dBm0 for the pair. */
const LEAST_POWER = 32_768 ** 2 * 10 ** (-42 / 10);
/** The low tone may be 8 dB stronger (we allow a little more for noise), the high tone 4 dB. */
const NORMAL_TWIST = 10 ** (9 / 10);
const REVERSE_TWIST = 10 ** (6 / 10);
/** How much the winner of a group must exceed the others of its group. */
const GROUP_LEAD = 10 ** (7 / 10);
/** Part of the block's power that the two tones must hold. Speech, with its harmonics, has less. */
const LEAST_PURITY = 0.72;
/** Equal blocks that make a digit, and blocks without it that end it. */
const BLOCKS_TO_START = 2;
const BLOCKS_TO_END = 2;

export class DtmfDetector {
  /** Called once per digit, when it has ended. */
  onDigit: (digit: DetectedDigit) => void = () => {};
  /** Called once per digit, as soon as it is certain (about 26 ms into the tone). */
  onStart: (digit: string) => void = () => {};
  readonly #blockSamples: number;
  readonly #coefficients: Float64Array;
  readonly #s1 = new Float64Array(8);
  readonly #s2 = new Float64Array(8);
  #sum = 0;
  #filled = 0;
  #candidate = '';
  #candidateBlocks = 0;
  #active = '';
  #activeBlocks = 0;
  #misses = 0;

  constructor(sampleRate: number) {
    this.#blockSamples = Math.round((sampleRate * BLOCK_MS) / 1000);
    this.#coefficients = Float64Array.from(
      [...dtmfLayout.rows, ...dtmfLayout.columns],
      (hz) => 2 * Math.cos((2 * Math.PI * hz) / sampleRate),
    );
  }

  /** Listens to a frame of any length. */
  process(pcm: Int16Array): void {
    let at = 0;
    while (at < pcm.length) {
      const n = Math.min(pcm.length - at, this.#blockSamples - this.#filled);
      this.#accumulate(pcm, at, n);
      at += n;
      this.#filled += n;
      if (this.#filled === this.#blockSamples) this.#finishBlock();
    }
  }

  /** The audio has ended: reports a digit that was still sounding. */
  end(): void {
    if (this.#active) this.#report();
    this.#candidate = '';
    this.#candidateBlocks = 0;
  }

  #accumulate(pcm: Int16Array, from: number, n: number): void {
    let sum = this.#sum;
    for (let i = from; i < from + n; i++) sum += pcm[i]! * pcm[i]!;
    this.#sum = sum;
    for (let k = 0; k < 8; k++) {
      const c = this.#coefficients[k]!;
      let s1 = this.#s1[k]!;
      let s2 = this.#s2[k]!;
      for (let i = from; i < from + n; i++) {
        const s = pcm[i]! + c * s1 - s2;
        s2 = s1;
        s1 = s;
      }
      this.#s1[k] = s1;
      this.#s2[k] = s2;
    }
  }

  #finishBlock(): void {
    const digit = this.#classify();
    this.#s1.fill(0);
    this.#s2.fill(0);
    this.#sum = 0;
    this.#filled = 0;
    this.#step(digit);
  }

  /** The digit this block shows, or ''. */
  #classify(): string {
    const n = this.#blockSamples;
    if (this.#sum < LEAST_POWER * n) return '';
    const row = this.#strongest(0);
    const column = this.#strongest(4);
    if (row < 0 || column < 0) return '';
    const low = this.#power(row);
    const high = this.#power(4 + column);
    if (low > high * NORMAL_TWIST || high > low * REVERSE_TWIST) return '';
    // A sine of amplitude A gives (A n / 2)^2 in its bin and A^2 n / 2 in the sum.
    if (low + high < (LEAST_PURITY * this.#sum * n) / 2) return '';
    return dtmfLayout.keys[row]![column]!;
  }

  /** Index of the group's strongest tone when it stands out, else -1. */
  #strongest(group: number): number {
    let best = 0;
    for (let k = 1; k < 4; k++) if (this.#power(group + k) > this.#power(group + best)) best = k;
    const needed = this.#power(group + best) / GROUP_LEAD;
    for (let k = 0; k < 4; k++) if (k !== best && this.#power(group + k) > needed) return -1;
    return best;
  }

  #power(k: number): number {
    const s1 = this.#s1[k]!;
    const s2 = this.#s2[k]!;
    return s1 * s1 + s2 * s2 - this.#coefficients[k]! * s1 * s2;
  }

  #step(digit: string): void {
    this.#candidateBlocks = digit !== '' && digit === this.#candidate ? this.#candidateBlocks + 1 : 1;
    this.#candidate = digit;
    if (this.#active) {
      this.#activeBlocks++;
      this.#misses = digit === this.#active ? 0 : this.#misses + 1;
      if (this.#misses < BLOCKS_TO_END) return;
      this.#activeBlocks -= this.#misses;
      this.#report();
    }
    if (digit === '' || this.#candidateBlocks < BLOCKS_TO_START) return;
    this.#active = digit;
    this.#activeBlocks = this.#candidateBlocks;
    this.#misses = 0;
    this.onStart(digit);
  }

  #report(): void {
    const digit = this.#active;
    this.#active = '';
    // The tone filled these blocks and, on average, half of the blocks at its two ends.
    this.onDigit({ digit, durationMs: Math.round((this.#activeBlocks + 1) * BLOCK_MS) });
  }
}
