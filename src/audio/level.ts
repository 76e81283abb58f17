// Level: how loud a piece of audio is, and where it clicks or has gaps. Used by tests, comfort noise and voice detection.

/** The level of digital silence; nothing is reported as quieter (RFC 3389 and RFC 6464 end at 127). */
export const SILENCE_DBOV = -127;

/** RMS level in dBov (0 = a full-scale square wave; a full-scale sine is -3.01). */
export function levelDbov(pcm: Int16Array): number {
  return dbovOfPower(power(pcm));
}

/** Mean square of the samples. */
export function power(pcm: Int16Array): number {
  let sum = 0;
  for (let i = 0; i < pcm.length; i++) sum += pcm[i]! * pcm[i]!;
  return pcm.length === 0 ? 0 : sum / pcm.length;
}

export function dbovOfPower(meanSquare: number): number {
  if (meanSquare <= 0) return SILENCE_DBOV;
  return Math.max(SILENCE_DBOV, 10 * Math.log10(meanSquare / (32_768 * 32_768)));
}

/** Largest magnitude, 0..32768. */
export function peak(pcm: Int16Array): number {
  let top = 0;
  for (let i = 0; i < pcm.length; i++) {
    const magnitude = Math.abs(pcm[i]!);
    if (magnitude > top) top = magnitude;
  }
  return top;
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
 * (but for 1 ms around it) show. Smooth audio at any level stays below 3; a step or a cut in a tone gives 5 and more.
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
