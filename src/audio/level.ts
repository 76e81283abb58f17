// Level: how loud a piece of audio is.

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
