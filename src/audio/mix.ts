// Mix: the saturating sum of frames of one rate.
import { clip16 } from './sample.ts';

/** Writes the sum of `frames` into `out` (which may be one of them); shorter frames end in silence. */
export function mix(out: Int16Array, frames: readonly Int16Array[]): void {
  const n = out.length;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < frames.length; k++) {
      const frame = frames[k]!;
      if (i < frame.length) sum += frame[i]!;
    }
    out[i] = clip16(sum);
  }
}

/** Adds one frame to `out` in place. */
export function mixInto(out: Int16Array, frame: Int16Array): void {
  const n = Math.min(out.length, frame.length);
  for (let i = 0; i < n; i++) {
    const sum = out[i]! + frame[i]!;
    out[i] = clip16(sum);
  }
}

/** For a mixer: the wide sum of everyone, from which each member's own part is taken off. */
export function addToSum(sum: Int32Array, frame: Int16Array): void {
  const n = Math.min(sum.length, frame.length);
  for (let i = 0; i < n; i++) sum[i] = sum[i]! + frame[i]!;
}

/** Writes `sum` minus `own` (everyone but this member), saturating. Without `own`, everyone. */
export function mixMinus(out: Int16Array, sum: Int32Array, own?: Int16Array): void {
  const n = Math.min(out.length, sum.length);
  for (let i = 0; i < n; i++) {
    const x = sum[i]! - (own && i < own.length ? own[i]! : 0);
    out[i] = clip16(x);
  }
}

/** Up to here (2.5 dB below full scale) a sum is left as it is. */
const knee = 24_576;
const headroom = 32_767 - knee;

/**
 * Narrows a wide sum to 16 bits. What is louder than the knee bends smoothly towards full scale: no hard edge, and as each sample
 * is treated alone, nothing pumps.
 */
export function softClip(sum: Int32Array, out: Int16Array): void {
  const n = Math.min(sum.length, out.length);
  for (let i = 0; i < n; i++) {
    const x = sum[i]!;
    if (x > knee) out[i] = knee + (headroom * (x - knee)) / (headroom + x - knee);
    else if (x < -knee) out[i] = -knee + (headroom * (x + knee)) / (headroom - x - knee);
    else out[i] = x;
  }
}
