// Secrets that records hold: how they are made, and how passwords are kept.
import { scrypt, timingSafeEqual } from 'node:crypto';
import { newSid, type Random, shortId } from '../base/index.ts';
import { passwordCost } from './limits.ts';

/** HMAC key of an account's webhooks (app-interfaces.md 1.4). */
export const newWebhookSecret = (random: Random): string => `wh_secret_${shortId(random)}`;

/** API keys are UUIDs (rest-platform.md 2.2). */
export const newApiToken = (random: Random): string => newSid(random);

/** `scrypt$salt$hash`, both hexadecimal (RFC 7914). */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const salt = Buffer.from(random.bytes(16));
  return `scrypt$${salt.toString('hex')}$${(await derive(password, salt)).toString('hex')}`;
}

export async function checkPassword(password: string, hashed: string): Promise<boolean> {
  const [scheme, salt, hash] = hashed.split('$');
  if (scheme !== 'scrypt' || !salt || !hash) return false;
  const expected = Buffer.from(hash, 'hex');
  const found = await derive(password, Buffer.from(salt, 'hex'));
  return expected.length === found.length && timingSafeEqual(expected, found);
}

const derive = (password: string, salt: Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(password, salt, 32, passwordCost, (error, key) => (error ? reject(error) : resolve(key)));
  });
