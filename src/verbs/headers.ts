// Header objects as applications write them (numbers allowed) to text, short enough for one SIP message.
import { type Refusal, refuse } from '../base/index.ts';
import { longestHeaders } from '../calls/index.ts';

/** A message that is larger than a datagram can be would never arrive, and the far end never hear of the end. */
export function headersRefusal(
  headers: Record<string, string | number> | undefined,
  path = 'headers',
): Refusal | undefined {
  const length = Object.entries(headers ?? {}).reduce(
    (sum, [name, value]) => sum + name.length + String(value).length,
    0,
  );
  return length <= longestHeaders
    ? undefined
    : refuse('verb-option', `must be at most ${longestHeaders} characters in all`, { path });
}

/** What stands in a From header: a name or a number. */
export function textRefusal(text: string | undefined, path: string): Refusal | undefined {
  if (text === undefined || (text.length <= 256 && !/[\r\n"<>]/.test(text) && text.isWellFormed())) return undefined;
  return refuse('verb-option', 'must be one line of at most 256 characters, without quotes and angle brackets', {
    path,
  });
}

export function headerText(headers: Record<string, string | number> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}
