// Containers: how a recording's samples become a file, and how a file that was left in the middle is taken up again.
import { makeMp3Encoder, mp3Shapes, wavHeader } from '../../../audio/index.ts';
import { bug, type Clock } from '../../../base/index.ts';
import type { RecordOptions } from '../../tap-types.ts';

export interface Container {
  /** Bytes that `samples` of both channels take, about: the writer's measure. */
  readonly bytesPerSecond: number;
  /** What stands before the audio, for so many bytes of it; empty when there is nothing. Written again as the file grows. */
  header(audioBytes: number): Uint8Array;
  /** Where audio goes on in a file of this size, and how much there is. What is behind it was not whole. */
  resume(fileBytes: number): { at: number; samples: number };
  /** The next samples, both channels interleaved. Copy what is kept. */
  encode(pcm: Int16Array): Uint8Array;
  end(): Uint8Array;
}

/** Two channels: 16 bit WAV, or MP3. */
export function makeContainer(options: RecordOptions, clock: Clock): Promise<Container> {
  return options.format === 'wav' ? Promise.resolve(new Wav(options.sampleRate)) : mp3(options.sampleRate, clock);
}

const nothing = new Uint8Array(0);
const blockBytes = 4;

class Wav implements Container {
  readonly bytesPerSecond: number;
  readonly #sampleRate: number;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.bytesPerSecond = sampleRate * blockBytes;
  }

  header(audioBytes: number): Uint8Array {
    return wavHeader(this.#sampleRate, audioBytes, 2);
  }

  resume(fileBytes: number): { at: number; samples: number } {
    const headerBytes = this.header(0).length;
    const samples = Math.max(0, Math.floor((fileBytes - headerBytes) / blockBytes));
    return { at: headerBytes + samples * blockBytes, samples };
  }

  encode(pcm: Int16Array): Uint8Array {
    // Little-endian, as every machine that Node runs on.
    return new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  }

  end(): Uint8Array {
    return nothing;
  }
}

async function mp3(sampleRate: number, clock: Clock): Promise<Container> {
  const { bitrate, frameBytes, frameSamples } = mp3Shapes[sampleRate] ?? bug(`no MP3 at ${sampleRate} Hz`);
  const encoder = await makeMp3Encoder(clock, sampleRate);
  return {
    bytesPerSecond: (bitrate * 1000) / 8,
    header: () => nothing,
    resume(fileBytes) {
      const frames = Math.floor(fileBytes / frameBytes);
      return { at: frames * frameBytes, samples: frames * frameSamples };
    },
    encode: (pcm) => encoder.encode(pcm),
    end: () => encoder.end(),
  };
}
