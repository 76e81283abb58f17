// Plain objects as JSON makes them.

/** An object that is no array: what has named members. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
