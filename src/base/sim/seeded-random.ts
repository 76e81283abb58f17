// Seeded random: chance that can be replayed. sfc32 (PractRand's small fast counter), seeded by hashing a text.
import type { Random } from '../random.ts';

export interface SeededRandom extends Random {
  /** An independent stream named `name`: what one part draws does not shift what another part gets. */
  fork(name: string): SeededRandom;
}

export function seededRandom(seed: string | number): SeededRandom {
  const draw = sfc32(String(seed));
  return {
    next: () => (draw() * 2 ** 21 + (draw() >>> 11)) / 2 ** 53,
    bytes: (count) => {
      const out = new Uint8Array(count);
      for (let i = 0; i < count; ) {
        for (let word = draw(), n = 0; n < 4 && i < count; n++, word >>>= 8) out[i++] = word & 255;
      }
      return out;
    },
    fork: (name) => seededRandom(`${seed}/${name}`),
  };
}

/** A stream of 32-bit unsigned words. */
function sfc32(seed: string): () => number {
  let [a, b, c, counter] = [fnv1a(seed, 1), fnv1a(seed, 2), fnv1a(seed, 3), 1];
  const draw = (): number => {
    const word = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + word;
    return word >>> 0;
  };
  for (let i = 0; i < 12; i++) draw();
  return draw;
}

/** FNV-1a, 32 bits, with a salt in front. */
function fnv1a(text: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
