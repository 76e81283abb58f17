// In-band DTMF detector: Goertzel filters over half-overlapping 12.75 ms blocks with level, twist and purity checks (ITU-T Q.24).
import { dtmfLayout } from './tones.ts';

export interface DetectedDigit {
  digit: string;
  /** How long the tone lasted, to about 7 ms. */
  durationMs: number;
}

/** Half a block: 51 samples at 8 kHz. A block of 102 has bins of 78 Hz, which fit all eight tones well enough. */
const HOP_MS = 6.375;
/** Least power of a block, mean square of samples: a pair of tones of -36 dBm0 each is taken, -42 is not. */
const LEAST_POWER = 32_768 ** 2 * 10 ** (-42 / 10);
/** Q.24: the low tone may be 8 dB stronger, the high tone 4 dB. What leaks from one filter to another adds up to 2 dB. */
const NORMAL_TWIST = 10 ** (10.5 / 10);
const REVERSE_TWIST = 10 ** (6.5 / 10);
/** How much the winner of a group must exceed the others of its group. */
const GROUP_LEAD = 10 ** (7 / 10);
/** Part of the block's power that the two tones must hold; speech, with its harmonics, has less. A block that the tone fills to this part passes too. */
const LEAST_PURITY = 0.72;
/** Equal hops in a row that make a digit: tones of 40 ms always have four, those of 24 ms never. */
const HOPS_TO_START = 4;
/** Hops without it that end it: a pause of 20 ms has four, a drop-out of 10 ms at most three. */
const HOPS_TO_END = 4;
/** Blocks at the borders pass while the tone fills them to LEAST_PURITY: h hops in a row mean a tone of h + this many hops. */
const EDGE_HOPS = 2 * (2 * LEAST_PURITY - 1);

/** One block's filters. */
class Bank {
  readonly #coefficients: Float64Array;
  readonly #s1 = new Float64Array(8);
  readonly #s2 = new Float64Array(8);
  #sum = 0;

  constructor(coefficients: Float64Array) {
    this.#coefficients = coefficients;
  }

  add(pcm: Int16Array, from: number, n: number): void {
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

  /** The digit that the block of `samples` shows, or ''. Starts the next block. */
  finish(samples: number): string {
    const digit = this.#sum < LEAST_POWER * samples ? '' : this.#classify(samples);
    this.#s1.fill(0);
    this.#s2.fill(0);
    this.#sum = 0;
    return digit;
  }

  #classify(samples: number): string {
    const row = this.#strongest(0);
    const column = this.#strongest(4);
    if (row < 0 || column < 0) return '';
    const low = this.#power(row);
    const high = this.#power(4 + column);
    if (low > high * NORMAL_TWIST || high > low * REVERSE_TWIST) return '';
    // A sine of amplitude A gives (A n / 2)^2 in its filter and A^2 n / 2 in the sum.
    if (low + high < (LEAST_PURITY * this.#sum * samples) / 2) return '';
    return dtmfLayout.keys[row]![column]!;
  }

  /** Index of the group's strongest tone when it stands out, else -1. */
  #strongest(group: number): number {
    let best = 0;
    for (let k = 1; k < 4; k++) if (this.#power(group + k) > this.#power(group + best)) best = k;
    const most = this.#power(group + best) / GROUP_LEAD;
    for (let k = 0; k < 4; k++) if (k !== best && this.#power(group + k) > most) return -1;
    return best;
  }

  #power(k: number): number {
    const s1 = this.#s1[k]!;
    const s2 = this.#s2[k]!;
    return s1 * s1 + s2 * s2 - this.#coefficients[k]! * s1 * s2;
  }
}

export class DtmfDetector {
  /** Called once per digit, when it has ended. */
  onDigit: (digit: DetectedDigit) => void = () => {};
  /** Called once per digit, as soon as it is certain, 25 to 38 ms into the tone. */
  onStart: (digit: string) => void = () => {};
  readonly #hopSamples: number;
  /** The one whose block ends with this hop, and the one that ends with the next. */
  #ending: Bank;
  #next: Bank;
  #filled = 0;
  #first = true;
  #candidate = '';
  #candidateHops = 0;
  #active = '';
  #activeHops = 0;
  #misses = 0;

  constructor(sampleRate: number) {
    this.#hopSamples = Math.round((sampleRate * HOP_MS) / 1000);
    const tones = [...dtmfLayout.rows, ...dtmfLayout.columns];
    const coefficients = Float64Array.from(tones, (hz) => 2 * Math.cos((2 * Math.PI * hz) / sampleRate));
    this.#ending = new Bank(coefficients);
    this.#next = new Bank(coefficients);
  }

  /** Listens to a frame of any length. */
  process(pcm: Int16Array): void {
    for (let at = 0; at < pcm.length; ) {
      const n = Math.min(pcm.length - at, this.#hopSamples - this.#filled);
      this.#ending.add(pcm, at, n);
      this.#next.add(pcm, at, n);
      at += n;
      this.#filled += n;
      if (this.#filled < this.#hopSamples) continue;
      this.#filled = 0;
      const ending = this.#ending;
      const digit = ending.finish(2 * this.#hopSamples);
      this.#ending = this.#next;
      this.#next = ending;
      // The very first block is half a block: it counts for nothing.
      if (!this.#first) this.#step(digit);
      this.#first = false;
    }
  }

  /** The audio has ended: reports a digit that was still sounding. */
  end(): void {
    if (this.#active) this.#report();
    this.#candidate = '';
    this.#candidateHops = 0;
  }

  #step(digit: string): void {
    this.#candidateHops = digit === this.#candidate ? this.#candidateHops + 1 : 1;
    this.#candidate = digit;
    if (this.#active) {
      this.#activeHops++;
      this.#misses = digit === this.#active ? 0 : this.#misses + 1;
      if (this.#misses < HOPS_TO_END) return;
      this.#report();
    }
    if (digit === '' || this.#candidateHops < HOPS_TO_START) return;
    this.#active = digit;
    this.#activeHops = this.#candidateHops;
    this.#misses = 0;
    this.onStart(digit);
  }

  #report(): void {
    const digit = this.#active;
    const hops = this.#activeHops - this.#misses;
    this.#active = '';
    this.#misses = 0;
    this.onDigit({ digit, durationMs: Math.round((hops + EDGE_HOPS) * HOP_MS) });
  }
}
