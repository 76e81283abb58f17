// Measure: what a test, a rehearsal or a bench asks of audio: the level of a tone, gaps, clicks, the likeness of two signals.
import { dbovOfPower } from './level.ts';
import { saturate } from './sample.ts';

/** A sine of peak `amplitude`, starting at phase zero. */
export function sine(shape: { hz: number; amplitude: number; samples: number; sampleRate: number }): Int16Array {
  const step = (2 * Math.PI * shape.hz) / shape.sampleRate;
  return Int16Array.from({ length: shape.samples }, (_, i) => saturate(shape.amplitude * Math.sin(step * i)));
}

/** Signal to noise, dB: how well `actual`, `delay` samples late, matches `reference`, at the best gain if `anyGain`. */
export function snrDb(reference: Int16Array, actual: Int16Array, { delay = 0, anyGain = false } = {}): number {
  const n = Math.min(reference.length, actual.length - delay);
  let rr = 0;
  let ra = 0;
  let aa = 0;
  for (let i = 0; i < n; i++) {
    const r = reference[i]!;
    const a = actual[i + delay]!;
    rr += r * r;
    ra += r * a;
    aa += a * a;
  }
  // |a - g r|^2 with g = 1 or the gain that fits best.
  const gain = anyGain && rr > 0 ? ra / rr : 1;
  const noise = aa - 2 * gain * ra + gain * gain * rr;
  return 10 * Math.log10((gain * gain * rr) / Math.max(noise, 1e-9));
}

/** The delay (samples, 0..most) at which `actual` matches `reference` best. */
export function bestDelay(reference: Int16Array, actual: Int16Array, most: number): number {
  let best = 0;
  for (let delay = 1; delay <= most; delay++) {
    if (snrDb(reference, actual, { delay }) > snrDb(reference, actual, { delay: best })) best = delay;
  }
  return best;
}

/** Level of one frequency in dBov: what is left of the audio at `hz`, as RMS of that sine. */
export function toneLevelDbov(pcm: Int16Array, hz: number, sampleRate: number): number {
  const step = (2 * Math.PI * hz) / sampleRate;
  let re = 0;
  let im = 0;
  let weight = 0;
  for (let i = 0; i < pcm.length; i++) {
    // A Hann window keeps neighbours out, so that the length need not be a whole number of periods.
    const w = 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / pcm.length);
    weight += w;
    re += w * pcm[i]! * Math.cos(step * i);
    im += w * pcm[i]! * Math.sin(step * i);
  }
  const amplitude = (2 * Math.hypot(re, im)) / (weight || 1);
  return dbovOfPower((amplitude * amplitude) / 2);
}

/** Stretches of at least `minMs` in which nothing is louder than `threshold` (sample magnitude), as [from, to) samples. */
export function gaps(pcm: Int16Array, sampleRate: number, minMs: number, threshold = 8): [number, number][] {
  const found: [number, number][] = [];
  const least = (minMs * sampleRate) / 1000;
  let from = 0;
  for (let i = 0; i <= pcm.length; i++) {
    if (i < pcm.length && Math.abs(pcm[i]!) <= threshold) continue;
    if (i - from >= least) found.push([from, i]);
    from = i + 1;
  }
  return found;
}

/**
 * The worst click: largest second difference (a jump in the waveform's slope), as a multiple of what the neighbouring 10 ms
 * (but for 1 ms around it) show. Smooth audio at any level stays below 3; a tone cut at its crest gives 5 and more.
 */
export function worstClick(pcm: Int16Array, sampleRate: number): { at: number; ratio: number } {
  const near = Math.max(2, Math.round(sampleRate / 1000));
  const far = near * 10;
  const bend = new Float64Array(Math.max(0, pcm.length - 2));
  for (let i = 0; i < bend.length; i++) bend[i] = Math.abs(pcm[i + 2]! - 2 * pcm[i + 1]! + pcm[i]!);
  let worst = { at: 0, ratio: 0 };
  for (let i = 0; i < bend.length; i++) {
    // Below this, rounding of quiet samples looks like a bend.
    if (bend[i]! < 64) continue;
    let around = 16;
    for (let k = Math.max(0, i - far); k < Math.min(bend.length, i + far); k++) {
      if (Math.abs(k - i) > near && bend[k]! > around) around = bend[k]!;
    }
    const ratio = bend[i]! / around;
    if (ratio > worst.ratio) worst = { at: i + 1, ratio };
  }
  return worst;
}
