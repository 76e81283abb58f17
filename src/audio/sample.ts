// One 16-bit sample: keeping a number inside its range.

/** An integer, stopped at the ends of the 16-bit range. */
export const clip16 = (x: number): number => Math.max(-32_768, Math.min(32_767, x));

/** Any number, rounded and stopped at the ends of the 16-bit range. */
export const saturate = (x: number): number => Math.round(Math.max(-32_768, Math.min(32_767, x)));
