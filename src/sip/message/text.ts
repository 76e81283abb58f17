// The small grammar all headers share: tokens, quoted strings, white space, comma lists (RFC 3261 25.1).
import { SipParseError } from './error.ts';

const tokenChars = new Uint8Array(128);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~") {
  tokenChars[c.charCodeAt(0)] = 1;
}

/** Index of the first character at or after `from` that is no token character. */
export function tokenEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && tokenChars[text.charCodeAt(at)] === 1) at++;
  return at;
}

export const isToken = (text: string): boolean => text.length > 0 && tokenEnd(text, 0) === text.length;

/** Index of the first character at or after `from` that is neither space nor tab. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c !== 0x20 && c !== 0x09) break;
  }
  return at;
}

/** The text between two places, without spaces and tabs at its edges. */
export function trimmed(text: string, from: number, to: number): string {
  let end = to;
  for (; end > from; end--) {
    const c = text.charCodeAt(end - 1);
    if (c !== 0x20 && c !== 0x09) break;
  }
  const start = skipSpace(text, from);
  return start < end ? text.slice(start, end) : '';
}

/** Index after the closing quote of the quoted string that opens at `from`. */
export function quotedEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x5c) at++;
    else if (c === 0x22) return at + 1;
  }
  throw new SipParseError('quoted string is not closed');
}

/** What a quoted string (with its quotes) means. */
export function unquote(text: string): string {
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

/** A quoted string with this meaning. Line breaks cannot be quoted and become spaces. */
export function quote(text: string): string {
  return `"${text.replace(/[\r\n]+/g, ' ').replace(/["\\]/g, '\\$&')}"`;
}

/** The values of a comma list, trimmed; commas in quotes and in angle brackets do not count. Empty values stay, as ''. */
export function splitList(text: string): string[] {
  if (!text.includes(',')) return [trimmed(text, 0, text.length)];
  const values: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22) at = quotedEnd(text, at) - 1;
    else if (c === 0x3c) {
      const close = text.indexOf('>', at);
      if (close < 0) throw new SipParseError('"<" is not closed');
      at = close;
    } else if (c === 0x2c) {
      values.push(trimmed(text, start, at));
      start = at + 1;
    }
  }
  values.push(trimmed(text, start, text.length));
  return values;
}
