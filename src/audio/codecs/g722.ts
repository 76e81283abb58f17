// G.722 at 64 kbit/s: 16 kHz speech in two sub-bands, 6 + 2 bits (ITU-T G.722, RFC 3551 section 4.5.2).
import { clip16 } from '../sample.ts';
import { G722Band } from './g722-band.ts';
import type { Codec, Decoder, Encoder } from './types.ts';

// The 24-tap quadrature mirror filter (table 3); the second half is the first one backwards.
const mirror = Int32Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);
// Decision levels and codes of the 60-level low-band quantiser (tables 4 and 5).
const decision = Int32Array.of(
  0,
  35,
  72,
  110,
  150,
  190,
  233,
  276,
  323,
  370,
  422,
  473,
  530,
  587,
  650,
  714,
  786,
  858,
  940,
  1023,
  1121,
  1219,
  1339,
  1458,
  1612,
  1765,
  1980,
  2195,
  2557,
  2919,
  // Twice more, so that halving needs no look at the end.
  2919,
  2919,
);
// Step of the low log scale for the 4 most significant bits of a code (table 9, W and RL4 in one).
const lowSteps = Int32Array.of(-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60);
// Inverse quantisers: low band with 4 bits (adaptation) and 6 bits (output), high band with 2 bits (tables 7 and 8).
const inverse4 = Int32Array.of(
  0,
  -20456,
  -12896,
  -8968,
  -6288,
  -4240,
  -2584,
  -1200,
  20456,
  12896,
  8968,
  6288,
  4240,
  2584,
  1200,
  0,
);
const inverse6 = Int32Array.of(
  -136,
  -136,
  -136,
  -136,
  -24808,
  -21904,
  -19008,
  -16704,
  -14984,
  -13512,
  -12280,
  -11192,
  -10232,
  -9360,
  -8576,
  -7856,
  -7192,
  -6576,
  -6000,
  -5456,
  -4944,
  -4464,
  -4008,
  -3576,
  -3168,
  -2776,
  -2400,
  -2032,
  -1688,
  -1360,
  -1040,
  -728,
  24808,
  21904,
  19008,
  16704,
  14984,
  13512,
  12280,
  11192,
  10232,
  9360,
  8576,
  7856,
  7192,
  6576,
  6000,
  5456,
  4944,
  4464,
  4008,
  3576,
  3168,
  2776,
  2400,
  2032,
  1688,
  1360,
  1040,
  728,
  432,
  136,
  -432,
  -136,
);
const inverse2 = Int32Array.of(-7408, -1616, 7408, 1616);
const highSteps = Int32Array.of(798, -214, 798, -214);

/** QUANTL: the 6-bit code of a low-band difference. */
function quantizeLow(difference: number, scale: number): number {
  const magnitude = difference >= 0 ? difference : -(difference + 1);
  // How many of the 29 levels the magnitude reaches, by halving without branches: the mask is -1 where it does.
  let reached = 0;
  for (let step = 16; step > 0; step >>= 1) {
    const above = (Math.imul(decision[reached + step]!, scale) >> 12) - magnitude - 1;
    reached += step & (above >> 31);
  }
  const level = Math.min(reached, 29) + 1;
  // Table 5: positive codes run 61..32, negative ones 63, 62, 31..4.
  if (difference >= 0) return 62 - level;
  return level < 3 ? 64 - level : 34 - level;
}

/** QUANTH: the 2-bit code of a high-band difference. */
function quantizeHigh(difference: number, scale: number): number {
  const magnitude = difference >= 0 ? difference : -(difference + 1);
  const outer = magnitude >= Math.imul(564, scale) >> 12;
  if (difference >= 0) return outer ? 2 : 3;
  return outer ? 0 : 1;
}

function advance(low: G722Band, high: G722Band, code: number): void {
  const lowCode = (code & 0x3f) >> 2;
  const lowDifference = Math.imul(low.scale, inverse4[lowCode]!) >> 15;
  low.adaptScale(lowSteps[lowCode]!);
  low.update(lowDifference);
  const highCode = code >> 6;
  const highDifference = Math.imul(high.scale, inverse2[highCode]!) >> 15;
  high.adaptScale(highSteps[highCode]!);
  high.update(highDifference);
}

/** Samples that the mirror filter looks back, and how many are worked on at a time. */
const PAST = 22;
const BLOCK = 512;

class G722Encoder implements Encoder {
  readonly #low = new G722Band('low');
  readonly #high = new G722Band('high');
  /** The last 22 samples, then the block being worked on. */
  readonly #window = new Int32Array(PAST + BLOCK);

  /** Two samples become one byte; an odd last sample is left out. */
  encode(pcm: Int16Array, out: Uint8Array): number {
    const n = Math.min(pcm.length >> 1, out.length);
    const x = this.#window;
    for (let start = 0; start < n; start += BLOCK / 2) {
      const pairs = Math.min(BLOCK / 2, n - start);
      for (let i = 0; i < 2 * pairs; i++) x[PAST + i] = pcm[2 * start + i]!;
      for (let i = 0; i < pairs; i++) out[start + i] = this.#encodePair(2 * i);
      x.copyWithin(0, 2 * pairs, 2 * pairs + PAST);
    }
    return n;
  }

  #encodePair(at: number): number {
    const x = this.#window;
    let even = 0;
    let odd = 0;
    for (let i = 0; i < 12; i++) {
      odd += Math.imul(x[at + 2 * i]!, mirror[i]!);
      even += Math.imul(x[at + 2 * i + 1]!, mirror[11 - i]!);
    }
    const low = this.#low;
    const high = this.#high;
    const lowCode = quantizeLow(clip16(((even + odd) >> 14) - low.prediction), low.scale);
    const highCode = quantizeHigh(clip16(((even - odd) >> 14) - high.prediction), high.scale);
    const code = (highCode << 6) | lowCode;
    advance(low, high, code);
    return code;
  }
}

class G722Decoder implements Decoder {
  readonly #low = new G722Band('low');
  readonly #high = new G722Band('high');
  readonly #window = new Int32Array(PAST + BLOCK);

  decode(data: Uint8Array, out: Int16Array): number {
    const n = Math.min(data.length, out.length >> 1);
    const x = this.#window;
    for (let start = 0; start < n; start += BLOCK / 2) {
      const pairs = Math.min(BLOCK / 2, n - start);
      for (let i = 0; i < pairs; i++) this.#decodeByte(data[start + i]!, 2 * i, out, 2 * start);
      x.copyWithin(0, 2 * pairs, 2 * pairs + PAST);
    }
    return 2 * n;
  }

  #decodeByte(code: number, at: number, out: Int16Array, outStart: number): void {
    const x = this.#window;
    const low = this.#low;
    const high = this.#high;
    const lowSample = clip15(low.prediction + (Math.imul(low.scale, inverse6[code & 0x3f]!) >> 15));
    const highSample = clip15(high.prediction + (Math.imul(high.scale, inverse2[code >> 6]!) >> 15));
    advance(low, high, code);
    x[PAST + at] = lowSample + highSample;
    x[PAST + at + 1] = lowSample - highSample;
    let first = 0;
    let second = 0;
    for (let i = 0; i < 12; i++) {
      second += Math.imul(x[at + 2 * i]!, mirror[i]!);
      first += Math.imul(x[at + 2 * i + 1]!, mirror[11 - i]!);
    }
    out[outStart + at] = clip16(first >> 11);
    out[outStart + at + 1] = clip16(second >> 11);
  }
}

/** LIMIT: the sub-bands' reconstructed samples have 15 bits. */
const clip15 = (x: number): number => Math.max(-16_384, Math.min(16_383, x));

export const g722: Codec = {
  name: 'G722',
  payloadType: 9,
  sampleRate: 16_000,
  clockRate: 8000,
  channels: 1,
  bytesPerMs: 8,
  delaySamples: 22,
  makeEncoder: () => new G722Encoder(),
  makeDecoder: () => new G722Decoder(),
};
