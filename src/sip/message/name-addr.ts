// From, To, Contact, Route and their kind: "display name" <uri>;params, or a bare URI with params (RFC 3261 20.10, 25.1).
import { SipParseError } from './error.ts';
import { parseParams, printParams } from './params.ts';
import { isToken, quote, quotedEnd, skipSpace, trimmed, unquote } from './text.ts';
import type { NameAddr } from './types.ts';
import { parseUri, printUri } from './uri.ts';

export function parseNameAddr(text: string): NameAddr {
  const start = skipSpace(text, 0);
  let displayName: string | undefined;
  let open: number;
  if (text.charCodeAt(start) === 0x22) {
    const end = quotedEnd(text, start);
    displayName = unquote(text.slice(start, end));
    open = skipSpace(text, end);
    if (text.charCodeAt(open) !== 0x3c) throw new SipParseError('"<" expected after the display name');
  } else {
    open = text.indexOf('<', start);
    const semicolon = text.indexOf(';', start);
    if (open < 0 || (semicolon >= 0 && semicolon < open)) return parseAddrSpec(text, start, semicolon);
    displayName = plainDisplayName(trimmed(text, start, open));
  }
  const close = text.indexOf('>', open);
  if (close < 0) throw new SipParseError('"<" is not closed');
  return { displayName, uri: parseUri(text.slice(open + 1, close)), params: parseParams(text, close + 1) };
}

/** Without angle brackets everything after ";" belongs to the header, and "," or "?" may not stand in the URI. */
function parseAddrSpec(text: string, start: number, semicolon: number): NameAddr {
  const end = semicolon < 0 ? text.length : semicolon;
  const spec = trimmed(text, start, end);
  if (spec.includes('?') || spec.includes(','))
    throw new SipParseError('a URI with "," or "?" must stand in "<" and ">"');
  return { displayName: undefined, uri: parseUri(spec), params: parseParams(text, end) };
}

/** Unquoted names should be tokens; phones write more (UTF-8, "@", brackets), and only what could mean something else is refused. */
function plainDisplayName(text: string): string | undefined {
  if (/[",;>\\]/.test(text)) throw new SipParseError('the display name must be quoted');
  return text === '' ? undefined : text;
}

/** Always with angle brackets, so that parameters stay where they belong. */
export function printNameAddr(address: NameAddr): string {
  const uri = `<${printUri(address.uri)}>${printParams(address.params)}`;
  const name = address.displayName;
  if (name === undefined || name === '') return uri;
  return `${name.split(' ').every(isToken) ? name : quote(name)} ${uri}`;
}
