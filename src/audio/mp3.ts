// MP3: a streaming decoder over mpg123 (WebAssembly), in pieces so that a long file never blocks the loop.
import { MPEGDecoder } from 'mpg123-decoder';
import { type Clock, Fault, held } from '../base/index.ts';
import type { FileDecoder } from './audio-source.ts';
import { MAX_MP3_ERRORS, MAX_MP3_JUNK_BYTES } from './limits.ts';
import { joinSamples, saturate } from './sample.ts';

/** Ready to decode; compiling the WebAssembly takes a few ms the first time, in which virtual time stands still. Close it, also on failure. */
export function makeMp3Decoder(clock: Clock): Promise<FileDecoder> {
  return held(clock, async () => {
    const mpeg = new MPEGDecoder();
    await mpeg.ready;
    return new Mp3Decoder(mpeg);
  });
}

/**
 * The insides of the package's decoder (its version is pinned). Its own `decode` repeats for ever on an error that does
 * not pass, and writes each error on the console; a damaged file from the network must do neither.
 */
interface Insides {
  readonly _common: {
    readonly wasm: {
      mpeg_decoder_feed(decoder: number, input: number, bytes: number): number;
      mpeg_decoder_read(
        decoder: number,
        output: number,
        outputLength: number,
        samples: number,
        sampleRate: number,
        error: number,
      ): number;
    };
  };
  readonly _decoder: number;
  readonly _input: Region<Uint8Array>;
  readonly _output: Region<Float32Array>;
  readonly _samplesDecodedPtr: Region<Uint32Array>;
  readonly _sampleRatePtr: Region<Uint32Array>;
  readonly _errorStringPtr: Region<Uint32Array>;
}

interface Region<T> {
  readonly ptr: number;
  readonly len: number;
  readonly buf: T;
}

// mpg123's result codes.
const NEED_MORE = -10;
const NEW_FORMAT = -11;
const OK = 0;

class Mp3Decoder implements FileDecoder {
  readonly #mpeg: MPEGDecoder;
  readonly #insides: Insides;
  #sampleRate: number | undefined;
  #junkBytes = 0;
  #errors = 0;
  #closed = false;

  constructor(mpeg: MPEGDecoder) {
    this.#mpeg = mpeg;
    this.#insides = mpeg as unknown as Insides;
  }

  get sampleRate(): number | undefined {
    return this.#sampleRate;
  }

  decode(bytes: Uint8Array): Int16Array {
    const parts: Int16Array[] = [];
    const { _common, _decoder, _input } = this.#insides;
    for (let at = 0; at < bytes.length && !this.#closed; at += _input.len) {
      const piece = bytes.subarray(at, at + _input.len);
      _input.buf.set(piece);
      silenced(() => {
        _common.wasm.mpeg_decoder_feed(_decoder, _input.ptr, piece.length);
        this.#read(parts);
      });
      if (this.#sampleRate !== undefined) continue;
      this.#junkBytes += piece.length;
      if (this.#junkBytes > MAX_MP3_JUNK_BYTES)
        throw new Fault('audio-format', 'not an MP3 file: no frame in its first 2 MB');
    }
    return joinSamples(parts);
  }

  end(): Int16Array {
    if (this.#sampleRate === undefined)
      throw new Fault('audio-format', 'not an MP3 file: it has no frame that decodes');
    return new Int16Array(0);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#mpeg.free();
  }

  /** Takes what can be decoded by now. */
  #read(parts: Int16Array[]): void {
    const { _common, _decoder, _output, _samplesDecodedPtr, _sampleRatePtr, _errorStringPtr } = this.#insides;
    for (;;) {
      _samplesDecodedPtr.buf[0] = 0;
      const result = _common.wasm.mpeg_decoder_read(
        _decoder,
        _output.ptr,
        _output.len,
        _samplesDecodedPtr.ptr,
        _sampleRatePtr.ptr,
        _errorStringPtr.ptr,
      );
      const samples = _samplesDecodedPtr.buf[0];
      if (samples > 0) this.#take(_output.buf, samples, parts);
      if (result === NEED_MORE) return;
      if (result === NEW_FORMAT || (result === OK && samples > 0)) continue;
      this.#errors++;
      if (this.#errors > MAX_MP3_ERRORS) throw new Fault('audio-format', 'the MP3 file is damaged');
    }
  }

  /** Left and right lie one behind the other; a mono file has both alike. */
  #take(output: Float32Array, samples: number, parts: Int16Array[]): void {
    const rate = this.#insides._sampleRatePtr.buf[0]!;
    this.#sampleRate ??= rate;
    // A frame of another rate is damage that looks like a frame, or a second file behind the first.
    if (rate !== this.#sampleRate) return;
    const pcm = new Int16Array(samples);
    for (let i = 0; i < samples; i++) pcm[i] = saturate((output[i]! + output[samples + i]!) * 16_384);
    parts.push(pcm);
  }
}

/** mpg123 prints its remarks on damaged files, and its package passes them to the console. A file must not write into our output. */
function silenced(work: () => void): void {
  const { log, error } = console;
  console.log = nothing;
  console.error = nothing;
  try {
    work();
  } finally {
    console.log = log;
    console.error = error;
  }
}

const nothing = (): void => {};
