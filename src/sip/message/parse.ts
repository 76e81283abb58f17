// Bytes to messages (RFC 3261 7 and 18.3): start line and header lines are found in one pass, values are read later.
import { isUtf8 } from 'node:buffer';
import { SipParseError, type SipParseErrorOptions } from './error.ts';
import { MAX_HEADER_LINES, MAX_MESSAGE_BYTES } from './limits.ts';
import { RequestMessage, ResponseMessage } from './message.ts';
import { canonicalHeaderName, knownHeaderName } from './names.ts';
import { isToken, trimmed } from './text.ts';
import type { SipRequest, SipResponse } from './types.ts';

const noBody = new Uint8Array(0);
const blankLine = Buffer.from('\r\n\r\n');

/**
 * One message from one datagram, or from exactly one message's bytes. The body is a view on `data`; what follows it is
 * dropped (RFC 3261 18.3). Throws SipParseError, whose `partial` serves to answer a request when that is possible.
 */
export function parseMessage(data: Uint8Array): SipRequest | SipResponse {
  const bytes = asBuffer(data);
  if (bytes.length > MAX_MESSAGE_BYTES) throw new SipParseError('message is larger than 64 KiB', { status: 513 });
  const start = skipLineBreaks(bytes, 0);
  const blank = bytes.indexOf(blankLine, start);
  const head = readHead(bytes, start, blank < 0 ? bytes.length : blank);
  if (blank < 0) head.fail('no empty line after the headers');
  const bodyStart = blank < 0 ? bytes.length : blank + 4;
  const bodyEnd = head.contentLength === undefined ? bytes.length : bodyStart + head.contentLength;
  if (bodyEnd > bytes.length) head.fail('larger than the body', { header: 'Content-Length' });
  return head.message(bodyStart < bodyEnd ? bytes.subarray(bodyStart, bodyEnd) : noBody);
}

export const asBuffer = (data: Uint8Array): Buffer =>
  Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** Line breaks before a start line are to be ignored (RFC 3261 7.5). */
function skipLineBreaks(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) at += 2;
  return at;
}

/** What a header section says, and the first thing wrong with it. */
export class Head {
  readonly names: string[] = [];
  readonly values: string[] = [];
  readonly encoding: 'utf8' | 'latin1';
  method: string | undefined;
  uriText = '';
  status = 0;
  reason = '';
  contentLength: number | undefined;
  problem: (SipParseErrorOptions & { reason: string }) | undefined;

  constructor(encoding: 'utf8' | 'latin1') {
    this.encoding = encoding;
  }

  fail(reason: string, options: SipParseErrorOptions = {}): void {
    this.problem ??= { ...options, reason };
  }

  /** The message; throws when something is wrong with it. */
  message(body: Uint8Array): SipRequest | SipResponse {
    if (this.problem) throw this.error();
    const parts = { names: this.names, values: this.values, body, encoding: this.encoding };
    if (this.method !== undefined) return new RequestMessage(this.method, this.uriText, parts);
    return new ResponseMessage(this.status, this.reason, parts);
  }

  error(): SipParseError {
    const { reason, ...options } = this.problem ?? { reason: 'message is malformed' };
    const { names, values, encoding, method } = this;
    // A response is never answered, nor is an ACK; without a Via there is no way back.
    if (method === undefined || method === 'ACK' || !names.includes('Via')) return new SipParseError(reason, options);
    const partial = new RequestMessage(method, this.uriText, { names, values, body: noBody, encoding });
    return new SipParseError(reason, { ...options, partial });
  }
}

/** Reads the header section that lies between two places, without its empty line. */
export function readHead(bytes: Buffer, from: number, to: number): Head {
  let text = bytes.toString('utf8', from, to);
  let encoding: 'utf8' | 'latin1' = 'utf8';
  // Bytes that are no UTF-8 are kept one by one, so that a response can give them back as they came.
  if (text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) {
    text = bytes.toString('latin1', from, to);
    encoding = 'latin1';
  }
  const head = new Head(encoding);
  const end = lineEnd(head, text, 0);
  readStartLine(head, text.slice(0, end));
  readHeaderLines(head, text, nextLine(text, end));
  return head;
}

/** Index of the line break that ends the line. A lone CR or LF ends it too, but is a fault. */
function lineEnd(head: Head, text: string, from: number): number {
  const cr = text.indexOf('\r', from);
  const lf = text.indexOf('\n', from);
  if (cr >= 0 && lf === cr + 1) return cr;
  if (cr < 0 && lf < 0) return text.length;
  head.fail('a line does not end with CR and LF');
  return cr < 0 || (lf >= 0 && lf < cr) ? lf : cr;
}

/** Where the next line starts; nothing after a lone CR or LF is read. */
const nextLine = (text: string, end: number): number =>
  text.charCodeAt(end) === 0x0d && text.charCodeAt(end + 1) === 0x0a ? end + 2 : text.length;

function readStartLine(head: Head, line: string): void {
  if (/^SIP\//i.test(line)) {
    readStatusLine(head, line);
    return;
  }
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const method = line.slice(0, Math.max(first, 0));
  if (!isToken(method)) {
    head.fail('start line is malformed');
    return;
  }
  const version = line.slice(last + 1);
  head.method = method;
  head.uriText = line.slice(first + 1, Math.max(last, first + 1));
  const sip = /^SIP\/\d+\.\d+$/i.test(version);
  if (sip && version.toUpperCase() !== 'SIP/2.0') head.fail('SIP version is not 2.0', { status: 505 });
  if (!sip || head.uriText === '' || /\s/.test(head.uriText)) head.fail('request line is malformed');
}

function readStatusLine(head: Head, line: string): void {
  const match = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/is.exec(line);
  if (!match) {
    head.fail('status line is malformed');
    return;
  }
  head.status = Number(match[1]);
  head.reason = match[2] ?? '';
}

function readHeaderLines(head: Head, text: string, from: number): void {
  const { names, values } = head;
  let lines = 0;
  for (let at = from; at < text.length; ) {
    const end = lineEnd(head, text, at);
    const c = text.charCodeAt(at);
    if (c === 0x20 || c === 0x09) {
      // A folded line continues the one before it (RFC 3261 7.3.1).
      if (values.length === 0) {
        head.fail('the first header line is folded');
        return;
      }
      values[values.length - 1] = joined(values[values.length - 1]!, trimmed(text, at, end));
    } else if (++lines > MAX_HEADER_LINES) {
      head.fail('too many header lines');
      return;
    } else {
      readHeaderLine(head, text, at, end);
    }
    at = nextLine(text, end);
  }
  const length = names.indexOf('Content-Length');
  if (length < 0) return;
  if (names.indexOf('Content-Length', length + 1) >= 0) {
    head.fail('more than one', { header: 'Content-Length' });
    return;
  }
  const value = values[length]!;
  if (!/^\d+$/.test(value)) head.fail('not a number', { header: 'Content-Length' });
  else if (Number(value) > MAX_MESSAGE_BYTES) head.fail('too large', { header: 'Content-Length' });
  else head.contentLength = Number(value);
}

const joined = (before: string, more: string): string =>
  before === '' || more === '' ? before + more : `${before} ${more}`;

function readHeaderLine(head: Head, text: string, at: number, end: number): void {
  const colon = text.indexOf(':', at);
  if (colon < 0 || colon > end) {
    head.fail('a header line has no colon');
    return;
  }
  const raw = text.slice(at, colon);
  let name = knownHeaderName(raw);
  if (name === undefined) {
    const plain = trimmed(raw, 0, raw.length);
    if (!isToken(plain)) {
      head.fail('a header name is malformed');
      return;
    }
    name = canonicalHeaderName(plain);
  }
  head.names.push(name);
  head.values.push(trimmed(text, colon + 1, end));
}
