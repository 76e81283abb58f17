// Digest authentication for SIP, both ends (RFC 2617, RFC 7616, RFC 8760; RFC 3261 22). Pure: cnonce, nc and time are handed in.
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { isToken, quote, SipParseError, splitList, unquote } from './message/index.ts';

/** Our names for the registered algorithms and what node:crypto calls their hash; strongest first. */
const hashes = { 'SHA-512-256': 'sha512-256', 'SHA-256': 'sha256', MD5: 'md5' } as const;
type HashName = keyof typeof hashes;
export type DigestAlgorithm = HashName | `${HashName}-sess`;
export type Qop = 'auth' | 'auth-int';

/** WWW-Authenticate or Proxy-Authenticate. */
export interface DigestChallenge {
  realm: string;
  nonce: string;
  opaque?: string;
  /** As named by the far end; MD5 when it named none. May be one we do not know. */
  algorithm: string;
  /** What is offered; empty for RFC 2069 servers. */
  qop: string[];
  /** The nonce was too old, the password was right: try again with the new one. */
  stale: boolean;
}

/** Authorization or Proxy-Authorization. */
export interface DigestCredentials {
  username: string;
  realm: string;
  nonce: string;
  uri: string;
  /** Lower-case hexadecimal. */
  response: string;
  algorithm: string;
  opaque?: string;
  qop?: Qop;
  cnonce?: string;
  /** How often this nonce has been used, this time included. */
  nc?: number;
}

export interface DigestRequest {
  method: string;
  /** digest-uri: the Request-URI as text. */
  uri: string;
  /** The body, for auth-int. */
  body?: Uint8Array;
}

export interface DigestAnswerOptions extends DigestRequest {
  challenge: DigestChallenge;
  username: string;
  password: string;
  /** Fresh random text. */
  cnonce: string;
  /** How often the challenge's nonce has been used, this time included: from 1. */
  nc: number;
}

/** undefined for another scheme than Digest. Throws SipParseError when a Digest is malformed. */
export function parseChallenge(value: string): DigestChallenge | undefined {
  const params = digestParams(value);
  if (!params) return undefined;
  const opaque = params.get('opaque');
  return {
    realm: required(params, 'realm'),
    nonce: required(params, 'nonce'),
    ...(opaque !== undefined && { opaque }),
    algorithm: params.get('algorithm') ?? 'MD5',
    qop: splitList(params.get('qop') ?? '')
      .filter(Boolean)
      .map((one) => one.toLowerCase()),
    stale: params.get('stale')?.toLowerCase() === 'true',
  };
}

export function printChallenge(challenge: DigestChallenge): string {
  const parts = [`realm=${quote(challenge.realm)}`, `nonce=${quote(challenge.nonce)}`];
  if (challenge.opaque !== undefined) parts.push(`opaque=${quote(challenge.opaque)}`);
  parts.push(`algorithm=${challenge.algorithm}`);
  if (challenge.qop.length > 0) parts.push(`qop=${quote(challenge.qop.join(','))}`);
  if (challenge.stale) parts.push('stale=true');
  return `Digest ${parts.join(', ')}`;
}

/** undefined for another scheme than Digest. Throws SipParseError when a Digest is malformed. */
export function parseCredentials(value: string): DigestCredentials | undefined {
  const params = digestParams(value);
  if (!params) return undefined;
  const nc = params.get('nc');
  if (nc !== undefined && !/^[0-9a-f]{1,8}$/i.test(nc)) throw new SipParseError('nc is not hexadecimal');
  const qop = params.get('qop')?.toLowerCase();
  if (qop !== undefined && qop !== 'auth' && qop !== 'auth-int') throw new SipParseError('qop is not auth or auth-int');
  const opaque = params.get('opaque');
  const cnonce = params.get('cnonce');
  return {
    username: required(params, 'username'),
    realm: required(params, 'realm'),
    nonce: required(params, 'nonce'),
    uri: required(params, 'uri'),
    response: required(params, 'response').toLowerCase(),
    algorithm: params.get('algorithm') ?? 'MD5',
    ...(opaque !== undefined && { opaque }),
    ...(qop !== undefined && { qop }),
    ...(cnonce !== undefined && { cnonce }),
    ...(nc !== undefined && { nc: Number.parseInt(nc, 16) }),
  };
}

export function printCredentials(credentials: DigestCredentials): string {
  const { username, realm, nonce, uri, response, algorithm, opaque, qop, cnonce, nc } = credentials;
  const parts = [`username=${quote(username)}`, `realm=${quote(realm)}`, `nonce=${quote(nonce)}`, `uri=${quote(uri)}`];
  parts.push(`response="${response}"`, `algorithm=${algorithm}`);
  if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
  if (qop !== undefined) parts.push(`qop=${qop}`);
  if (cnonce !== undefined) parts.push(`cnonce=${quote(cnonce)}`);
  if (nc !== undefined) parts.push(`nc=${ncText(nc)}`);
  return `Digest ${parts.join(', ')}`;
}

/** Of several challenges for one realm, the first we can answer: the server puts what it prefers first (RFC 8760 2.4). */
export function chooseChallenge(challenges: readonly DigestChallenge[]): DigestChallenge | undefined {
  return challenges.find((one) => algorithmOf(one.algorithm) && (one.qop.length === 0 || qopOf(one) !== undefined));
}

/** Credentials for a challenge that chooseChallenge took. */
export function answerChallenge(options: DigestAnswerOptions): DigestCredentials {
  const { challenge, username, uri } = options;
  const qop = qopOf(challenge);
  const credentials: DigestCredentials = {
    username,
    realm: challenge.realm,
    nonce: challenge.nonce,
    uri,
    response: '',
    algorithm: challenge.algorithm,
    ...(challenge.opaque !== undefined && { opaque: challenge.opaque }),
    // RFC 2617 3.2.2: no cnonce and nc for a server that offered no qop, except that a session key needs the cnonce.
    ...(qop !== undefined && { qop, nc: options.nc }),
    ...((qop !== undefined || isSession(challenge.algorithm)) && { cnonce: options.cnonce }),
  };
  const response = expectedResponse(credentials, options, { password: options.password });
  if (response === undefined) throw new Error(`bug: algorithm ${challenge.algorithm} is not known`);
  return { ...credentials, response };
}

/** The secret: a password, or H(username:realm:password) as stored instead of one. */
export type DigestSecret = { password: string } | { ha1: string };

/** H(username:realm:password) in lower-case hexadecimal. */
export const digestHa1 = (algorithm: HashName, who: { username: string; realm: string; password: string }): string =>
  hash(hashes[algorithm], `${who.username}:${who.realm}:${who.password}`, 'hex');

/** Is the response right for this request and secret? Compares in constant time. Nonce, nc and uri are the caller's to check. */
export function verifyCredentials(
  credentials: DigestCredentials,
  request: DigestRequest,
  secret: DigestSecret,
): boolean {
  const expected = expectedResponse(credentials, request, secret);
  if (expected === undefined) return false;
  const [ours, theirs] = [Buffer.from(expected), Buffer.from(credentials.response)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

/** RFC 7616 3.4.1 to 3.4.3; undefined when the algorithm is not known or a part is missing. */
function expectedResponse(
  credentials: DigestCredentials,
  request: DigestRequest,
  secret: DigestSecret,
): string | undefined {
  const { username, realm, nonce, uri, qop, cnonce, nc } = credentials;
  const algorithm = algorithmOf(credentials.algorithm);
  if (!algorithm || (qop && (cnonce === undefined || nc === undefined))) return undefined;
  const h = (text: string): string => hash(hashes[algorithm], text, 'hex');
  let ha1 = 'ha1' in secret ? secret.ha1 : digestHa1(algorithm, { username, realm, password: secret.password });
  if (isSession(credentials.algorithm)) {
    if (cnonce === undefined) return undefined;
    ha1 = h(`${ha1}:${nonce}:${cnonce}`);
  }
  let a2 = `${request.method}:${uri}`;
  if (qop === 'auth-int') a2 += `:${hash(hashes[algorithm], request.body ?? new Uint8Array(0), 'hex')}`;
  return qop ? h(`${ha1}:${nonce}:${ncText(nc!)}:${cnonce}:${qop}:${h(a2)}`) : h(`${ha1}:${nonce}:${h(a2)}`);
}

const ncText = (nc: number): string => nc.toString(16).padStart(8, '0');
const isSession = (algorithm: string): boolean => /-sess$/i.test(algorithm);

function algorithmOf(name: string): HashName | undefined {
  const plain = name.replace(/-sess$/i, '').toUpperCase();
  return plain in hashes ? (plain as HashName) : undefined;
}

function qopOf(challenge: DigestChallenge): Qop | undefined {
  if (challenge.qop.includes('auth')) return 'auth';
  return challenge.qop.includes('auth-int') ? 'auth-int' : undefined;
}

function required(params: Map<string, string>, name: string): string {
  const value = params.get(name);
  if (value === undefined) throw new SipParseError(`${name} is missing`);
  return value;
}

/** The auth-params of a Digest header; undefined for another scheme. */
function digestParams(value: string): Map<string, string> | undefined {
  const scheme = /^Digest[ \t]+/i.exec(value);
  if (!scheme) return undefined;
  const params = new Map<string, string>();
  for (const part of splitList(value.slice(scheme[0].length))) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (!isToken(name)) throw new SipParseError('an authentication parameter is malformed');
    const text = part.slice(equals + 1).trim();
    const quoted = text.startsWith('"');
    if (quoted && !(text.length > 1 && text.endsWith('"'))) throw new SipParseError('quoted string is not closed');
    if (!params.has(name)) params.set(name, quoted ? unquote(text) : text);
  }
  return params;
}

/** A nonce that proves by itself when we made it: time in ms (hex), salt, and their HMAC. `salt` is fresh random text. */
export function makeNonce(key: string | Uint8Array, now: number, salt: string): string {
  const text = `${Math.floor(now).toString(16)}.${salt}`;
  return `${text}.${nonceSeal(key, text)}`;
}

const nonceSeal = (key: string | Uint8Array, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex').slice(0, 32);

/** 'stale': ours, but older than `lifetime` (ms): challenge again with stale=true. 'bad': not ours. */
export function checkNonce(
  nonce: string,
  options: { key: string | Uint8Array; now: number; lifetime: number },
): 'good' | 'stale' | 'bad' {
  const dot = nonce.lastIndexOf('.');
  const [text, seal] = [nonce.slice(0, Math.max(dot, 0)), nonce.slice(dot + 1)];
  const [ours, theirs] = [Buffer.from(nonceSeal(options.key, text)), Buffer.from(seal)];
  if (ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) return 'bad';
  const age = options.now - Number.parseInt(text, 16);
  return age <= options.lifetime ? 'good' : 'stale';
}

/** Sees that no nonce count comes twice (RFC 7616 3.3). Remembers the last `limit` nonces; a forgotten one is refused as stale. */
export class NonceCounts {
  readonly #limit: number;
  readonly #last = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** To be told of each nonce handed out. */
  add(nonce: string): void {
    this.#last.set(nonce, 0);
    if (this.#last.size > this.#limit) this.#last.delete(this.#last.keys().next().value!);
  }

  /** May this count be used? Counts must rise. */
  take(nonce: string, nc: number): boolean {
    const last = this.#last.get(nonce);
    if (last === undefined || nc <= last) return false;
    this.#last.set(nonce, nc);
    return true;
  }
}
