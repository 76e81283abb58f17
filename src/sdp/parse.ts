// Reads a session description (RFC 8866): strict on what we use, tolerant of what telephones get wrong elsewhere.
import { maxFormats, maxMediaSections, maxSdpLength, maxSdpLines } from './limits.ts';
import type { Attribute, Connection, MediaSection, Origin, SdpError, SessionDescription } from './types.ts';

export const isSdpError = (value: unknown): value is SdpError =>
  typeof value === 'object' && value !== null && (value as { sdpError?: unknown }).sdpError === true;

/** Collects what lines say; a line handler gives back what is wrong with it, if anything. */
class Reader {
  origin: Origin | undefined;
  sessionName = '-';
  connection: Connection | undefined;
  readonly attributes: Attribute[] = [];
  readonly media: MediaSection[] = [];

  line(type: string, value: string): string | undefined {
    switch (type) {
      case 'o':
        return this.#origin(value);
      case 's':
        if (this.media.length === 0) this.sessionName = value || '-';
        return undefined;
      case 'c':
        return this.#connection(value);
      case 'm':
        return this.#media(value);
      case 'a':
        this.#attribute(value);
        return undefined;
      default:
        // Times, bandwidths, keys, and types from the future: nothing here depends on them.
        return undefined;
    }
  }

  #origin(value: string): string | undefined {
    const [username, sessionId, sessionVersion, net, type, address, ...more] = value.split(/ +/);
    if (address === undefined || more.length > 0) return 'o= needs six fields';
    if (net !== 'IN' || !isAddressType(type)) return 'o= must say IN IP4 or IN IP6';
    this.origin = {
      username: username!,
      sessionId: sessionId!,
      sessionVersion: sessionVersion!,
      addressType: type,
      address,
    };
    return undefined;
  }

  #connection(value: string): string | undefined {
    const [net, type, address, ...more] = value.split(/ +/);
    if (net !== 'IN' || !isAddressType(type)) return 'c= must say IN IP4 or IN IP6';
    const host = address?.split('/')[0];
    if (!host || more.length > 0) return 'c= needs one address';
    const connection: Connection = { addressType: type, address: host };
    const section = this.media.at(-1);
    if (section) section.connection = connection;
    else this.connection = connection;
    return undefined;
  }

  #media(value: string): string | undefined {
    if (this.media.length >= maxMediaSections) return `more than ${maxMediaSections} m= lines`;
    const [kind, portText, protocol, ...formats] = value.split(/ +/);
    const port = /^(\d{1,5})(?:\/\d{1,5})?$/.exec(portText ?? '')?.[1];
    if (!kind || port === undefined || Number(port) > 65_535) return 'm= needs a port from 0 to 65535';
    if (!protocol || formats.length === 0) return 'm= needs a protocol and at least one format';
    if (formats.length > maxFormats) return `more than ${maxFormats} formats`;
    this.media.push({ kind, port: Number(port), protocol, formats, connection: undefined, attributes: [] });
    return undefined;
  }

  #attribute(value: string): void {
    const colon = value.indexOf(':');
    const attribute =
      colon < 0
        ? { name: value, value: undefined }
        : { name: value.slice(0, colon), value: value.slice(colon + 1).trim() };
    (this.media.at(-1)?.attributes ?? this.attributes).push(attribute);
  }
}

const isAddressType = (text: string | undefined): text is 'IP4' | 'IP6' => text === 'IP4' || text === 'IP6';

const wrong = (line: number, reason: string): SdpError => ({ sdpError: true, line, reason });

/** Never throws. Any line ending will do; `o=`, `s=` and `t=` may be missing, `v=0` first and well-formed `o=`, `c=` and `m=` lines may not. */
export function parseSdp(text: string): SessionDescription | SdpError {
  if (text.length > maxSdpLength) return wrong(1, `longer than ${maxSdpLength} characters`);
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > maxSdpLines) return wrong(maxSdpLines, `more than ${maxSdpLines} lines`);
  const reader = new Reader();
  let begun = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === '') continue;
    if (line[1] !== '=' || !/[a-zA-Z]/.test(line[0]!)) return wrong(i + 1, 'not of the form x=value');
    const value = line.slice(2).trim();
    if (!begun) {
      if (line[0] !== 'v') return wrong(i + 1, 'does not begin with v=');
      if (value !== '0') return wrong(i + 1, 'version is not 0');
      begun = true;
      continue;
    }
    const problem = reader.line(line[0]!, value);
    if (problem) return wrong(i + 1, problem);
  }
  if (!begun) return wrong(1, 'empty');
  const { sessionName, connection, attributes, media } = reader;
  return { origin: reader.origin ?? unknownOrigin, sessionName, connection, attributes, media };
}

const unknownOrigin: Origin = {
  username: '-',
  sessionId: '0',
  sessionVersion: '0',
  addressType: 'IP4',
  address: '0.0.0.0',
};
