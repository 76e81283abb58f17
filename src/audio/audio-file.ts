// Which decoder a file needs, from its content type and its first bytes.
import { type Clock, Fault } from '../base/index.ts';
import type { FileDecoder } from './audio-source.ts';
import { makeMp3Decoder } from './mp3.ts';
import { RawDecoder } from './raw.ts';
import { joinSamples } from './sample.ts';
import { WavDecoder } from './wav.ts';

export type FileKind = { kind: 'wav' } | { kind: 'mp3' } | { kind: 'raw'; sampleRate: number };

/**
 * What a file is. The bytes (12 are enough) decide where they are clear, since servers often name the wrong type;
 * `contentType` and the address's extension decide the rest. Undefined when nothing tells.
 */
export function fileKind(first: Uint8Array, contentType = '', url = ''): FileKind | undefined {
  const magic = String.fromCharCode(...first.subarray(0, 12));
  if (/^(RIFF|RF64)/.test(magic)) return { kind: 'wav' };
  if (magic.startsWith('ID3')) return { kind: 'mp3' };
  const raw = /^audio\/l16\b(?:.*;\s*rate=(\d{4,6}))?/i.exec(contentType);
  if (raw) return { kind: 'raw', sampleRate: Number(raw[1] ?? 8000) };
  if (/^audio\/(mpeg|mp3|mpeg3|x-mp3|x-mpeg)\b/i.test(contentType)) return { kind: 'mp3' };
  if (isMpegFrame(first)) return { kind: 'mp3' };
  if (/^audio\/(wav|x-wav|wave|vnd\.wave)\b/i.test(contentType)) return { kind: 'wav' };
  const extension = /\.(wav|mp3)(?:$|[?#])/i.exec(url)?.[1]?.toLowerCase();
  return extension === 'wav' || extension === 'mp3' ? { kind: extension } : undefined;
}

/** A decoder for that kind. Close it, also on failure. */
export async function makeFileDecoder(kind: FileKind, clock: Clock): Promise<FileDecoder> {
  if (kind.kind === 'mp3') return makeMp3Decoder(clock);
  return kind.kind === 'wav' ? new WavDecoder() : new RawDecoder(kind.sampleRate);
}

/** Decodes a whole file held in memory, a piece per turn of the event loop so that everything else goes on. */
export async function decodeFile(
  bytes: Uint8Array,
  kind: FileKind,
  { clock, maxSamples }: { clock: Clock; maxSamples: number },
): Promise<{ pcm: Int16Array; sampleRate: number }> {
  const decoder = await makeFileDecoder(kind, clock);
  try {
    const parts: Int16Array[] = [];
    let total = 0;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      if (at > 0) await new Promise<void>((resolve) => clock.soon(resolve));
      const pcm = decoder.decode(bytes.subarray(at, at + PIECE_BYTES));
      parts.push(pcm);
      total += pcm.length;
      if (total > maxSamples) throw new Fault('audio-too-long', `the audio is longer than ${maxSamples} samples`);
    }
    parts.push(decoder.end());
    return { pcm: joinSamples(parts), sampleRate: decoder.sampleRate! };
  } finally {
    decoder.close();
  }
}

/** Bytes decoded per turn: at 8 kbit/s this is 4 s of MP3, 3 ms of work; of anything else less. */
const PIECE_BYTES = 4096;

/** The sync word of an MPEG audio frame, layers I to III. */
const isMpegFrame = (b: Uint8Array): boolean =>
  b.length >= 3 && b[0] === 0xff && (b[1]! & 0xe0) === 0xe0 && (b[1]! & 0x06) !== 0 && (b[2]! & 0xf0) !== 0xf0;
