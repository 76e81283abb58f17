// Fades: raised-cosine edges for what is cut in or cut off in the middle, so that it makes no click.
import { fadeMs } from '../../limits.ts';

export const fadeSamples = (sampleRate: number): number => Math.round((sampleRate * fadeMs) / 1000);

const curves = new Map<number, Float32Array>();

/** Rising from just above 0 to just below 1 in `samples` steps. */
function curve(samples: number): Float32Array {
  let rising = curves.get(samples);
  if (!rising) {
    rising = Float32Array.from({ length: samples }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / samples));
    curves.set(samples, rising);
  }
  return rising;
}

/** Samples [from, to) of `pcm` are the ones after `done` of a fade-in that takes `samples`. Returns how many are done now. */
export function fadeIn(pcm: Int16Array, range: { from: number; to: number }, done: number, samples: number): number {
  const rising = curve(samples);
  let at = done;
  for (let i = range.from; i < range.to && at < samples; i++, at++) pcm[i] = Math.round(pcm[i]! * rising[at]!);
  return at;
}

/** Samples [from, to) of `pcm` end `left` samples before the end of the audio; the last `samples` of it fade out. */
export function fadeOut(pcm: Int16Array, range: { from: number; to: number }, left: number, samples: number): void {
  const rising = curve(samples);
  const count = range.to - range.from;
  // Sample i is followed by this many more.
  for (let i = range.from; i < range.to; i++) {
    const following = left + count - 1 - (i - range.from);
    if (following < samples) pcm[i] = Math.round(pcm[i]! * rising[following]!);
  }
}

/** Leads from `old` (silence when undefined) into `pcm`, over its whole length, in place. */
export function crossfade(pcm: Int16Array, old: Int16Array | undefined): void {
  const rising = curve(pcm.length);
  for (let i = 0; i < pcm.length; i++) {
    const weight = rising[i]!;
    pcm[i] = Math.round(pcm[i]! * weight + (old?.[i] ?? 0) * (1 - weight));
  }
}
