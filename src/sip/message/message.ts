// A message as kept: header lines as text, read into typed values when asked for and then remembered.
import { isSipParseError, SipParseError } from './error.ts';
import { MAX_CSEQ, MAX_MAX_FORWARDS } from './limits.ts';
import { parseNameAddr } from './name-addr.ts';
import { isListHeader, knownHeaderName } from './names.ts';
import { isToken, splitList, trimmed } from './text.ts';
import type { CSeq, NameAddr, SipHeaders, SipRequest, SipResponse, SipUri, Via } from './types.ts';
import { parseUri } from './uri.ts';
import { parseVia } from './via.ts';

/** What a message is made of. `names` (canonical) and `values` run side by side. */
export interface MessageParts {
  names: string[];
  values: string[];
  body: Uint8Array;
  encoding: 'utf8' | 'latin1';
}

/** Runs a reader and names the header in what it throws. */
export function inHeader<T>(header: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isSipParseError(error) && error.header === undefined) throw new SipParseError(error.reason, { header });
    throw error;
  }
}

/** A list whose quotes are not balanced is one value: who asks for text gets text, who asks for typed values an error. */
function lenientList(value: string): string[] {
  try {
    return splitList(value);
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return [value];
  }
}

abstract class Message implements SipHeaders {
  readonly body: Uint8Array;
  readonly encoding: 'utf8' | 'latin1';
  readonly #names: string[];
  readonly #values: string[];
  #from: NameAddr | undefined;
  #to: NameAddr | undefined;
  #cseq: CSeq | undefined;
  #vias: Via[] | undefined;
  #contacts: NameAddr[] | undefined;
  #routes: NameAddr[] | undefined;
  #recordRoutes: NameAddr[] | undefined;

  constructor(parts: MessageParts) {
    this.body = parts.body;
    this.encoding = parts.encoding;
    this.#names = parts.names;
    this.#values = parts.values;
  }

  header(name: string): string | undefined {
    const at = this.#find(name, 0);
    return at < 0 ? undefined : this.#values[at];
  }

  values(name: string): string[] {
    const list = isListHeader(knownHeaderName(name) ?? '');
    const found: string[] = [];
    for (let at = this.#find(name, 0); at >= 0; at = this.#find(name, at + 1)) {
      const value = this.#values[at]!;
      if (!list) found.push(value);
      else for (const one of lenientList(value)) if (one !== '') found.push(one);
    }
    return found;
  }

  get lines(): readonly (readonly [string, string])[] {
    return this.#names.map((name, at) => [name, this.#values[at]!] as const);
  }

  get from(): NameAddr {
    this.#from ??= inHeader('From', () => parseNameAddr(this.#required('From')));
    return this.#from;
  }

  get to(): NameAddr {
    this.#to ??= inHeader('To', () => parseNameAddr(this.#required('To')));
    return this.#to;
  }

  get fromTag(): string | undefined {
    return this.from.params.get('tag') || undefined;
  }

  get toTag(): string | undefined {
    return this.to.params.get('tag') || undefined;
  }

  get callId(): string {
    const value = this.#required('Call-ID');
    if (/[ \t]/.test(value)) throw new SipParseError('Call-ID holds white space', { header: 'Call-ID' });
    return value;
  }

  get cseq(): CSeq {
    this.#cseq ??= parseCSeq(this.#required('CSeq'));
    return this.#cseq;
  }

  get vias(): Via[] {
    this.#vias ??= this.#each('Via', parseVia);
    return this.#vias;
  }

  get contacts(): NameAddr[] {
    this.#contacts ??= this.header('Contact') === '*' ? [] : this.#each('Contact', parseNameAddr);
    return this.#contacts;
  }

  get routes(): NameAddr[] {
    this.#routes ??= this.#each('Route', parseNameAddr);
    return this.#routes;
  }

  get recordRoutes(): NameAddr[] {
    this.#recordRoutes ??= this.#each('Record-Route', parseNameAddr);
    return this.#recordRoutes;
  }

  get maxForwards(): number | undefined {
    const value = this.header('Max-Forwards');
    if (value === undefined) return undefined;
    const hops = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(hops <= MAX_MAX_FORWARDS)) throw new SipParseError('not a number up to 255', { header: 'Max-Forwards' });
    return hops;
  }

  get contentType(): string | undefined {
    const value = this.header('Content-Type');
    if (value === undefined) return undefined;
    const semicolon = value.indexOf(';');
    return trimmed(value, 0, semicolon < 0 ? value.length : semicolon).toLowerCase();
  }

  /** Index of the first line at or after `from` with this name, or -1. */
  #find(name: string, from: number): number {
    const known = knownHeaderName(name);
    if (known !== undefined) return this.#names.indexOf(known, from);
    const lower = name.toLowerCase();
    for (let at = from; at < this.#names.length; at++) if (this.#names[at]!.toLowerCase() === lower) return at;
    return -1;
  }

  #required(name: string): string {
    const value = this.header(name);
    if (value === undefined || value === '') throw new SipParseError('missing', { header: name });
    return value;
  }

  /** Every value of a list header, read; an empty one is malformed. */
  #each<T>(name: string, read: (text: string) => T): T[] {
    return inHeader(name, () => {
      const found: T[] = [];
      for (let at = this.#find(name, 0); at >= 0; at = this.#find(name, at + 1)) {
        for (const value of splitList(this.#values[at]!)) found.push(read(value));
      }
      return found;
    });
  }
}

function parseCSeq(text: string): CSeq {
  const match = /^(\d+)[ \t]+(\S+)$/.exec(text);
  const number = Number(match?.[1]);
  if (!match || !isToken(match[2]!)) throw new SipParseError('not a number and a method', { header: 'CSeq' });
  if (number > MAX_CSEQ) throw new SipParseError('number has more than 32 bits', { header: 'CSeq' });
  return { number, method: match[2]! };
}

export class RequestMessage extends Message implements SipRequest {
  readonly kind = 'request';
  readonly method: string;
  readonly uriText: string;
  #uri: SipUri | undefined;

  constructor(method: string, uriText: string, parts: MessageParts) {
    super(parts);
    this.method = method;
    this.uriText = uriText;
  }

  get uri(): SipUri {
    this.#uri ??= parseUri(this.uriText);
    return this.#uri;
  }
}

export class ResponseMessage extends Message implements SipResponse {
  readonly kind = 'response';
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, parts: MessageParts) {
    super(parts);
    this.status = status;
    this.reason = reason;
  }
}
