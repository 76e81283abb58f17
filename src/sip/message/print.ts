// Messages to bytes, in one buffer. Content-Length is always sent, last, and always true.
import type { SipRequest, SipResponse } from './types.ts';

/** The first line, without its line break. */
export const startLine = (message: SipRequest | SipResponse): string =>
  message.kind === 'request'
    ? `${message.method} ${message.uriText} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;

export function printMessage(message: SipRequest | SipResponse): Buffer {
  let head = `${startLine(message)}\r\n`;
  for (const [name, value] of message.lines) if (name !== 'Content-Length') head += `${name}: ${value}\r\n`;
  const { body, encoding } = message;
  head += `Content-Length: ${body.length}\r\n\r\n`;
  if (body.length === 0) return Buffer.from(head, encoding);
  const bytes = Buffer.allocUnsafe(Buffer.byteLength(head, encoding) + body.length);
  bytes.set(body, bytes.write(head, encoding));
  return bytes;
}
