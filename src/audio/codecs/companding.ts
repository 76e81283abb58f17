// Table-driven G.711: what both laws share. One byte a sample, no state.
import type { Codec, Decoder, Encoder } from './types.ts';

/** Builds a codec from a decode table of 256 samples; encoding takes the nearest code, ties to the smaller magnitude. */
export function compandingCodec(name: string, payloadType: number, expand: (code: number) => number): Codec {
  const decodeTable = Int16Array.from({ length: 256 }, (_, code) => expand(code));
  const encodeTable = nearestCodes(decodeTable);
  const encoder: Encoder = {
    encode(pcm, out) {
      const n = Math.min(pcm.length, out.length);
      for (let i = 0; i < n; i++) out[i] = encodeTable[pcm[i]! + 32_768]!;
      return n;
    },
  };
  const decoder: Decoder = {
    decode(data, out) {
      const n = Math.min(data.length, out.length);
      for (let i = 0; i < n; i++) out[i] = decodeTable[data[i]!]!;
      return n;
    },
  };
  return {
    name,
    payloadType,
    sampleRate: 8000,
    clockRate: 8000,
    channels: 1,
    bytesPerMs: 8,
    delaySamples: 0,
    makeEncoder: () => encoder,
    makeDecoder: () => decoder,
  };
}

/** For each of the 65,536 samples the code whose decoded value lies nearest, of the sample's own sign where zero has two. */
function nearestCodes(decodeTable: Int16Array): Uint8Array {
  const codes = Array.from(decodeTable, (value, code) => ({ value, code })).sort(
    (a, b) => a.value - b.value || a.code - b.code,
  );
  const table = new Uint8Array(65_536);
  let at = 0;
  for (let sample = -32_768; sample < 32_768; sample++) {
    while (at + 1 < codes.length && isNearer(codes[at + 1]!.value, codes[at]!.value, sample)) at++;
    table[sample + 32_768] = codes[at]!.code;
  }
  return table;
}

/** Is the upper value to be taken for this sample? A tie goes to the smaller magnitude. */
function isNearer(upper: number, lower: number, sample: number): boolean {
  const toUpper = Math.abs(upper - sample);
  const toLower = Math.abs(sample - lower);
  return toUpper < toLower || (toUpper === toLower && Math.abs(upper) <= Math.abs(lower));
}

/** G.711 mu-law: 8-bit code to 16-bit sample (ITU-T G.711 table 2, scaled to 16 bit). */
export function expandMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
}

/** G.711 A-law: 8-bit code to 16-bit sample (ITU-T G.711 table 1, scaled to 16 bit). */
export function expandALaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}
