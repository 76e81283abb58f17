// The body of a SIPREC INVITE: a session description and the recording's metadata (RFC 7866 9.1, RFC 2046 5.1).
import type { MessageBody } from '../../../sip/index.ts';

export interface BodyPart {
  type: string;
  disposition: string;
  content: string;
}

/** No part of ours holds a line that begins with two hyphens: session descriptions are `x=` lines, XML begins with `<` or a blank. */
const boundary = 'crosspoint-recording';

export function multipart(parts: readonly BodyPart[]): MessageBody {
  const sections = parts.map(
    ({ type, disposition, content }) =>
      `--${boundary}\r\nContent-Type: ${type}\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`,
  );
  return { contentType: `multipart/mixed;boundary=${boundary}`, content: `${sections.join('')}--${boundary}--\r\n` };
}
