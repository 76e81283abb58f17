// Mix: two frames into one, and a wide sum of many back into 16 bits.
import { clip16 } from './sample.ts';

/** Adds one frame to `out` in place. */
export function mixInto(out: Int16Array, frame: Int16Array): void {
  const n = Math.min(out.length, frame.length);
  for (let i = 0; i < n; i++) {
    const sum = out[i]! + frame[i]!;
    out[i] = clip16(sum);
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
