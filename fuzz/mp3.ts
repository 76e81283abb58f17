// Fuzz target: spoiled MP3 files. Only Faults may be thrown, nothing hangs, no more comes out than could be in it.
import assert from 'node:assert/strict';
import { type FileDecoder, makeMp3Decoder } from '../src/audio/index.ts';
import { mp3Mono, mp3Stereo } from '../src/audio/testing.ts';
import { isFault, realClock } from '../src/base/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';

const clock = realClock();
const corpus = [mp3Mono(), mp3Stereo()];
/** Inputs that one decoder hears, one after the other: a stream with a history is harder than a file. */
const inputsPerDecoder = 20;
/** The lowest bit rate (8 kbit/s at 8000 Hz) makes 8 samples of a byte; a decoder may hold back two frames. */
const mostSamplesPerByte = 16;

let input: Buffer = Buffer.alloc(0);
let decoder: FileDecoder | undefined;
let heard = 0;

function feed(dice: Dice, to: FileDecoder): number {
  let samples = 0;
  for (let at = 0; at < input.length; ) {
    const size = 1 + dice.below(dice.below(4) ? 2000 : 20);
    samples += to.decode(input.subarray(at, at + size)).length;
    at += size;
  }
  return samples;
}

await runFuzz({
  name: 'mp3',
  last: () => input,
  async once(dice: Dice) {
    input = mutated(corpus, dice);
    if (heard++ % inputsPerDecoder === 0) {
      decoder?.close();
      decoder = await makeMp3Decoder(clock);
    }
    try {
      const samples = feed(dice, decoder!);
      assert.ok(samples <= input.length * mostSamplesPerByte + 4 * 1152, `${samples} samples of ${input.length} bytes`);
      return samples > 0 ? 'played' : 'silent';
    } catch (error) {
      if (!isFault(error)) throw error;
      return 'refused';
    }
  },
});
