// Random: the only source of chance. Real here; seeded in sim/seeded-random.ts.
import { getRandomValues } from 'node:crypto';

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `count` fresh bytes. */
  bytes(count: number): Uint8Array;
}

/** Cryptographic randomness, drawn from a pool so that short requests stay cheap. */
export function realRandom(): Random {
  const pool = new Uint8Array(4096);
  let at = pool.length;
  const bytes = (count: number): Uint8Array => {
    if (count > pool.length) {
      const large = new Uint8Array(count);
      for (let i = 0; i < count; i += 65_536) getRandomValues(large.subarray(i, i + 65_536));
      return large;
    }
    if (at + count > pool.length) {
      getRandomValues(pool);
      at = 0;
    }
    const fresh = pool.slice(at, at + count);
    at += count;
    return fresh;
  };
  return {
    bytes,
    next: () => {
      const b = bytes(6);
      return (b[0]! * 2 ** 40 + b[1]! * 2 ** 32 + b[2]! * 2 ** 24 + (b[3]! << 16) + (b[4]! << 8) + b[5]!) / 2 ** 48;
    },
  };
}

const hexOf = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** `count` random bytes as lower-case hexadecimal. */
export function randomHex(random: Random, count: number): string {
  let text = '';
  for (const b of random.bytes(count)) text += hexOf[b];
  return text;
}

/** An integer in [0, bound). */
export const randomInt = (random: Random, bound: number): number => Math.floor(random.next() * bound);

/** A 32-bit unsigned integer. */
export function randomUint32(random: Random): number {
  const b = random.bytes(4);
  return ((b[0]! << 24) | (b[1]! << 16) | (b[2]! << 8) | b[3]!) >>> 0;
}
