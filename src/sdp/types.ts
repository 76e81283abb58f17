// The shapes of the sdp room: a parsed description, what we can do, and what was agreed.
import type { Address } from '../base/index.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
export type AddressType = 'IP4' | 'IP6';

export interface Origin {
  username: string;
  sessionId: string;
  sessionVersion: string;
  addressType: AddressType;
  address: string;
}

export interface Connection {
  addressType: AddressType;
  /** Without a multicast `/ttl`. */
  address: string;
}

/** `a=name` or `a=name:value`. */
export interface Attribute {
  name: string;
  value: string | undefined;
}

/** One `m=` section. */
export interface MediaSection {
  /** audio, video, image, application, ... */
  kind: string;
  /** 0: rejected or switched off. */
  port: number;
  /** As written: `RTP/AVP`. */
  protocol: string;
  formats: string[];
  connection: Connection | undefined;
  attributes: Attribute[];
}

/** A description (RFC 8866), less what no telephone uses: b=, k=, r=, z=, i=, u=, e= and p= lines are read over. */
export interface SessionDescription {
  origin: Origin;
  sessionName: string;
  connection: Connection | undefined;
  attributes: Attribute[];
  media: MediaSection[];
}

/** Text that is no description: what is wrong, in which line (from 1). */
export interface SdpError {
  readonly sdpError: true;
  readonly line: number;
  readonly reason: string;
}

/** A codec we have. The list's order is our preference. */
export interface LocalCodec {
  /** As in rtpmap: PCMU, PCMA, G722, opus. */
  name: string;
  /** Clock of RTP timestamps, as in rtpmap: 8000 for G722 too (RFC 3551 4.5.2). */
  clockRate: number;
  /** Static, or ours when we offer. */
  payloadType: number;
  channels?: number;
  /** Our `a=fmtp` parameters. */
  fmtp?: string;
}

/** What we want of a session: the input of an offer and of an answer. */
export interface LocalMedia {
  /** The address the far end shall send to; RTCP goes to port + 1 unless multiplexed. */
  address: string;
  port: number;
  codecs: readonly LocalCodec[];
  /** Packet time we like to get; the far end's wish decides what we send. */
  ptimeMs?: number;
  /** Telephone-event (RFC 4733). */
  dtmf: boolean;
  /**
   * The media is another party's (RFC 3725): the numbers of `codecs`, and this one of telephone-event, are those that it takes and are
   * said as they are. `null`: it takes no events.
   */
  dtmfPayloadType?: number | null;
  /** Comfort noise, payload type 13 (RFC 3389). */
  comfortNoise?: boolean;
  /** RTP and RTCP on one port (RFC 5761): offered, and agreed to when offered. */
  rtcpMux?: boolean;
  /** What we want to do; the far end's wish is cut out of it. Default sendrecv. */
  direction?: Direction;
  /** Whose order of codecs counts when we answer. Default 'ours'. */
  preference?: 'ours' | 'offerer';
}

/** A payload type the far end may send us. */
export interface ReceivableFormat {
  payloadType: number;
  codec: string;
  clockRate: number;
}

/** What offer/answer agreed on, seen from us. A superset of the media room's NegotiatedMedia. */
export interface AgreedMedia {
  codec: string;
  /** What we put into packets: the far end's number. */
  payloadType: number;
  clockRate: number;
  /** Packet time we send. */
  ptimeMs: number;
  /** Payload type of the telephone events we send, when agreed. */
  dtmfPayloadType: number | undefined;
  /** Clock of telephone events; the codec's unless the far end left no choice. */
  dtmfClockRate: number | undefined;
  comfortNoisePayloadType: number | undefined;
  /** What may come in, telephone-event and CN included: our numbers, where the far end answered with others. */
  receive: readonly ReceivableFormat[];
  /** The codec's `a=fmtp` parameters, from the far end. */
  fmtp: string | undefined;
  /** All that the far end named, codecs and others. */
  listed: readonly string[];
  /** Where our packets go. Host 0.0.0.0 or :: or port 0: nothing may be sent at all, RTCP neither. */
  remote: Address;
  /** Where our RTCP goes; equal to `remote` with `rtcpMux`. */
  remoteRtcp: Address;
  rtcpMux: boolean;
  direction: Direction;
}

/** A media section's frame: what later descriptions of the session must repeat (RFC 3264 8). */
export interface SectionShape {
  kind: string;
  protocol: string;
  formats: readonly string[];
}

/** Our side of one SDP session, as plain data: pass it in, keep what comes back. */
export interface SdpSession {
  readonly username: string;
  readonly sessionId: string;
  /** Address of `o=`: that of the first description, wherever the media goes later. */
  readonly origin?: string;
  /** `o=` version of the last description sent; raised only when the next one differs (RFC 3264 8). */
  readonly version: number;
  /** The last description sent, as text with version 0. */
  readonly sent: string | undefined;
  readonly sections: readonly SectionShape[];
  /** Which section is our audio. */
  readonly audioSection: number;
  /** What each dynamic payload number has meant so far, as `name/clock`: it must not mean anything else later (RFC 3264 8.3.2). */
  readonly payloadTypes: Readonly<Record<number, string>>;
}
