// MP3 out: a streaming stereo encoder over LAME (WebAssembly), at a constant bit rate whose frames are all of one size.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Clock, held } from '../base/index.ts';

/** What the encoder makes at a rate: each frame holds so many samples of each channel in so many bytes (ISO 11172-3, 13818-3). */
export interface Mp3Shape {
  /** kbit/s. */
  bitrate: 64 | 128;
  frameBytes: number;
  frameSamples: number;
}

/** 64 kbit/s is the most that MPEG-2.5 has at 8 kHz; with these rates no frame needs padding. */
export const mp3Shapes: Readonly<Record<number, Mp3Shape>> = {
  8000: { bitrate: 64, frameBytes: 576, frameSamples: 576 },
  16000: { bitrate: 128, frameBytes: 576, frameSamples: 576 },
};

export interface Mp3Encoder {
  /** The next samples, both channels interleaved. The bytes are whole in the end, not after each call; copy what is kept. */
  encode(pcm: Int16Array): Uint8Array;
  /** What is still inside; nothing can follow. */
  end(): Uint8Array;
}

// The part of the WebAssembly API used here; its types come with the DOM library, which a server does not load.
const { WebAssembly: wasm } = globalThis as unknown as {
  WebAssembly: { compile(bytes: Uint8Array): Promise<object> };
};

interface Lame {
  configure(options: { sampleRate: number; channels: number; bitrate: number }): void;
  encode(channels: readonly Float32Array[]): Uint8Array;
  finalize(): Uint8Array;
}

let loading: Promise<() => Promise<Lame>> | undefined;

/** By the first recording of a process; an encoder then takes 0.3 MB. Its own loader would fetch, which costs 25 MB. */
async function load(): Promise<() => Promise<Lame>> {
  const path = fileURLToPath(import.meta.resolve('wasm-media-encoders/wasm/mp3'));
  const [{ createEncoder }, module] = await Promise.all([
    import('wasm-media-encoders'),
    readFile(path).then((bytes) => wasm.compile(bytes)),
  ]);
  return () => createEncoder('audio/mpeg', module as Uint8Array) as Promise<Lame>;
}

/** Ready to encode; virtual time stands still meanwhile. 8000 or 16000 samples a second. */
export function makeMp3Encoder(clock: Clock, sampleRate: number): Promise<Mp3Encoder> {
  return held(clock, async () => {
    const shape = mp3Shapes[sampleRate];
    if (!shape) throw new Error(`bug: no MP3 at ${sampleRate} Hz here`);
    loading ??= load();
    // A failure must not stick.
    loading.catch(() => {
      loading = undefined;
    });
    const lame = await (await loading)();
    lame.configure({ sampleRate, channels: 2, bitrate: shape.bitrate });
    let channels = [new Float32Array(0), new Float32Array(0)];
    return {
      encode(pcm) {
        const samples = pcm.length / 2;
        if (channels[0]!.length !== samples) channels = [new Float32Array(samples), new Float32Array(samples)];
        for (const [offset, channel] of channels.entries()) {
          for (let i = 0; i < samples; i++) channel[i] = pcm[2 * i + offset]! / 32_768;
        }
        return lame.encode(channels);
      },
      end: () => lame.finalize(),
    };
  });
}
