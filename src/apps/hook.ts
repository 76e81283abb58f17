// Hooks as they are written and what they mean: address, method, credentials, and to whom those may be sent.
import { Fault } from '../base/index.ts';
import type { Hook, HookInput } from './types.ts';

/** A hook with the method WS or a ws(s) address is a socket. */
export interface ParsedHook extends Omit<Hook, 'method'> {
  method: 'GET' | 'POST' | 'WS';
}

const invalid = (text: string): never => {
  throw new Fault('hook-invalid', text);
};

/** For messages, which may reach the caller: without credentials. */
const quoted = (url: string): string => url.replace(/\/\/.*@/s, '//').slice(0, 200);

export const isAbsolute = (url: string): boolean => /^(https?|wss?):\/\//i.test(url);

/** Splits off the part which is ours alone and never sent (retry options). */
export const withoutFragment = (url: string): string => url.replace(/#.*$/s, '');

/** Checks what was written. Throws a Fault `hook-invalid`. */
export function parseHook(input: HookInput): ParsedHook {
  const given = typeof input === 'string' ? { url: input } : input;
  const { url, method, username, password, basicAuth } = { method: 'POST', ...given } as Exclude<HookInput, string>;
  if (typeof url !== 'string' || url === '') return invalid('a hook needs a url');
  if (!isAbsolute(url) && !url.startsWith('/')) {
    return invalid(`a hook is an http(s) or ws(s) address or a path that starts with "/": ${quoted(url)}`);
  }
  if (isAbsolute(url) && !URL.canParse(url)) return invalid(`not a valid address: ${quoted(url)}`);
  const verb = String(method ?? 'POST').toUpperCase();
  if (verb !== 'GET' && verb !== 'POST' && verb !== 'WS') return invalid(`a hook is sent by GET or POST, not ${verb}`);
  const socket = /^wss?:/i.test(url) || (verb === 'WS' && isAbsolute(url));
  return {
    url: socket ? url.replace(/^http/i, 'ws') : url,
    method: socket ? 'WS' : verb,
    ...ownCredentials(url, username ?? basicAuth?.username, password ?? basicAuth?.password),
  };
}

/** Basic credentials count when both are set; those in the address itself ("https://user:password@host") count too. */
function ownCredentials(url: string, username?: string, password?: string): Pick<Hook, 'username' | 'password'> {
  if (username && password) return { username, password };
  if (!isAbsolute(url)) return {};
  const parsed = new URL(url);
  if (!parsed.username || !parsed.password) return {};
  try {
    return { username: decodeURIComponent(parsed.username), password: decodeURIComponent(parsed.password) };
  } catch {
    return invalid('the credentials in the address are not percent-encoded rightly');
  }
}

export const originOf = (url: string): string => new URL(url).origin;

/**
 * The absolute hook that `hook` stands for in an application whose server is known by `base`.
 * Credentials: a hook's own go to that hook; the application's go to its own origin; nothing goes anywhere else.
 */
export function against(base: ParsedHook, hook: ParsedHook): ParsedHook {
  const absolute = isAbsolute(hook.url)
    ? hook
    : { ...hook, url: originOf(base.url) + hook.url, method: methodOn(base, hook) };
  if (absolute.username || !base.username || originOf(absolute.url) !== originOf(base.url)) return absolute;
  return { ...absolute, username: base.username, password: base.password! };
}

const methodOn = (base: ParsedHook, hook: ParsedHook): ParsedHook['method'] =>
  base.method === 'WS' ? 'WS' : hook.method === 'WS' ? 'POST' : hook.method;

/** For the wire: without retry options and without credentials. */
export function wireUrl(url: string): string {
  const parsed = new URL(withoutFragment(url));
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

export function basicAuth(hook: Pick<Hook, 'username' | 'password'>): Record<string, string> {
  if (!hook.username || !hook.password) return {};
  return { authorization: `Basic ${Buffer.from(`${hook.username}:${hook.password}`).toString('base64')}` };
}

/** The call_hook, by which the application's server is known. Throws a Fault `hook-invalid`. */
export function parseBase(hook: HookInput): ParsedHook {
  const base = parseHook(hook);
  return isAbsolute(base.url) ? base : invalid('the call_hook of an application must be an absolute address');
}

/** Where a child that becomes a call of its own opens its socket: the call_hook's path with "/adulting" behind it (3.9). */
export function adultingHook(base: ParsedHook): ParsedHook {
  const url = new URL(base.url);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/adulting`;
  return { ...base, url: url.href };
}
