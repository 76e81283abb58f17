// Decoding a fetched file into a growing clip: a slice per turn of the loop, playable from the first slice on.
import { type FileDecoder, fileKind, makeFileDecoder, Resampler } from '../../../audio/index.ts';
import { errorText, Fault, isFault } from '../../../base/index.ts';
import { decodeSliceBytes, maxPromptSeconds } from '../../limits.ts';
import { Clip } from '../clip.ts';
import type { PromptWorld } from '../prompts.ts';

type DecodeWorld = Pick<PromptWorld, 'clock' | 'log'>;

export interface FetchedFile {
  bytes: Uint8Array;
  contentType: string;
  url: string;
}

const unplayable = (text: string, cause?: unknown): Fault =>
  new Fault('play-format', text, cause === undefined ? {} : { cause });

/** Resolves with the first audio; the rest follows in later turns. Rejects with a Fault `play-format`. */
export async function decodeToClip(world: DecodeWorld, file: FetchedFile, sampleRate: number): Promise<Clip> {
  const kind = fileKind(file.bytes.subarray(0, 12), file.contentType, file.url);
  if (!kind) throw unplayable(`neither WAV nor MP3${file.contentType ? ` (${file.contentType.slice(0, 60)})` : ''}`);
  const decoder = await makeFileDecoder(kind, world.clock).catch((error: unknown) => {
    throw asFault(error);
  });
  const filling = new Filling(decoder, file.bytes, sampleRate);
  try {
    while (!filling.started && filling.step()) await turn(world);
    if (!filling.started) throw unplayable('the file holds no audio');
  } catch (error) {
    decoder.close();
    throw asFault(error);
  }
  fill(world, filling, file).catch((error: unknown) => world.log.error('decoding failed', { error: errorText(error) }));
  return filling.clip;
}

async function fill(world: DecodeWorld, filling: Filling, file: FetchedFile): Promise<void> {
  try {
    do await turn(world);
    while (filling.step());
  } catch (error) {
    // What could be read is played; the rest is told to the operator.
    world.log.warn('audio file is damaged', { url: file.url.split('?')[0], error: errorText(error) });
  } finally {
    filling.finish();
  }
}

const turn = (world: DecodeWorld): Promise<void> => new Promise((resolve) => world.clock.soon(resolve));

const asFault = (error: unknown): Fault =>
  isFault(error) && error.code.startsWith('play-')
    ? error
    : unplayable(isFault(error) ? error.message : 'the audio cannot be decoded', error);

/** One file on its way into one clip. */
class Filling {
  readonly clip: Clip;
  readonly #decoder: FileDecoder;
  readonly #bytes: Uint8Array;
  readonly #sampleRate: number;
  #at = 0;
  #resampler: Resampler | undefined;
  /** Samples in, at the file's rate, for the exact length. */
  #in = 0;
  #done = false;

  constructor(decoder: FileDecoder, bytes: Uint8Array, sampleRate: number) {
    this.#decoder = decoder;
    this.#bytes = bytes;
    this.#sampleRate = sampleRate;
    this.clip = Clip.growing(sampleRate);
  }

  get started(): boolean {
    return this.clip.length > 0;
  }

  /** Decodes a slice. False: that was all. */
  step(): boolean {
    if (this.#done) return false;
    const end = Math.min(this.#bytes.length, this.#at + decodeSliceBytes);
    const pcm = this.#decoder.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end;
    this.#append(pcm);
    if (end < this.#bytes.length) return true;
    this.#append(this.#decoder.end());
    this.#flush();
    this.#done = true;
    return false;
  }

  finish(): void {
    this.clip.finish();
    this.#decoder.close();
  }

  #append(pcm: Int16Array): void {
    if (pcm.length === 0) return;
    const rate = this.#decoder.sampleRate!;
    this.#in += pcm.length;
    if (this.#in > maxPromptSeconds * rate)
      throw new Fault('play-too-large', `audio of more than ${maxPromptSeconds} s`);
    if (rate === this.#sampleRate) return this.clip.append(pcm);
    this.#resampler ??= new Resampler(rate, this.#sampleRate, { aligned: true });
    const out = new Int16Array(this.#resampler.maxOutput(pcm.length));
    this.clip.append(out.subarray(0, this.#resampler.process(pcm, out)));
  }

  /** What is still inside the filter. */
  #flush(): void {
    const resampler = this.#resampler;
    if (!resampler) return;
    const length = Math.ceil((this.#in * resampler.to) / resampler.from);
    const tail = new Int16Array(Math.ceil(resampler.delayInput) + 2);
    const out = new Int16Array(resampler.maxOutput(tail.length));
    const n = resampler.process(tail, out);
    this.clip.append(out.subarray(0, Math.min(n, length - this.clip.length)));
  }
}
