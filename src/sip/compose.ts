// Puts the stack's own messages together: which header stands where, and what a user's extra headers may replace.
import { Fault } from '../base/index.ts';
import type { Identity } from './identity.ts';
import { MAX_FORWARDS } from './limits.ts';
import {
  buildRequest,
  buildResponse,
  canonicalHeaderName,
  type HeaderLine,
  isSipParseError,
  isToken,
  parseUri,
  quote,
  type SipRequest,
  type SipResponse,
} from './message/index.ts';
import type { ExtraHeaders, MessageBody, Reply } from './types.ts';

/** Headers that say which dialog and transaction a message belongs to; nobody else may set them. */
const ours = new Set([
  'Via',
  'From',
  'To',
  'Call-ID',
  'CSeq',
  'Route',
  'Record-Route',
  'Content-Length',
  'Content-Type',
]);

/** One that no user may set. */
export const isOwnHeader = (name: string): boolean => ours.has(canonicalHeaderName(name));

/** The user's headers as lines, without those that are ours: where a dialog has our Contact, another would lead its requests elsewhere. */
function extraLines(headers: ExtraHeaders | undefined, contact: string | undefined): HeaderLine[] {
  const lines: HeaderLine[] = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (isOwnHeader(name) || !isToken(name)) continue;
    const canonical = canonicalHeaderName(name);
    if (canonical === 'Contact' && contact !== undefined) continue;
    if (typeof value === 'string') lines.push([canonical, value]);
    else for (const one of value) lines.push([canonical, one]);
  }
  return lines;
}

/** A name that the user has set is not set again. */
function addDefaults(lines: HeaderLine[], defaults: readonly HeaderLine[]): void {
  const given = new Set(lines.map(([name]) => name));
  for (const line of defaults) if (!given.has(line[0])) lines.push(line);
}

/** `"display" <uri>`, with a tag when there is one. */
export function address(uri: string, displayName?: string, tag?: string): string {
  const name = displayName === undefined || displayName === '' ? '' : `${quote(displayName)} `;
  return `${name}<${uri}>${tag === undefined ? '' : `;tag=${tag}`}`;
}

/** A Fault when a request with these could not be read by anybody: they come from applications. */
export function requestFault(method: string, uris: readonly string[]): Fault | undefined {
  if (!isToken(method)) return new Fault('sip-bad-request', `"${method}" is no SIP method`, { sip: 400, http: 422 });
  const wrong = uris.find((uri) => !isUri(uri));
  if (wrong === undefined) return undefined;
  return new Fault('sip-bad-request', `"${wrong}" is no SIP address`, { sip: 400, http: 422 });
}

function isUri(text: string): boolean {
  try {
    parseUri(text);
    return true;
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return false;
  }
}

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly via: string;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly routes: readonly string[];
  readonly contact?: string | undefined;
  readonly headers?: ExtraHeaders | undefined;
  /** Lines made by the stack itself: credentials, Reason. */
  readonly own?: readonly HeaderLine[] | undefined;
  readonly body?: MessageBody | undefined;
}

/** Methods whose requests say what we can do. */
const telling = new Set(['INVITE', 'UPDATE', 'OPTIONS']);

export function composeRequest(identity: Identity, parts: RequestParts): SipRequest {
  const headers: HeaderLine[] = [['Via', parts.via]];
  for (const route of parts.routes) headers.push(['Route', route]);
  headers.push(
    ['From', parts.from],
    ['To', parts.to],
    ['Call-ID', parts.callId],
    ['CSeq', `${parts.cseq} ${parts.method}`],
  );
  const extra = extraLines(parts.headers, parts.contact);
  const defaults: HeaderLine[] = [['Max-Forwards', String(MAX_FORWARDS)]];
  if (parts.contact !== undefined) defaults.push(['Contact', parts.contact]);
  defaults.push(['User-Agent', identity.userAgent]);
  if (telling.has(parts.method)) {
    defaults.push(['Allow', identity.allow]);
    if (identity.supported !== '') defaults.push(['Supported', identity.supported]);
  }
  addDefaults(extra, defaults);
  headers.push(...extra, ...(parts.own ?? []));
  if (parts.body) headers.push(['Content-Type', parts.body.contentType]);
  const { method, uri } = parts;
  return buildRequest(parts.body ? { method, uri, headers, body: parts.body.content } : { method, uri, headers });
}

export interface ResponseParts {
  readonly reason?: string | undefined;
  readonly toTag?: string | undefined;
  readonly contact?: string | undefined;
  readonly reply?: Reply | undefined;
  readonly own?: readonly HeaderLine[] | undefined;
}

export function composeResponse(
  identity: Identity,
  to: { request: SipRequest; status: number },
  parts: ResponseParts = {},
): SipResponse {
  const { request, status } = to;
  const headers = extraLines(parts.reply?.headers, parts.contact);
  const defaults: HeaderLine[] = [];
  if (parts.contact !== undefined) defaults.push(['Contact', parts.contact]);
  if (status > 100) defaults.push(['Server', identity.userAgent]);
  if (status === 405 || status === 501 || (status >= 200 && status < 300 && telling.has(request.method))) {
    defaults.push(['Allow', identity.allow]);
    if (identity.supported !== '') defaults.push(['Supported', identity.supported]);
  }
  addDefaults(headers, defaults);
  if (parts.own) headers.push(...parts.own);
  const body = parts.reply?.body;
  return buildResponse(request, status, {
    headers,
    ...(parts.reason === undefined ? {} : { reason: parts.reason }),
    ...(parts.toTag === undefined ? {} : { toTag: parts.toTag }),
    ...(body === undefined ? {} : { body: body.content, contentType: body.contentType }),
  });
}

/** What ACK to a failure and CANCEL share with their INVITE (RFC 3261 9.1, 17.1.1.3). */
function hopByHop(request: SipRequest, method: string, to: string, own: readonly HeaderLine[]): SipRequest {
  const headers: HeaderLine[] = [['Via', request.values('Via')[0]!]];
  for (const route of request.values('Route')) headers.push(['Route', route]);
  headers.push(
    ['From', request.header('From')!],
    ['To', to],
    ['Call-ID', request.callId],
    ['CSeq', `${request.cseq.number} ${method}`],
    ['Max-Forwards', String(MAX_FORWARDS)],
    ...own,
  );
  return buildRequest({ method, uri: request.uriText, headers });
}

export const ackToFailure = (invite: SipRequest, response: SipResponse): SipRequest =>
  hopByHop(invite, 'ACK', response.header('To')!, []);

export const cancelOf = (invite: SipRequest, reasonHeader?: string): SipRequest =>
  hopByHop(invite, 'CANCEL', invite.header('To')!, reasonHeader === undefined ? [] : [['Reason', reasonHeader]]);
