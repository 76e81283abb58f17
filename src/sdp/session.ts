// Our side of one SDP session as plain data: version counting, section order, the meaning of payload numbers.
import { type Format, formatsOf } from './formats.ts';
import { printSdp } from './print.ts';
import type { AddressType, MediaSection, SdpSession, SessionDescription } from './types.ts';

/** Dynamic payload types begin here (RFC 3551 3). */
const firstDynamic = 96;
const meaningKey = (f: Format): string => `${f.name.toLowerCase()}/${f.clockRate}/${f.channels}`;

/** `sessionId`: digits, unique (RFC 8866 5.2); a random 32-bit number will do. */
export const newSdpSession = (options: { sessionId: string; username?: string }): SdpSession => ({
  username: options.username ?? '-',
  sessionId: options.sessionId,
  version: 1,
  sent: undefined,
  sections: [],
  audioSection: 0,
  payloadTypes: {},
});

const typeOf = (address: string): AddressType => (address.includes(':') ? 'IP6' : 'IP4');

/** What we say now, ready to send, and the session that has said it. */
export interface Said {
  description: SessionDescription;
  sdp: string;
  session: SdpSession;
}

export interface Saying {
  address: string;
  media: MediaSection[];
  audioSection: number;
  /** The sections from which payload numbers get their meaning. */
  meanings: readonly MediaSection[];
}

/** Puts `o=` on a description; its version is raised when anything differs from what was sent last (RFC 3264 5, 8). */
export function say(session: SdpSession, saying: Saying): Said {
  const { address, media, audioSection } = saying;
  const origin = session.origin ?? address;
  const at = (version: number): SessionDescription => ({
    origin: {
      username: session.username,
      sessionId: session.sessionId,
      sessionVersion: String(version),
      addressType: typeOf(origin),
      address: origin,
    },
    sessionName: '-',
    connection: { addressType: typeOf(address), address },
    attributes: [],
    media,
  });
  const body = printSdp(at(0));
  const version = session.sent === undefined || session.sent === body ? session.version : session.version + 1;
  const description = at(version);
  const sections = media.map(({ kind, protocol, formats }) => ({ kind, protocol, formats }));
  const payloadTypes = { ...session.payloadTypes };
  for (const section of saying.meanings)
    for (const f of formatsOf(section)) payloadTypes[f.payloadType] = meaningKey(f);
  const next = { ...session, origin, version, sent: body, sections, audioSection, payloadTypes };
  return { description, sdp: printSdp(description), session: next };
}

/** The number has had no other meaning in this session. Static ones never have. */
export function isFree(session: SdpSession, format: Format): boolean {
  const meaning = session.payloadTypes[format.payloadType];
  return format.payloadType < firstDynamic || meaning === undefined || meaning === meaningKey(format);
}

/** The number to offer a format under: the one it had before, else its own, else a free dynamic one. */
export function payloadTypeFor(session: SdpSession, format: Format, taken: ReadonlySet<number>): number {
  const wished = format.payloadType;
  if (wished < firstDynamic) return wished;
  const key = meaningKey(format);
  for (const [number, meaning] of Object.entries(session.payloadTypes))
    if (meaning === key && !taken.has(Number(number))) return Number(number);
  const isOpen = (n: number): boolean => session.payloadTypes[n] === undefined && !taken.has(n);
  if (isOpen(wished)) return wished;
  for (let n = firstDynamic; n <= 127; n++) if (isOpen(n)) return n;
  return wished;
}
