// Fuzz target: spoiled WAV files. Only Faults may be thrown, pieces of any size give what the whole gives, and memory follows the input.
import assert from 'node:assert/strict';
import { WavDecoder, writeWav } from '../src/audio/index.ts';
import { isFault } from '../src/base/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';

const pcm = Int16Array.from({ length: 120 }, (_, i) => (i * 911) % 30_000);

/** Other formats are the 16-bit file with another tag and size of sample. */
function variant(tag: number, bits: number, channels: number): Buffer {
  const wav = Buffer.from(writeWav(pcm, 8000));
  wav.writeUInt16LE(tag, 20);
  wav.writeUInt16LE(channels, 22);
  wav.writeUInt16LE(bits, 34);
  return wav;
}

const list = Buffer.from('LIST\x05\0\0\0INFO!\0', 'latin1');
const plain = variant(1, 16, 1);
const corpus = [
  plain,
  variant(1, 8, 1),
  variant(1, 24, 2),
  variant(1, 32, 1),
  variant(3, 32, 2),
  variant(3, 64, 1),
  variant(6, 8, 1),
  variant(7, 8, 2),
  Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36), list]),
];

let input: Buffer = Buffer.alloc(0);

function decode(step: () => number): { samples: number[]; fault: string } {
  const decoder = new WavDecoder();
  const samples: number[] = [];
  try {
    for (let at = 0; at < input.length; ) {
      const size = step();
      for (const sample of decoder.decode(input.subarray(at, at + size))) samples.push(sample);
      at += size;
    }
    decoder.end();
    assert.ok(decoder.sampleRate! >= 4000 && decoder.sampleRate! <= 192_000);
  } catch (error) {
    if (!isFault(error)) throw error;
    return { samples, fault: error.message };
  }
  return { samples, fault: '' };
}

await runFuzz({
  name: 'wav',
  last: () => input,
  once(dice: Dice) {
    input = mutated(corpus, dice);
    const whole = decode(() => input.length);
    const pieces = decode(() => 1 + dice.below(dice.below(2) ? 100 : 3));
    assert.deepEqual(pieces, whole);
    assert.ok(whole.samples.length <= input.length);
    return whole.fault ? 'refused' : 'played';
  },
});
