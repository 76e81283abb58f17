// Makes messages: new requests, responses to requests, and changed copies. Content-Length is the printer's business.
import { isSipParseError } from './error.ts';
import { RequestMessage, ResponseMessage } from './message.ts';
import { canonicalHeaderName, knownHeaderName } from './names.ts';
import { reasonPhrase } from './reasons.ts';
import { isToken, splitList } from './text.ts';
import type { SipRequest, SipResponse, Via } from './types.ts';
import { printVia } from './via.ts';

/** A header line in any spelling. */
export type HeaderLine = readonly [name: string, value: string];

export interface RequestOptions {
  method: string;
  uri: string;
  headers: readonly HeaderLine[];
  /** Text is sent as UTF-8. Its Content-Type stands in `headers`. */
  body?: string | Uint8Array;
}

export interface ResponseOptions {
  /** The registered phrase when absent. */
  reason?: string;
  /** Put on To unless the request has one or the status is 100. */
  toTag?: string;
  headers?: readonly HeaderLine[];
  body?: string | Uint8Array;
  contentType?: string;
}

export interface HeaderEdits {
  /** Every line of these headers goes. */
  remove?: readonly string[];
  /** New lines before all others. */
  prepend?: readonly HeaderLine[];
  /** New lines after all others. */
  append?: readonly HeaderLine[];
  /** Replaces all lines of the header by one, at the place of the first, or at the end. */
  set?: readonly HeaderLine[];
}

/** Header lines under construction. */
class Lines {
  readonly names: string[] = [];
  readonly values: string[] = [];

  /** A name that is no token is a bug; a line break in a value would start a new header, so it becomes a space. */
  add(name: string, value: string): void {
    if (!isToken(name)) throw new Error(`bug: "${name}" is no header name`);
    const canonical = canonicalHeaderName(name);
    if (canonical === 'Content-Length') return;
    this.copy(canonical, oneLine(value));
  }

  /** A line that stands in a message already, and so is clean. */
  copy(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  addAll(lines: readonly HeaderLine[] | undefined): void {
    if (lines) for (const [name, value] of lines) this.add(name, value);
  }
}

const oneLine = (text: string): string => (/[\r\n]/.test(text) ? text.replace(/[\r\n]+/g, ' ') : text);

const bytesOf = (body: string | Uint8Array | undefined): Uint8Array =>
  typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array(0));

export function buildRequest(options: RequestOptions): SipRequest {
  if (!isToken(options.method)) throw new Error(`bug: "${options.method}" is no method`);
  const lines = new Lines();
  lines.addAll(options.headers);
  const uri = options.uri.replace(/\s+/g, '');
  return new RequestMessage(options.method, uri, { ...lines, body: bytesOf(options.body), encoding: 'utf8' });
}

/** Requests whose 1xx and 2xx make a dialog and so carry the Record-Route set back (RFC 3261 12.1.1, 6665, 3515). */
const dialogMakers = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']);

/** RFC 3261 8.2.6.2. Header lines are copied as they came, so a request that cannot be read can still be answered. */
export function buildResponse(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
  const lines = new Lines();
  const all = status > 100 && status < 300 && dialogMakers.has(request.method) ? ['Via', 'Record-Route'] : ['Via'];
  const once = new Set(['From', 'To', 'Call-ID', 'CSeq']);
  if (status === 100) once.add('Timestamp');
  for (const [name, value] of request.lines) {
    // The second From of a malformed request would make the answer as malformed.
    if (!all.includes(name) && !once.delete(name)) continue;
    const tagged = name === 'To' && status > 100 && options.toTag && !hasTag(request);
    lines.copy(name, tagged ? `${value};tag=${oneLine(options.toTag!)}` : value);
  }
  const added = new Lines();
  added.addAll(options.headers);
  if (options.contentType !== undefined) added.add('Content-Type', options.contentType);
  for (const [at, name] of added.names.entries()) lines.copy(name, inEncoding(request, added.values[at]!));
  const reason = inEncoding(request, oneLine(options.reason ?? reasonPhrase(status)));
  return new ResponseMessage(status, reason, { ...lines, body: bytesOf(options.body), encoding: request.encoding });
}

function hasTag(request: SipRequest): boolean {
  try {
    return request.toTag !== undefined;
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return /;[ \t]*tag[ \t]*=/i.test(request.header('To') ?? '');
  }
}

/** Our own UTF-8 text for a message that is kept byte by byte. */
const inEncoding = (message: SipRequest | SipResponse, text: string): string =>
  message.encoding === 'latin1' ? Buffer.from(text).toString('latin1') : text;

/** A copy with other header lines; the body is shared. */
export function withHeaders<M extends SipRequest | SipResponse>(message: M, edits: HeaderEdits): M;
export function withHeaders(message: SipRequest | SipResponse, edits: HeaderEdits): SipRequest | SipResponse {
  const lines = new Lines();
  const gone = new Set(edits.remove?.map(keyOf));
  const set = new Map(edits.set?.map((line) => [keyOf(line[0]), line]));
  const placed = new Set<string>();
  lines.addAll(edits.prepend);
  for (const [name, value] of message.lines) {
    const key = keyOf(name);
    const replacement = set.get(key);
    if (replacement && !placed.has(key)) lines.add(...replacement);
    else if (!replacement && !gone.has(key)) lines.copy(name, value);
    if (replacement) placed.add(key);
  }
  for (const [key, line] of set) if (!placed.has(key)) lines.add(...line);
  lines.addAll(edits.append);
  const parts = { ...lines, body: message.body, encoding: message.encoding };
  if (message.kind === 'request') return new RequestMessage(message.method, message.uriText, parts);
  return new ResponseMessage(message.status, message.reason, parts);
}

/** One name for all spellings of a header. */
const keyOf = (name: string): string => knownHeaderName(name) ?? name.toLowerCase();

/** A copy whose topmost Via is this one, in its place; the Vias below stay as they came, line by line. */
export function withTopVia(request: SipRequest, via: Via): SipRequest {
  const lines = new Lines();
  let placed = false;
  for (const [name, value] of request.lines) {
    if (name !== 'Via' || placed) {
      lines.copy(name, value);
      continue;
    }
    const [, ...below] = splitList(value);
    lines.copy(name, [printVia(via), ...below].join(', '));
    placed = true;
  }
  const parts = { ...lines, body: request.body, encoding: request.encoding };
  return new RequestMessage(request.method, request.uriText, parts);
}

/**
 * What a server does to a request it receives: `received` when the sent-by host is not the source address, or `rport` was
 * asked for, which is filled in (RFC 3261 18.2.1, RFC 3581 4). The request itself when nothing changes.
 */
export function stampReceived(request: SipRequest, source: { host: string; port: number }): SipRequest {
  const top = request.vias[0];
  if (!top) return request;
  const wantsPort = top.params.get('rport') === '';
  if (top.host === source.host && !wantsPort) return request;
  const params = new Map(top.params);
  params.set('received', source.host);
  if (wantsPort) params.set('rport', String(source.port));
  return withTopVia(request, { ...top, params });
}
