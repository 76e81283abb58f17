// Webhooks inside records: how they are written, kept and shown (rest-platform.md section 6).
import { createHash } from 'node:crypto';
import { isRefusal, type Refusal } from '../base/index.ts';
import type { WebhookRecord } from '../store/index.ts';
import { bad } from './problem.ts';

interface Written {
  url?: string | null;
  method?: string | null;
  username?: string | null;
  password?: string | null;
  webhook_sid?: string | null;
}

/**
 * What a hook in a body means: undefined leaves it as it is (absent, or an empty object), null clears it, else it is
 * set; one with `webhook_sid` changes only the fields it has.
 */
export function readHook(
  field: string,
  value: unknown,
  kept: WebhookRecord | null,
): WebhookRecord | null | undefined | Refusal {
  if (value === undefined) return undefined;
  if (value === null) return null;
  const written = value as Written;
  if (Object.keys(written).length === 0) return undefined;
  if (written.url === '' || written.url === null) return null;
  const base = written.webhook_sid ? kept : null;
  const url = written.url ?? base?.url;
  if (url === undefined) return bad(`missing field ${field}.url`, `${field}.url`);
  const refusal = urlRefusal(field, url);
  if (refusal) return refusal;
  return {
    url,
    method: (written.method ?? base?.method ?? 'POST').toUpperCase(),
    username: written.username === undefined ? (base?.username ?? null) : written.username,
    password: written.password === undefined ? (base?.password ?? null) : written.password,
  };
}

function urlRefusal(field: string, url: string): Refusal | undefined {
  const path = `${field}.url`;
  if (url !== url.trim()) return bad(`${field} URL has blanks around it`, path);
  if (!/^(https?|wss?):\/\//i.test(url)) return bad(`${field} URL must begin with http, https, ws or wss`, path);
  return URL.canParse(url) && !/\s/.test(url) ? undefined : bad(`${field} URL is not valid`, path);
}

/** All hooks of a body at once: those to change, or the first refusal. */
export function readHooks<F extends string>(
  fields: readonly F[],
  body: Record<string, unknown>,
  kept: Partial<Record<F, WebhookRecord | null>> = {},
): Partial<Record<F, WebhookRecord | null>> | Refusal {
  const hooks: Partial<Record<F, WebhookRecord | null>> = {};
  for (const field of fields) {
    const hook = readHook(field, body[field], kept[field] ?? null);
    if (isRefusal(hook)) return hook;
    if (hook !== undefined) hooks[field] = hook;
  }
  return hooks;
}

/** A hook in an answer. Lists do not show its password. */
export const showHook = (hook: WebhookRecord | null, inList: boolean): WebhookRecord | null =>
  hook && { ...hook, password: inList && hook.password !== null ? obscured : hook.password };

const obscured = 'X'.repeat(8);

/** The contract gives each hook of an application a sid; ours has none of its own, so it follows from its owner (RFC 9562, version 5). */
export function webhookSid(ownerSid: string, field: string): string {
  const hash = createHash('sha1').update(`${ownerSid}/${field}`).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
