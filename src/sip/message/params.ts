// Header parameters: ;name=value, with tokens, hosts or quoted strings as values (generic-param, RFC 3261 25.1).
import { SipParseError } from './error.ts';
import { quote, quotedEnd, skipSpace, tokenEnd, trimmed, unquote } from './text.ts';
import type { Params } from './types.ts';

/** Reads parameters from `from`, where the text must be at its end or at a ";". The first of two with one name counts. */
export function parseParams(text: string, from = 0): Params {
  const params: Params = new Map();
  let at = skipSpace(text, from);
  while (at < text.length) {
    if (text.charCodeAt(at) !== 0x3b) throw new SipParseError(`";" expected before "${text.slice(at, at + 20)}"`);
    at = skipSpace(text, at + 1);
    const nameEnd = tokenEnd(text, at);
    if (nameEnd === at) throw new SipParseError('a parameter has no name');
    const name = text.slice(at, nameEnd).toLowerCase();
    at = skipSpace(text, nameEnd);
    let value = '';
    if (text.charCodeAt(at) === 0x3d) {
      at = skipSpace(text, at + 1);
      const end = text.charCodeAt(at) === 0x22 ? quotedEnd(text, at) : plainEnd(text, at);
      value = text.charCodeAt(at) === 0x22 ? unquote(text.slice(at, end)) : trimmed(text, at, end);
      at = skipSpace(text, end);
    }
    if (!params.has(name)) params.set(name, value);
  }
  return params;
}

/** An unquoted value ends at white space, ";", "," or a quote. */
function plainEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x3b || c === 0x2c || c === 0x20 || c === 0x09 || c === 0x22) break;
  }
  return at;
}

/** Characters that may stand in a value without quotes: token and host. */
const plainValue = /^[-.!%*_+`'~A-Za-z0-9[\]:]+$/;

export function printParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) {
    if (value === '') text += `;${name}`;
    else text += `;${name}=${plainValue.test(value) ? value : quote(value)}`;
  }
  return text;
}
