// Identifiers: UUIDs for records and calls, 22-character short ids for messages.
import { type Random, randomHex } from './random.ts';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const base58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** A version 4 UUID (RFC 9562), lower case. */
export function newSid(random: Random): string {
  const h = randomHex(random, 16);
  const variant = '89ab'[Number.parseInt(h[16]!, 16) & 3];
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`;
}

export const isSid = (value: unknown): value is string => typeof value === 'string' && uuidPattern.test(value);

/** A 22-character id with 128 bits of chance, as the application socket's `msgid` is. */
export function shortId(random: Random): string {
  let text = '';
  for (const b of random.bytes(22)) text += base58[b % 58];
  return text;
}
