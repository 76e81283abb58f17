// What a codec is: Int16 samples to bytes and back, with the facts SDP and RTP need.

/** State of one direction. `out` must have room for the whole result; what does not fit is not written. */
export interface Encoder {
  /** Encodes every sample of `pcm`; returns bytes written. */
  encode(pcm: Int16Array, out: Uint8Array): number;
}

/** State of one direction. Any bytes decode to something: a decoder never throws. */
export interface Decoder {
  /** Decodes every byte of `data`; returns samples written. */
  decode(data: Uint8Array, out: Int16Array): number;
}

export interface Codec {
  /** Encoding name in SDP (RFC 3551), upper case; compare without case. */
  readonly name: string;
  /** Samples per second that encode takes and decode gives. */
  readonly sampleRate: number;
  /** RTP clock rate. G.722 says 8000 although it samples at 16,000 (RFC 3551 section 4.5.2). */
  readonly clockRate: number;
  /** Static RTP payload type. */
  readonly payloadType: number;
  readonly channels: 1;
  /** Bytes on the wire per millisecond. */
  readonly bytesPerMs: number;
  /** Samples by which what is decoded is later than what was encoded. */
  readonly delaySamples: number;
  makeEncoder(): Encoder;
  makeDecoder(): Decoder;
}
