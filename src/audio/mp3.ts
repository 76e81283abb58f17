// MP3: a streaming decoder over mpg123 (WebAssembly), in pieces so that a long file never blocks the loop.
import { MPEGDecoder } from 'mpg123-decoder';
import { type Clock, Fault, held } from '../base/index.ts';
import type { FileDecoder } from './audio-source.ts';
import { MAX_MP3_JUNK_BYTES } from './limits.ts';
import { saturate } from './sample.ts';

/** Ready to decode; compiling the WebAssembly takes a few ms the first time, in which virtual time stands still. Close it, also on failure. */
export function makeMp3Decoder(clock: Clock): Promise<FileDecoder> {
  return held(clock, async () => {
    const mpeg = new MPEGDecoder();
    await mpeg.ready;
    return new Mp3Decoder(mpeg);
  });
}

class Mp3Decoder implements FileDecoder {
  readonly #mpeg: MPEGDecoder;
  #sampleRate: number | undefined;
  #junkBytes = 0;
  #closed = false;

  constructor(mpeg: MPEGDecoder) {
    this.#mpeg = mpeg;
  }

  get sampleRate(): number | undefined {
    return this.#sampleRate;
  }

  decode(bytes: Uint8Array): Int16Array {
    if (this.#closed || bytes.length === 0) return new Int16Array(0);
    const { channelData, samplesDecoded, sampleRate } = this.#mpeg.decode(bytes);
    if (samplesDecoded === 0) {
      if (this.#sampleRate === undefined) this.#junkBytes += bytes.length;
      if (this.#junkBytes > MAX_MP3_JUNK_BYTES)
        throw new Fault('audio-format', 'not an MP3 file: no frame in its first 2 MB');
      return new Int16Array(0);
    }
    this.#sampleRate ??= sampleRate;
    return toMono(channelData, samplesDecoded);
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
}

function toMono(channels: readonly Float32Array[], samples: number): Int16Array {
  const pcm = new Int16Array(samples);
  const left = channels[0]!;
  const right = channels[1] ?? left;
  for (let i = 0; i < samples; i++) pcm[i] = saturate((left[i]! + right[i]!) * 16_384);
  return pcm;
}
