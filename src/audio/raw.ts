// Raw PCM: 16-bit little-endian mono without a header, as audio/l16;rate=... of the custom speech protocol carries it.
import { Fault } from '../base/index.ts';
import type { FileDecoder } from './audio-source.ts';
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE } from './limits.ts';

export class RawDecoder implements FileDecoder {
  readonly sampleRate: number;
  #odd: number | undefined;
  #heard = false;

  constructor(sampleRate: number) {
    if (!(sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE)) {
      throw new Fault('audio-format', `raw audio with ${sampleRate} samples per second cannot be played`);
    }
    this.sampleRate = sampleRate;
  }

  decode(bytes: Uint8Array): Int16Array {
    const head = this.#odd === undefined ? 0 : 1;
    const total = head + bytes.length;
    const at = (i: number): number => (i < head ? this.#odd! : bytes[i - head]!);
    const pcm = new Int16Array(total >> 1);
    for (let i = 0; i < pcm.length; i++) pcm[i] = at(2 * i) | (at(2 * i + 1) << 8);
    this.#odd = total & 1 ? at(total - 1) : undefined;
    if (pcm.length > 0) this.#heard = true;
    return pcm;
  }

  end(): Int16Array {
    if (!this.#heard) throw new Fault('audio-format', 'the audio is empty');
    return new Int16Array(0);
  }

  close(): void {}
}
