// Fades: raised-cosine edges for what is cut in or cut off in the middle, so that it makes no click.
import { fadeMs } from '../../limits.ts';

export const fadeSamples = (sampleRate: number): number => Math.round((sampleRate * fadeMs) / 1000);

const curves = new Map<number, Float32Array>();

/** Rising from just above 0 to just below 1 in `samples` steps. */
export function rising(samples: number): Float32Array {
  let curve = curves.get(samples);
  if (!curve) {
    curve = Float32Array.from({ length: samples }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / samples));
    curves.set(samples, curve);
  }
  return curve;
}

/** Samples [from, to) of `pcm` are the ones after `done` of a fade-in that takes `samples`. Returns how many are done now. */
export function fadeIn(pcm: Int16Array, range: { from: number; to: number }, done: number, samples: number): number {
  const curve = rising(samples);
  let at = done;
  for (let i = range.from; i < range.to && at < samples; i++, at++) pcm[i] = Math.round(pcm[i]! * curve[at]!);
  return at;
}

/** Samples [from, to) of `pcm` end `left` samples before the end of the audio; the last `samples` of it fade out. */
export function fadeOut(pcm: Int16Array, range: { from: number; to: number }, left: number, samples: number): void {
  const curve = rising(samples);
  const count = range.to - range.from;
  // Sample i is followed by this many more.
  for (let i = range.from; i < range.to; i++) {
    const following = left + count - 1 - (i - range.from);
    if (following < samples) pcm[i] = Math.round(pcm[i]! * curve[following]!);
  }
}

/** Leads from `old` (silence when undefined) into `pcm`, over its whole length, in place. */
export function crossfade(pcm: Int16Array, old: Int16Array | undefined): void {
  const curve = rising(pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    const weight = curve[i]!;
    pcm[i] = Math.round(pcm[i]! * weight + (old?.[i] ?? 0) * (1 - weight));
  }
}

/** The samples from `skipped` on, as long as all of it: slower, and at the end in time again. */
export function stretch(pcm: Int16Array, skipped: number): Int16Array {
  const n = pcm.length;
  return Int16Array.from(pcm, (_, i) => {
    const at = i + skipped * (0.5 + 0.5 * Math.cos((Math.PI * i) / n));
    const k = Math.floor(at);
    const t = at - k;
    const [a, b, c, d] = [k - 1, k, k + 1, k + 2].map((j) => pcm[Math.min(n - 1, Math.max(0, j))]!) as Point;
    // Catmull-Rom: smooth through the samples.
    return Math.round(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))));
  });
}

type Point = [number, number, number, number];
