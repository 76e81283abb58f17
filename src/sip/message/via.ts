// Via values: SIP/2.0/UDP host:port;params (RFC 3261 20.42).
import { SipParseError } from './error.ts';
import { parseParams, printParams } from './params.ts';
import { skipSpace } from './text.ts';
import type { Via } from './types.ts';
import { parseHost, parsePort, printHost } from './uri.ts';

const sentProtocol = /SIP[ \t]*\/[ \t]*[0-9.]+[ \t]*\/[ \t]*([-.!%*_+`'~A-Za-z0-9]+)[ \t]+/iy;
const sentBy = /(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)[ \t]*(?::[ \t]*(\d+)[ \t]*)?/y;

/** The transport is given in upper case. The protocol version is not looked at: the message's own counts. */
export function parseVia(text: string): Via {
  sentProtocol.lastIndex = skipSpace(text, 0);
  const protocol = sentProtocol.exec(text);
  if (!protocol) throw new SipParseError('Via is malformed');
  sentBy.lastIndex = sentProtocol.lastIndex;
  const by = sentBy.exec(text);
  if (!by) throw new SipParseError('Via names no host');
  return {
    transport: protocol[1]!.toUpperCase(),
    host: parseHost(by[1]!),
    port: by[2] === undefined ? undefined : parsePort(by[2]),
    params: parseParams(text, sentBy.lastIndex),
  };
}

export function printVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${printHost(via.host)}${port}${printParams(via.params)}`;
}
