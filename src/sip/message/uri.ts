// URIs: sip, sips and tel taken apart, others kept whole (RFC 3261 19.1 and 25.1, RFC 3966).
import { isIPv6 } from 'node:net';
import { SipParseError } from './error.ts';
import { MAX_IPV6_CHARACTERS } from './limits.ts';
import type { Params, SipUri } from './types.ts';

const schemePattern = /^[a-z][a-z0-9+.-]*$/;
/** Nothing of a URI may be a space, a control character, a quote or an angle bracket. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const forbidden = /[\x00-\x20\x7f"<>]/;
const hostPattern = /^[0-9a-z_]([0-9a-z_.-]*[0-9a-z_.])?$/;

export function parseUri(text: string): SipUri {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (colon < 0 || !schemePattern.test(scheme)) throw new SipParseError('URI has no scheme');
  if (forbidden.test(text)) throw new SipParseError('URI has a character that must be escaped');
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(scheme, text, colon + 1);
  const uri = emptyUri(scheme);
  if (scheme !== 'tel') return { ...uri, opaque: text.slice(colon + 1) };
  const semicolon = text.indexOf(';', colon);
  uri.user = unescapeUri(semicolon < 0 ? text.slice(colon + 1) : text.slice(colon + 1, semicolon));
  if (uri.user === '') throw new SipParseError('tel URI has no number');
  if (semicolon >= 0) uri.params = parseUriParams(text, semicolon, text.length);
  return uri;
}

const emptyUri = (scheme: string): SipUri => ({
  scheme,
  user: undefined,
  password: undefined,
  host: '',
  port: undefined,
  params: new Map(),
  headers: [],
  opaque: undefined,
});

function parseSipUri(scheme: string, text: string, start: number): SipUri {
  const uri = emptyUri(scheme);
  let at = start;
  // The user part may hold ";" and "?" as they are, so the "@" is looked for first; it must be escaped everywhere else.
  const atSign = text.indexOf('@', at);
  if (atSign >= 0) {
    const colon = text.indexOf(':', at);
    const userEnd = colon >= 0 && colon < atSign ? colon : atSign;
    uri.user = unescapeUri(text.slice(at, userEnd)) || undefined;
    if (userEnd < atSign) uri.password = unescapeUri(text.slice(userEnd + 1, atSign));
    at = atSign + 1;
  }
  const question = text.indexOf('?', at);
  const end = question < 0 ? text.length : question;
  const semicolon = text.indexOf(';', at);
  const hostEnd = semicolon >= 0 && semicolon < end ? semicolon : end;
  readHostPort(uri, text.slice(at, hostEnd));
  if (hostEnd < end) uri.params = parseUriParams(text, hostEnd, end);
  if (question >= 0) uri.headers = parseUriHeaders(text.slice(question + 1));
  return uri;
}

function readHostPort(uri: SipUri, text: string): void {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket + 1);
  uri.host = parseHost(colon < 0 ? text : text.slice(0, colon));
  if (colon >= 0) uri.port = parsePort(text.slice(colon + 1));
}

/** A host name or address in lower case, an IPv6 address without its brackets. */
export function parseHost(text: string): string {
  const host = text.toLowerCase();
  if (hostPattern.test(host)) return host;
  const inner = host.slice(1, -1);
  if (host.startsWith('[') && host.endsWith(']') && inner.length <= MAX_IPV6_CHARACTERS && isIPv6(inner)) return inner;
  throw new SipParseError(host === '' ? 'host is missing' : 'host is malformed');
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  if (port > 65_535) throw new SipParseError('port is malformed');
  return port;
}

/** As it stands in a URI or a Via: IPv6 in brackets. */
export const printHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function parseUriParams(text: string, from: number, to: number): Params {
  const params: Params = new Map();
  for (let at = from; at < to; ) {
    const semicolon = text.indexOf(';', at + 1);
    const end = semicolon >= 0 && semicolon < to ? semicolon : to;
    const part = text.slice(at + 1, end);
    const equals = part.indexOf('=');
    const name = unescapeUri(equals < 0 ? part : part.slice(0, equals)).toLowerCase();
    if (name === '') throw new SipParseError('a URI parameter has no name');
    if (!params.has(name)) params.set(name, equals < 0 ? '' : unescapeUri(part.slice(equals + 1)));
    at = end;
  }
  return params;
}

function parseUriHeaders(text: string): [string, string][] {
  return text.split('&').map((part) => {
    const equals = part.indexOf('=');
    const name = unescapeUri(equals < 0 ? part : part.slice(0, equals));
    if (name === '') throw new SipParseError('a URI header has no name');
    return [name, equals < 0 ? '' : unescapeUri(part.slice(equals + 1))];
  });
}

/** %HH undone, once. Escapes that are no UTF-8 are read as Latin-1. */
export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text;
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw new SipParseError('"%" is not followed by two hexadecimal digits');
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

const escaper = (unsafe: RegExp) => (text: string) =>
  unsafe.test(text) ? text.toWellFormed().replace(new RegExp(unsafe, 'gu'), encodeURIComponent) : text;

// What may stand unescaped, by place (RFC 3261 25.1: user, password, paramchar, hnv-unreserved).
export const escapeUser = escaper(/[^-A-Za-z0-9_.!~*'()&=+$,;?/]/u);
const escapePassword = escaper(/[^-A-Za-z0-9_.!~*'()&=+$,]/u);
const escapeParam = escaper(/[^-A-Za-z0-9_.!~*'()[\]/:&+$]/u);
const escapeHeader = escaper(/[^-A-Za-z0-9_.!~*'()[\]/?:+$]/u);

export function printUri(uri: SipUri): string {
  if (uri.opaque !== undefined) return `${uri.scheme}:${uri.opaque}`;
  let text = `${uri.scheme}:`;
  if (uri.scheme === 'tel') text += escapeUser(uri.user ?? '').replaceAll(';', '%3B');
  else {
    if (uri.user !== undefined || uri.password !== undefined) {
      text += escapeUser(uri.user ?? '');
      if (uri.password !== undefined) text += `:${escapePassword(uri.password)}`;
      text += '@';
    }
    text += printHost(uri.host);
    if (uri.port !== undefined) text += `:${uri.port}`;
  }
  for (const [name, value] of uri.params) {
    text += value === '' ? `;${escapeParam(name)}` : `;${escapeParam(name)}=${escapeParam(value)}`;
  }
  let separator = '?';
  for (const [name, value] of uri.headers) {
    text += `${separator}${escapeHeader(name)}=${escapeHeader(value)}`;
    separator = '&';
  }
  return text;
}

/** Parameters that make two URIs differ when only one has them (RFC 3261 19.1.4). */
const telling = ['transport', 'user', 'ttl', 'method', 'maddr'];

/** RFC 3261 19.1.4; tel: by RFC 3966 5 (visual separators do not count); others by their text. */
export function uriEquals(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme || a.opaque !== b.opaque) return false;
  if (a.scheme === 'tel') return telNumber(a) === telNumber(b) && sameParams(a.params, b.params);
  if (a.user !== b.user || a.password !== b.password || a.port !== b.port) return false;
  if (a.host.toLowerCase() !== b.host.toLowerCase()) return false;
  if (telling.some((name) => a.params.has(name) !== b.params.has(name))) return false;
  for (const [name, value] of a.params) {
    const other = b.params.get(name);
    if (other !== undefined && other.toLowerCase() !== value.toLowerCase()) return false;
  }
  return headerKey(a) === headerKey(b);
}

const telNumber = (uri: SipUri): string => (uri.user ?? '').replace(/[-.()]/g, '').toLowerCase();

function sameParams(a: Params, b: Params): boolean {
  if (a.size !== b.size) return false;
  for (const [name, value] of a) if (b.get(name)?.toLowerCase() !== value.toLowerCase()) return false;
  return true;
}

const headerKey = (uri: SipUri): string =>
  uri.headers
    .map(([name, value]) => `${name.toLowerCase()}=${value}`)
    .sort()
    .join('&');
