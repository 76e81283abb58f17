// Talk detection on speech: begins with the first word, goes on through the pauses between words, ends soon after the last.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecByName, levelDbov, power, resample, TalkDetector } from '../../audio/index.ts';
import { realClock } from '../../base/index.ts';
import { seededRandom } from '../../base/sim/index.ts';
import { makeSpeech } from '../../speech/index.ts';
import { vendors } from '../index.ts';
import { flite } from './index.ts';

const speech = makeSpeech({ clock: realClock(), http: () => Promise.reject(new Error('no network')), vendors });
test.after(() => speech.close());

const frame = 160;
const rate = 8000;
const text = 'Good morning. I would like to speak to somebody about my last invoice, please.';

interface Line {
  pcm: Int16Array;
  from: number;
  to: number;
}

/** Two seconds of line noise, the sentence at a level, three more; through G.711 as it comes. */
function line(spoken: Int16Array, { level, noise }: { level: number; noise: number }): Line {
  const random = seededRandom(`${level} ${noise}`);
  const gain = 10 ** ((level - levelDbov(spoken)) / 20);
  const hiss = 32_768 * 10 ** (noise / 20) * Math.sqrt(3);
  const from = 2 * rate;
  const pcm = Int16Array.from({ length: from + spoken.length + 3 * rate }, (_, i) =>
    Math.round(gain * (spoken[i - from] ?? 0) + hiss * (2 * random.next() - 1)),
  );
  const codec = codecByName('PCMU')!;
  const bytes = new Uint8Array(pcm.length);
  codec.makeEncoder().encode(pcm, bytes);
  codec.makeDecoder().decode(bytes, pcm);
  // What is loud enough to be a word: within 25 dB of the sentence's level.
  const loud: number[] = [];
  for (let at = 0; at + frame <= spoken.length; at += frame) {
    if (power(spoken.subarray(at, at + frame)) * 300 > power(spoken)) loud.push(from + at);
  }
  return { pcm, from: loud[0]!, to: loud.at(-1)! + frame };
}

test('every voice, soft or loud, on a quiet or a noisy line', async () => {
  for (const { voice, language } of flite.voices) {
    const said = await speech.speak({ vendor: 'flite', voice, language }, text);
    const spoken = resample(said.pcm, said.sampleRate, rate);
    for (const [level, noise] of [
      [-20, -70],
      [-26, -55],
      [-35, -65],
      [-20, -45],
    ] as const) {
      const { pcm, from, to } = line(spoken, { level, noise });
      const detector = new TalkDetector(rate);
      const changes: number[] = [];
      for (let at = 0; at + frame <= pcm.length; at += frame) {
        if (detector.process(pcm.subarray(at, at + frame))) changes.push(at + frame);
      }
      const what = `${voice} at ${level}, noise ${noise}: ${from} to ${to}, ${changes.join(' ')}`;
      assert.equal(changes.length, 2, what);
      assert.ok(changes[0]! > from - 0.02 * rate && changes[0]! < from + 0.25 * rate, what);
      assert.ok(changes[1]! > to && changes[1]! < to + 0.8 * rate, what);
    }
  }
});
