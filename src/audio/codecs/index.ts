// The list of codecs, in our order of preference. A new codec is one file and one line here.
import { g722 } from './g722.ts';
import { pcma } from './pcma.ts';
import { pcmu } from './pcmu.ts';
import type { Codec } from './types.ts';

export type { Codec, Decoder, Encoder } from './types.ts';

export const codecs: readonly Codec[] = [pcmu, pcma, g722];

/** By SDP encoding name, any case. */
export const codecByName = (name: string): Codec | undefined => {
  const upper = name.toUpperCase();
  return codecs.find((codec) => codec.name === upper);
};

/** By static payload type, for offers that name no rtpmap (RFC 3551 section 6). */
export const codecByPayloadType = (payloadType: number): Codec | undefined =>
  codecs.find((codec) => codec.payloadType === payloadType);
