// RTP packets (RFC 3550 5.1): the header read in place and written into a buffer the caller owns. No copies, no allocation.

export const rtpHeaderBytes = 12;

/** What `readRtp` fills in; one object serves every packet of a socket. `payloadStart`/`payloadEnd` are offsets into the datagram. */
export interface RtpView {
  marker: boolean;
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** CSRCs in the header, at offset 12, four bytes each. */
  csrcCount: number;
  /** A header extension was there (and skipped). */
  extension: boolean;
  /** Bytes of padding, cut off `payloadEnd`. */
  padding: number;
  payloadStart: number;
  payloadEnd: number;
}

/** The fields a sender chooses; no CSRC, extension or padding. */
export interface RtpHeader {
  marker: boolean;
  payloadType: number;
  /** Taken modulo 2^16. */
  sequence: number;
  /** Taken modulo 2^32. */
  timestamp: number;
  ssrc: number;
}

export const makeRtpView = (): RtpView => ({
  marker: false,
  payloadType: 0,
  sequence: 0,
  timestamp: 0,
  ssrc: 0,
  csrcCount: 0,
  extension: false,
  padding: 0,
  payloadStart: 0,
  payloadEnd: 0,
});

const uint16 = (b: Uint8Array, at: number): number => (b[at]! << 8) | b[at + 1]!;
const uint32 = (b: Uint8Array, at: number): number =>
  ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;

/** Is it RTCP rather than RTP, on a port that carries both (RFC 5761 4: packet types 192..223)? */
export const isRtcp = (datagram: Uint8Array): boolean =>
  datagram.length >= 8 && datagram[0]! >>> 6 === 2 && datagram[1]! >= 192 && datagram[1]! <= 223;

/** Reads the header of an RTP datagram. False, with `into` unspecified, for anything that is not well-formed RTP version 2 (RFC 3550 A.1). */
export function readRtp(datagram: Uint8Array, into: RtpView): boolean {
  const length = datagram.length;
  if (length < rtpHeaderBytes) return false;
  const first = datagram[0]!;
  const second = datagram[1]!;
  if (first >>> 6 !== 2) return false;
  // Sender report to application packet: RTCP sent to the RTP port.
  if (second >= 200 && second <= 204) return false;
  const csrcCount = first & 0x0f;
  let start = rtpHeaderBytes + 4 * csrcCount;
  const extension = (first & 0x10) !== 0;
  if (extension) {
    if (start + 4 > length) return false;
    start += 4 + 4 * uint16(datagram, start + 2);
  }
  if (start > length) return false;
  let padding = 0;
  if ((first & 0x20) !== 0) {
    padding = datagram[length - 1]!;
    if (padding === 0 || start + padding > length) return false;
  }
  into.marker = (second & 0x80) !== 0;
  into.payloadType = second & 0x7f;
  into.sequence = uint16(datagram, 2);
  into.timestamp = uint32(datagram, 4);
  into.ssrc = uint32(datagram, 8);
  into.csrcCount = csrcCount;
  into.extension = extension;
  into.padding = padding;
  into.payloadStart = start;
  into.payloadEnd = length - padding;
  return true;
}

/** Writes a 12-byte header at the start of `buffer` and gives the offset of the payload (12). */
export function writeRtpHeader(buffer: Uint8Array, header: RtpHeader): number {
  const { sequence, timestamp, ssrc } = header;
  buffer[0] = 0x80;
  buffer[1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  buffer[2] = sequence >>> 8;
  buffer[3] = sequence;
  buffer[4] = timestamp >>> 24;
  buffer[5] = timestamp >>> 16;
  buffer[6] = timestamp >>> 8;
  buffer[7] = timestamp;
  buffer[8] = ssrc >>> 24;
  buffer[9] = ssrc >>> 16;
  buffer[10] = ssrc >>> 8;
  buffer[11] = ssrc;
  return rtpHeaderBytes;
}
