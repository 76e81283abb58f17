// What an offer and an answer have in common: understanding the far end's audio section, and writing ours.
import { type Address, isRefusal, type Refusal, refuse } from '../base/index.ts';
import { comfortNoiseFor, dtmfFor, type Format, formatsOf, rtpmapValue, sameCodec } from './formats.ts';
import { isSdpError, parseSdp } from './parse.ts';
import { ptimeOf, remoteOf, rtcpOf } from './section.ts';
import type {
  AgreedMedia,
  Attribute,
  Direction,
  LocalMedia,
  MediaSection,
  ReceivableFormat,
  SectionShape,
  SessionDescription,
} from './types.ts';

/** Digits 0-9 * # A-D: what we send and understand (RFC 4733 2.4.1). */
export const dtmfFmtp = '0-15';

/** The media is another party's, who knows no numbers but its own. */
export const isPassed = (local: LocalMedia): boolean => local.dtmfPayloadType !== undefined;

/** An expected "no" to a description that is well-formed. */
export const no = (code: string, reason: string): Refusal => refuse(code, reason, { sip: 488 });

export function understand(sdp: string | SessionDescription): SessionDescription | Refusal {
  if (typeof sdp !== 'string') return sdp;
  const parsed = parseSdp(sdp);
  if (!isSdpError(parsed)) return parsed;
  return refuse('sdp-malformed', `SDP line ${parsed.line}: ${parsed.reason}`, { sip: 400 });
}

/** Why we cannot speak a section's protocol, in words for its far end. */
function protocolProblem(protocol: string): string | undefined {
  const name = protocol.toUpperCase();
  if (name === 'RTP/AVP' || name === 'RTP/AVPF') return undefined;
  if (name.includes('TLS')) return `${protocol} asks for DTLS-SRTP, which is not available here; use RTP/AVP`;
  if (name.includes('SAVP')) return `${protocol} asks for SRTP, which is not available here; use RTP/AVP`;
  return `${protocol} is not an audio protocol known here; use RTP/AVP`;
}

/** The far end's audio section, read and found usable. */
export interface Theirs {
  section: MediaSection;
  formats: readonly Format[];
  codec: Format;
  remote: Address;
}

/** Reads a section; `choose` picks the codec. A refusal says why the section is of no use. */
export function readTheirs(
  sdp: SessionDescription,
  section: MediaSection,
  local: LocalMedia,
  choose: (formats: readonly Format[]) => Format | undefined,
): Theirs | Refusal {
  const problem = protocolProblem(section.protocol);
  if (problem) return no('sdp-protocol', problem);
  const formats = formatsOf(section);
  const codec = choose(formats);
  if (!codec) return no('sdp-codec', `no codec in common; here are ${local.codecs.map((c) => c.name).join(', ')}`);
  const remote = remoteOf(sdp, section, local.address);
  return isRefusal(remote) ? remote : { section, formats, codec, remote };
}

export const dtmfOf = (theirs: Theirs, local: LocalMedia): Format | undefined =>
  local.dtmf ? dtmfFor(theirs.formats, theirs.codec.clockRate) : undefined;

export const comfortNoiseOf = (theirs: Theirs, local: LocalMedia): Format | undefined =>
  local.comfortNoise ? comfortNoiseFor(theirs.formats, theirs.codec.clockRate) : undefined;

/** The result for the media engine. `receive`: what the far end may send us. */
export function agreed(
  theirs: Theirs,
  local: LocalMedia,
  more: { direction: Direction; rtcpMux: boolean; receive: readonly ReceivableFormat[] },
): AgreedMedia {
  const { codec, section, remote } = theirs;
  const dtmf = dtmfOf(theirs, local);
  return {
    // In our spelling, whatever case the far end wrote.
    codec: local.codecs.find((c) => sameCodec(codec, c))?.name ?? codec.name,
    payloadType: codec.payloadType,
    clockRate: codec.clockRate,
    ptimeMs: ptimeOf(section, local.ptimeMs),
    dtmfPayloadType: dtmf?.payloadType,
    dtmfClockRate: dtmf?.clockRate,
    comfortNoisePayloadType: comfortNoiseOf(theirs, local)?.payloadType,
    receive: more.receive,
    fmtp: codec.fmtp,
    listed: theirs.formats.map((f) => f.name),
    remote,
    remoteRtcp: more.rtcpMux ? remote : rtcpOf(section, remote),
    rtcpMux: more.rtcpMux,
    direction: more.direction,
  };
}

export const receivable = (formats: readonly Format[]): ReceivableFormat[] =>
  formats.map((f) => ({ payloadType: f.payloadType, codec: f.name, clockRate: f.clockRate }));

/** Our audio section. */
export function audioSection(ours: {
  port: number;
  protocol: string;
  formats: readonly Format[];
  ptimeMs: number;
  direction: Direction;
  rtcpMux: boolean;
}): MediaSection {
  const attributes: Attribute[] = [];
  for (const format of ours.formats) {
    attributes.push({ name: 'rtpmap', value: rtpmapValue(format) });
    if (format.fmtp) attributes.push({ name: 'fmtp', value: `${format.payloadType} ${format.fmtp}` });
  }
  attributes.push({ name: 'ptime', value: String(ours.ptimeMs) }, { name: ours.direction, value: undefined });
  if (ours.rtcpMux) attributes.push({ name: 'rtcp-mux', value: undefined });
  return {
    kind: 'audio',
    port: ours.port,
    protocol: ours.protocol,
    formats: ours.formats.map((f) => String(f.payloadType)),
    connection: undefined,
    attributes,
  };
}

/** A section we do not take: the same, on port 0 (RFC 3264 6). */
export const rejectedSection = ({ kind, protocol, formats }: SectionShape): MediaSection => ({
  kind,
  port: 0,
  protocol,
  formats: [...formats],
  connection: undefined,
  attributes: [],
});
