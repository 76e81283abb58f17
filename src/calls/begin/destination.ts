// Whom to call, as create-call's `to` and a dial's targets name it (rest-calls.md 2.2, verbs.md 5.2): checked, then routed.
import { isObject, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import { chooseRoute, type Destination, type Gateway, type Route } from '../../edge/index.ts';
import type { ExtraHeaders } from '../../sip/index.ts';
import { longestHeaders } from '../limits.ts';

export interface Dialled {
  to: Destination | { type: 'user'; name: string };
  headers: Record<string, string>;
}

export const badValue = (reason: string, path?: string): Refusal =>
  refuse('bad-call', reason, { http: 400, ...(path !== undefined && { path }) });

/** `path` names the field in refusals. */
export function readDestination(to: unknown, path: string): Dialled | Refusal {
  if (!isObject(to))
    return badValue(`missing or invalid ${path} property${to === undefined ? '' : `: ${JSON.stringify(to)}`}`, path);
  if (to.type === 'teams')
    return refuse('call-later', 'calls to Microsoft Teams are not in this version of Crosspoint', {
      http: 422,
      path: `${path}.type`,
    });
  const { auth, proxy } = to;
  if (present(proxy) && (typeof proxy !== 'string' || /[\s<>"]/.test(proxy)))
    return badValue('must be a SIP URI', `${path}.proxy`);
  if (present(auth) && !(isObject(auth) && typeof auth.username === 'string' && typeof auth.password === 'string'))
    return badValue('must have username and password', `${path}.auth`);
  const headerRefusal =
    present(to.headers) && !isObject(to.headers)
      ? badValue('must be an object', `${path}.headers`)
      : badHeader(to.headers, `${path}.headers`);
  if (headerRefusal) return headerRefusal;
  const more = {
    ...(typeof proxy === 'string' && { proxy }),
    ...(isObject(auth) && { auth: { username: String(auth.username), password: String(auth.password) } }),
  };
  const headers = textHeaders(to.headers);
  if (to.type === 'sip' && typeof to.sipUri === 'string')
    return { to: { type: 'sip', sipUri: to.sipUri, ...more }, headers };
  if (to.type === 'user' && typeof to.name === 'string' && to.name !== '')
    return { to: { type: 'user', name: to.name }, headers };
  if (to.type !== 'phone' || typeof to.number !== 'string')
    return badValue(`missing or invalid ${path} property: ${JSON.stringify({ ...to, auth: undefined })}`, path);
  if (!/^[+0-9A-Za-z*#.()-]{1,64}$/.test(to.number)) return badValue('must be a phone number', `${path}.number`);
  return { to: { type: 'phone', number: to.number, ...more }, headers };
}

/** Where its INVITE goes. `sip` of a refusal is what the far end would have answered. */
export function routeTo({ to }: Dialled, gateway: Gateway | undefined): Route | Refusal {
  if (to.type === 'user')
    return refuse('no-registration', `user ${to.name} is not registered: this version has no registrar`, {
      sip: 404,
      http: 422,
      path: 'to.type',
    });
  const route = chooseRoute(to, gateway);
  return isRefusal(route) && route.sip === undefined ? { ...route, sip: to.type === 'phone' ? 603 : 400 } : route;
}

/** A caller's number or name as the user of a SIP URI. */
export const fromUri = (user: string, host: string): string =>
  `sip:${encodeURIComponent(user).replaceAll('%2B', '+')}@${host}`;

/** A name or an address as a SIP URI may have it (RFC 3261 25.1 hostport). */
export const isHost = (text: string): boolean => /^([\w-]+(\.[\w-]+)*\.?|\[[0-9a-f:.]+\])(:\d{1,5})?$/i.test(text);

export function badHeader(headers: unknown, path: string): Refusal | undefined {
  if (!isObject(headers)) return undefined;
  const entry = Object.entries(headers).find(
    ([name, value]) =>
      !/^[\w.!%*+`'~-]+$/.test(name) || !['string', 'number'].includes(typeof value) || /[\r\n]/.test(String(value)),
  );
  if (entry) return badValue('must be one line of text under a SIP header name', `${path}.${entry[0]}`);
  const length = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  return length > longestHeaders ? badValue(`must be at most ${longestHeaders} characters in all`, path) : undefined;
}

export const textHeaders = (headers: unknown): Record<string, string> =>
  isObject(headers) ? Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])) : {};

export const present = (value: unknown): boolean => value !== undefined && value !== null;

/** Later headers win, whatever the case of their names. */
export function mergeHeaders(...all: ExtraHeaders[]): ExtraHeaders {
  const merged = new Map<string, [string, string | string[]]>();
  for (const headers of all)
    for (const [name, value] of Object.entries(headers)) merged.set(name.toLowerCase(), [name, value]);
  return Object.fromEntries(merged.values());
}
