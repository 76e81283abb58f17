// Writes a session description (RFC 8866), lines in the order the RFC demands, each ended by CRLF.
import type { Attribute, Connection, SessionDescription } from './types.ts';

const attributeLine = ({ name, value }: Attribute): string =>
  value === undefined ? `a=${name}` : `a=${name}:${value}`;
const connectionLine = (c: Connection): string => `c=IN ${c.addressType} ${c.address}`;

export function printSdp(sdp: SessionDescription): string {
  const { username, sessionId, sessionVersion, addressType, address } = sdp.origin;
  const lines = ['v=0', `o=${username} ${sessionId} ${sessionVersion} IN ${addressType} ${address}`];
  lines.push(`s=${sdp.sessionName || '-'}`);
  if (sdp.connection) lines.push(connectionLine(sdp.connection));
  lines.push('t=0 0', ...sdp.attributes.map(attributeLine));
  for (const section of sdp.media) {
    lines.push(`m=${section.kind} ${section.port} ${section.protocol} ${section.formats.join(' ')}`);
    if (section.connection) lines.push(connectionLine(section.connection));
    lines.push(...section.attributes.map(attributeLine));
  }
  return `${lines.join('\r\n')}\r\n`;
}
