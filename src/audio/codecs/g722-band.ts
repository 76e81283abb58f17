// One sub-band of G.722: the adaptive quantiser's scale factor and the pole-zero predictor (ITU-T G.722 blocks 3 and 4).
import { clip16 } from '../sample.ts';

// ITU-T G.722 table 11: the log-to-linear table for the scale factors.
const inverseLog = Int32Array.of(
  2048,
  2093,
  2139,
  2186,
  2233,
  2282,
  2332,
  2383,
  2435,
  2489,
  2543,
  2599,
  2656,
  2714,
  2774,
  2834,
  2896,
  2960,
  3025,
  3091,
  3158,
  3228,
  3298,
  3371,
  3444,
  3520,
  3597,
  3676,
  3756,
  3838,
  3922,
  4008,
);

export class G722Band {
  /** Scale factor of the quantiser (DETL, DETH). */
  scale: number;
  /** Prediction of the next sample (SL, SH). */
  prediction = 0;
  #logScale = 0;
  readonly #logScaleLimit: number;
  readonly #shiftBase: number;
  // Second-order pole section: coefficients, the last reconstructed sample doubled, past partial reconstructions.
  #a1 = 0;
  #a2 = 0;
  #r2 = 0;
  #p1 = 0;
  #p2 = 0;
  // Sixth-order zero section: coefficients and past quantised differences, doubled.
  readonly #b = new Int32Array(6);
  readonly #d = new Int32Array(6);
  #zeroSum = 0;

  constructor(kind: 'low' | 'high') {
    this.scale = kind === 'low' ? 32 : 8;
    this.#logScaleLimit = kind === 'low' ? 18_432 : 22_528;
    this.#shiftBase = kind === 'low' ? 8 : 10;
  }

  /** LOGSCL/LOGSCH and SCALEL/SCALEH: leaks the log scale, adds this code's step, and takes the new linear scale. */
  adaptScale(step: number): void {
    let log = (Math.imul(this.#logScale, 127) >> 7) + step;
    if (log < 0) log = 0;
    else if (log > this.#logScaleLimit) log = this.#logScaleLimit;
    this.#logScale = log;
    const shift = this.#shiftBase - (log >> 11);
    const mantissa = inverseLog[(log >> 6) & 31]!;
    this.scale = (shift < 0 ? mantissa << -shift : mantissa >> shift) << 2;
  }

  /** Block 4: takes the quantised difference of this sample, adapts the predictor and predicts the next sample. */
  update(difference: number): void {
    const reconstructed = clip16(this.prediction + difference);
    const partial = clip16(this.#zeroSum + difference);
    this.#adaptPoles(partial);
    const zeroSum = this.#adaptZeros(difference);
    // FILTEP: the pole section's part of the prediction.
    const doubled = clip16(reconstructed + reconstructed);
    const poles = (Math.imul(this.#a1, doubled) >> 15) + (Math.imul(this.#a2, this.#r2) >> 15);
    this.#r2 = doubled;
    this.#zeroSum = zeroSum;
    this.prediction = clip16(clip16(poles) + zeroSum);
  }

  /** UPPOL2 and UPPOL1: sign-driven adaptation, kept inside the stable triangle. */
  #adaptPoles(partial: number): void {
    // 0 where the signs are the same, -1 where not.
    const differ1 = (partial ^ this.#p1) >> 31;
    const differ2 = (partial ^ this.#p2) >> 31;
    const quadrupled = clip16(this.#a1 << 2);
    const lead = Math.min(32_767, differ1 === 0 ? -quadrupled : quadrupled);
    const a2 = (lead >> 7) + signed(128, differ2) + (Math.imul(this.#a2, 32_512) >> 15);
    this.#a2 = a2 > 12_288 ? 12_288 : Math.max(a2, -12_288);
    const bound = 15_360 - this.#a2;
    const a1 = signed(192, differ1) + (Math.imul(this.#a1, 32_640) >> 15);
    this.#a1 = a1 > bound ? bound : Math.max(a1, -bound);
    this.#p2 = this.#p1;
    this.#p1 = partial;
  }

  /** UPZERO, DELAYA and FILTEZ: adapts the six zeros, shifts the differences and gives the zero section's sum. */
  #adaptZeros(difference: number): number {
    const b = this.#b;
    const d = this.#d;
    const gain = difference === 0 ? 0 : 128;
    let newest = clip16(difference + difference);
    let sum = 0;
    for (let i = 0; i < 6; i++) {
      const past = d[i]!;
      const coefficient = (Math.imul(b[i]!, 32_640) >> 15) + signed(gain, (past ^ difference) >> 31);
      b[i] = coefficient;
      d[i] = newest;
      sum += Math.imul(coefficient, newest) >> 15;
      newest = past;
    }
    return clip16(sum);
  }
}

/** `step`, or its negative where `mask` is -1. Signs of speech are chance: a branch here would be guessed wrong half the time. */
const signed = (step: number, mask: number): number => (step ^ mask) - mask;
