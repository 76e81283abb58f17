// The cache key: SHA-256 over everything that changes the sound.
import { createHash } from 'node:crypto';
import type { SynthesizerChoice } from './types.ts';

/** Counts up when our own handling of text or audio changes what is heard. */
const REVISION = 1;

/** Lower-case hexadecimal. The token is in it too: what one customer's key may speak is not played to another. */
export function cacheKey(choice: SynthesizerChoice, text: string): string {
  const { vendor, label, language, voice, options, custom } = choice;
  const parts = [REVISION, vendor, label, language, voice, options, custom?.url, custom?.authToken, text];
  return createHash('sha256').update(canonical(parts)).digest('hex');
}

/** JSON with sorted keys, so that equal options in another order are equal. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}
