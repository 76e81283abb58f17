// WAV: a streaming reader tolerant of what the world writes, and a writer.
import { Fault } from '../base/index.ts';
import type { FileDecoder } from './audio-source.ts';
import { expandALaw, expandMuLaw } from './codecs/companding.ts';
import { MAX_CHANNELS, MAX_SAMPLE_RATE, MAX_WAV_HEADER_BYTES, MIN_SAMPLE_RATE } from './limits.ts';
import { saturate } from './sample.ts';

/** Reads one sample of one channel as 16 bit. */
type ReadSample = (view: DataView, at: number) => number;

interface WavFormat {
  sampleRate: number;
  channels: number;
  /** Bytes of one sample of all channels. */
  blockBytes: number;
  read: ReadSample;
}

const format = { pcm: 1, float: 3, aLaw: 6, muLaw: 7, extensible: 0xfffe } as const;

const readers: Record<string, ReadSample> = {
  [`${format.pcm}/8`]: (view, at) => (view.getUint8(at) - 128) << 8,
  [`${format.pcm}/16`]: (view, at) => view.getInt16(at, true),
  [`${format.pcm}/24`]: (view, at) => view.getInt16(at + 1, true),
  [`${format.pcm}/32`]: (view, at) => view.getInt16(at + 2, true),
  [`${format.float}/32`]: (view, at) => floatToInt16(view.getFloat32(at, true)),
  [`${format.float}/64`]: (view, at) => floatToInt16(view.getFloat64(at, true)),
  [`${format.aLaw}/8`]: (view, at) => expandALaw(view.getUint8(at)),
  [`${format.muLaw}/8`]: (view, at) => expandMuLaw(view.getUint8(at)),
};

/** NaN is silence; beyond full scale is clipped. */
const floatToInt16 = (x: number): number => (Number.isNaN(x) ? 0 : saturate(x * 32_768));

const fault = (text: string): Fault => new Fault('audio-format', text);
const notWav = (): Fault => fault('not a WAV file: it does not begin with RIFF and WAVE');

/**
 * RIFF/WAVE: PCM 8, 16, 24, 32 bit, float 32 and 64, A-law, mu-law; any rate; channels are averaged to mono.
 * Takes wrong or unknown sizes (0, 0xFFFFFFFF of streams), extra chunks and files cut short: what is there is played.
 */
export class WavDecoder implements FileDecoder {
  #pending: Uint8Array = new Uint8Array(0);
  #format: WavFormat | undefined;
  #riffSeen = false;
  /** Bytes of audio still to come; undefined before the data chunk. */
  #audioLeft: number | undefined;
  #skip = 0;
  #headerBytes = 0;

  get sampleRate(): number | undefined {
    return this.#audioLeft === undefined ? undefined : this.#format?.sampleRate;
  }

  decode(bytes: Uint8Array): Int16Array {
    let data = this.#pending.length === 0 ? bytes : concat(this.#pending, bytes);
    if (this.#audioLeft === undefined) data = this.#header(data);
    if (this.#audioLeft === undefined) {
      this.#pending = data.slice();
      return new Int16Array(0);
    }
    return this.#audio(data);
  }

  end(): Int16Array {
    if (!this.#riffSeen) throw notWav();
    if (this.#audioLeft === undefined) throw fault('the WAV file ends before its audio');
    return new Int16Array(0);
  }

  close(): void {
    this.#pending = new Uint8Array(0);
  }

  #audio(data: Uint8Array): Int16Array {
    const { channels, blockBytes, read } = this.#format!;
    const usable = Math.min(data.length, this.#audioLeft!);
    const n = Math.floor(usable / blockBytes);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const sampleBytes = blockBytes / channels;
    const pcm = new Int16Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += read(view, i * blockBytes + c * sampleBytes);
      pcm[i] = channels === 1 ? sum : Math.round(sum / channels);
    }
    this.#audioLeft! -= n * blockBytes;
    // What follows the data chunk (tags) is no audio.
    this.#pending = this.#audioLeft! < blockBytes ? new Uint8Array(0) : data.slice(n * blockBytes, usable);
    return pcm;
  }

  /** Walks the chunks; returns what is not used yet. */
  #header(data: Uint8Array): Uint8Array {
    for (;;) {
      const skipped = Math.min(this.#skip, data.length);
      data = data.subarray(skipped);
      this.#skip -= skipped;
      this.#headerBytes += skipped;
      if (this.#headerBytes > MAX_WAV_HEADER_BYTES) throw fault('the WAV file has no audio in its first megabyte');
      const needed = this.#riffSeen ? 8 : 12;
      if (this.#skip > 0 || data.length < needed) return data;
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      if (!this.#riffSeen) {
        const id = text(data, 0);
        if ((id !== 'RIFF' && id !== 'RF64') || text(data, 8) !== 'WAVE') throw notWav();
        this.#riffSeen = true;
        this.#skip = 12;
        continue;
      }
      const id = text(data, 0);
      const size = view.getUint32(4, true);
      if (id === 'data') {
        if (!this.#format) throw fault('the WAV file has no "fmt " chunk before its audio');
        this.#audioLeft = size === 0 || size >= 0xffff_fff0 ? Number.POSITIVE_INFINITY : size;
        return data.subarray(8);
      }
      if (id === 'fmt ') {
        if (size < 16 || size > 256) throw fault('the WAV file has a "fmt " chunk of impossible size');
        if (data.length < 8 + size) return data;
        this.#format = parseFormat(view, 8, size);
      }
      // Chunks are padded to even length.
      this.#skip = 8 + size + (size & 1);
    }
  }
}

function parseFormat(view: DataView, at: number, size: number): WavFormat {
  let tag: number = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  // The extensible form names the real format in the first two bytes of its GUID.
  if (tag === format.extensible && size >= 40) tag = view.getUint16(at + 24, true);
  if (channels < 1 || channels > MAX_CHANNELS) throw fault(`a WAV file with ${channels} channels cannot be played`);
  if (sampleRate < MIN_SAMPLE_RATE || sampleRate > MAX_SAMPLE_RATE)
    throw fault(`a WAV file with ${sampleRate} samples per second cannot be played`);
  const read = readers[`${tag}/${bits}`];
  if (!read) throw fault(`WAV format ${tag} with ${bits} bits cannot be played; use PCM, float, A-law or mu-law`);
  return { sampleRate, channels, blockBytes: (channels * bits) / 8, read };
}

/** A whole mono WAV file, 16 bit PCM. */
export function writeWav(pcm: Int16Array, sampleRate: number): Uint8Array {
  const file = new Uint8Array(44 + pcm.length * 2);
  file.set(wavHeader(sampleRate, pcm.length * 2));
  const view = new DataView(file.buffer);
  for (let i = 0; i < pcm.length; i++) view.setInt16(44 + i * 2, pcm[i]!, true);
  return file;
}

/** The 44 bytes before 16 bit PCM; a recorder writes them first and again with the size when it ends. */
export function wavHeader(sampleRate: number, dataBytes: number, channels = 1): Uint8Array {
  const header = new Uint8Array(44);
  const view = new DataView(header.buffer);
  put(header, 0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  put(header, 8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, format.pcm, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  put(header, 36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}

function put(bytes: Uint8Array, at: number, ascii: string): void {
  for (let i = 0; i < ascii.length; i++) bytes[at + i] = ascii.charCodeAt(i);
}

const text = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
