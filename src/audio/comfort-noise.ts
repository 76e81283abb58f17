// Comfort noise (RFC 3389): the level and colour a far end sends in place of silence, and a generator of such noise.
import { type Random, randomUint32 } from '../base/index.ts';
import { saturate } from './sample.ts';

export interface ComfortNoise {
  /** Level in dBov, 0 to -127. */
  levelDbov: number;
  /** Reflection coefficients of the all-pole model, -1..1, possibly none (white noise). */
  reflection: readonly number[];
}

/** RFC 3389 section 3.1: the most usual order is 10, more than 12 is not sensible. */
const MAX_ORDER = 12;

/** A CN payload (RTP payload type 13), or undefined when it is empty. */
export function parseComfortNoise(payload: Uint8Array): ComfortNoise | undefined {
  if (payload.length === 0) return undefined;
  // Section 3.2: k = (N - 127) / 128 for the byte N.
  const reflection = Array.from(payload.subarray(1, 1 + MAX_ORDER), (byte) =>
    Math.max(-0.99, Math.min(0.99, (byte - 127) / 128)),
  );
  return { levelDbov: -(payload[0]! & 0x7f), reflection };
}

/** A CN payload of this level without a spectrum (a receiver then makes white noise). */
export const comfortNoisePayload = (levelDbov: number): Uint8Array =>
  Uint8Array.of(Math.min(127, Math.max(0, Math.round(-levelDbov))));

/** Noise of a level and colour; a new target is reached within about 50 ms. */
export class NoiseGenerator {
  #seed: number;
  #target = 0;
  #gain = 0;
  #reflection: readonly number[] = [];
  /** Backward residuals of the lattice. */
  readonly #lattice = new Float64Array(MAX_ORDER + 1);

  constructor(random: Random) {
    this.#seed = randomUint32(random) | 0;
  }

  set(noise: ComfortNoise): void {
    // An all-pole lattice raises white noise's power by 1 / product(1 - k^2).
    let rise = 1;
    for (const k of noise.reflection) rise /= 1 - k * k;
    this.#reflection = noise.reflection;
    this.#target = noise.levelDbov <= -127 ? 0 : (32_768 * 10 ** (noise.levelDbov / 20)) / Math.sqrt(rise);
  }

  fill(out: Int16Array): void {
    const order = this.#reflection.length;
    const lattice = this.#lattice;
    for (let i = 0; i < out.length; i++) {
      this.#gain += (this.#target - this.#gain) * 0.0078;
      let forward = this.#uniform() * this.#gain;
      for (let m = order; m > 0; m--) {
        const k = this.#reflection[m - 1]!;
        forward -= k * lattice[m - 1]!;
        lattice[m] = lattice[m - 1]! + k * forward;
      }
      lattice[0] = forward;
      out[i] = saturate(forward);
    }
  }

  /** White, mean 0, power 1. */
  #uniform(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    return (this.#seed / 2 ** 31) * Math.sqrt(3);
  }
}
