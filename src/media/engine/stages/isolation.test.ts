// Isolation on spoken sentences in noise, through G.711: how much noise goes, how much speech stays, and that nobody hears it begin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bestDelay,
  codecByName,
  joinSamples,
  levelDbov,
  loadNoiseSuppression,
  resample,
  saturate,
  sine,
  snrDb,
  worstClick,
} from '../../../audio/index.ts';
import { realClock, silentLog } from '../../../base/index.ts';
import { seededRandom } from '../../../base/sim/index.ts';
import { makeSpeech } from '../../../speech/index.ts';
import { vendors } from '../../../vendors/index.ts';
import { Isolation } from './isolation.ts';

const rate = 8000;
const frame = 160;
const clock = realClock();
const suppression = await loadNoiseSuppression(clock);
const speech = makeSpeech({ clock, http: () => Promise.reject(new Error('no network')), vendors, log: silentLog });
test.after(() => speech.close());

const texts = [
  'Hello, I would like to book a table for two people tomorrow evening at seven.',
  'Could you please tell me the number of my reservation?',
  'The weather is rather nice today, and we thought of sitting outside.',
  'My order has not arrived yet, although it was promised for Monday.',
];
const said = await Promise.all(
  texts.map(async (text, i) => {
    const voice = ['slt', 'kal'][i % 2]!;
    const { pcm, sampleRate } = await speech.speak({ vendor: 'flite', voice, language: 'en-US' }, text);
    return resample(pcm, sampleRate, rate);
  }),
);
const second = new Int16Array(rate);
const sentences = joinSamples([second, second, said[0]!, second, said[1]!, second, said[2]!, second]);
const frames = Math.floor(sentences.length / frame);

/** Frames in which somebody speaks, and those of longer pauses. */
const spoken = Array.from(
  { length: frames },
  (_, i) => levelDbov(sentences.subarray(i * frame, (i + 1) * frame)) > -50,
);
const paused = spoken.map(
  (_, i) => i > 25 && i < frames - 2 && !spoken.slice(Math.max(0, i - 15), i + 8).some(Boolean),
);
const talking = spoken.map((yes, i) => yes && i < frames - 2);

/** Of the frames that are wanted, `delay` samples later. */
function level(pcm: Int16Array, wanted: readonly boolean[], delay = 0): number {
  const parts = wanted.flatMap((yes, i) => (yes ? [pcm.subarray(i * frame + delay, (i + 1) * frame + delay)] : []));
  return levelDbov(joinSamples(parts));
}

const random = seededRandom('noise');
const gauss = (): number => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
const white = Int16Array.from(sentences, () => Math.round(1500 * gauss()));
/** Eight people talking at once, none to be understood. */
const babble = (() => {
  const all = joinSamples(said);
  const starts = Array.from({ length: 8 }, () => Math.floor(random.next() * all.length));
  return Int16Array.from(sentences, (_, i) =>
    saturate(starts.reduce((sum, at) => sum + all[(at + i) % all.length]!, 0) / 4),
  );
})();
/** A car's rumble. */
const rumble = (() => {
  let state = 0;
  return Int16Array.from(sentences, () => {
    state = 0.95 * state + gauss();
    return Math.round(500 * state);
  });
})();

const codec = codecByName('PCMU')!;
function overTheWire(pcm: Int16Array): Int16Array {
  const bytes = new Uint8Array(pcm.length);
  codec.makeEncoder().encode(pcm, bytes);
  const out = new Int16Array(pcm.length);
  codec.makeDecoder().decode(bytes, out);
  return out;
}

function isolated(pcm: Int16Array, strength: number): { out: Int16Array; delay: number } {
  const stage = new Isolation({ sampleRate: rate, frameMs: 20 }, strength, suppression);
  const out = pcm.slice();
  for (let at = 0; at + frame <= out.length; at += frame) stage.process(out.subarray(at, at + frame));
  stage.close();
  return { out, delay: Math.round((stage.delayMs * rate) / 1000) };
}

for (const [name, noise, wanted] of [
  ['white noise', white, 20],
  ['rumble', rumble, 20],
  ['babble', babble, 8],
] as const) {
  test(`${name}, 5 dB below the speech, goes by ${wanted} dB and more; the speech stays within 1 dB`, (t) => {
    for (const loud of [-16, -22, -30]) {
      const gain = 10 ** ((loud - level(sentences, talking)) / 20);
      const clean = Int16Array.from(sentences, (x) => saturate(x * gain));
      const down = 10 ** ((loud - 5 - levelDbov(noise)) / 20);
      const mixed = overTheWire(Int16Array.from(clean, (x, i) => saturate(x + noise[i]! * down)));
      const { out, delay } = isolated(mixed, 100);
      const less = level(mixed, paused) - level(out, paused, delay);
      const change = level(out, talking, delay) - level(clean, talking);
      t.diagnostic(`speech at ${loud} dBov: noise ${less.toFixed(1)} dB less, speech ${change.toFixed(2)} dB`);
      assert.ok(less >= wanted, `${less} dB less noise at ${loud} dBov`);
      assert.ok(Math.abs(change) <= 1, `speech changed by ${change} dB at ${loud} dBov`);
      const { out: half } = isolated(mixed, 50);
      const lessByHalf = level(mixed, paused) - level(half, paused, delay);
      assert.ok(lessByHalf > 3 && lessByHalf < Math.min(7, less), `${lessByHalf} dB less at half the strength`);
    }
  });
}

test('speech without noise stays as it was', () => {
  const clean = overTheWire(sentences);
  const { out, delay } = isolated(clean, 100);
  assert.ok(Math.abs(level(out, talking, delay) - level(clean, talking)) < 0.3);
  const part = clean.subarray(2 * rate, 4 * rate);
  assert.ok(snrDb(part, out.subarray(2 * rate), { delay }) > 12);
  assert.ok(
    Math.abs(bestDelay(part.subarray(0, rate), out.subarray(2 * rate), 300) - delay) <= 1,
    'the delay is as said',
  );
});

test('at strength 0 all that comes out came in, for frames of every length', () => {
  const chirp = Int16Array.from({ length: 2 * rate }, (_, i) => Math.round(8000 * Math.sin((i * i) / 80_000)));
  for (const [rate, frameMs] of [
    ...[10, 15, 20, 25, 30, 60].map((ms) => [8000, ms] as const),
    ...[10, 20, 25].map((ms) => [16_000, ms] as const),
  ]) {
    const stage = new Isolation({ sampleRate: rate, frameMs }, 0, suppression);
    const samples = (rate * frameMs) / 1000;
    const out = chirp.slice(0, Math.floor(chirp.length / samples) * samples);
    for (let at = 0; at < out.length; at += samples) stage.process(out.subarray(at, at + samples));
    const delay = Math.round((stage.delayMs * rate) / 1000);
    const from = rate / 4;
    assert.ok(snrDb(chirp.subarray(from, from + rate / 2), out.subarray(from), { delay }) > 22, `${frameMs} ms`);
    stage.close();
  }
});

test('it begins and ends without a click or a gap', () => {
  const tone = sine({ hz: 400, amplitude: 6000, samples: 2 * rate, sampleRate: rate });
  const stage = new Isolation({ sampleRate: rate, frameMs: 20 }, 0, suppression);
  const out = tone.slice();
  let done = 0;
  for (let at = 0; at < out.length; at += frame) {
    if (at === rate) stage.leave();
    if (!stage.over) stage.process(out.subarray(at, at + frame));
    else done ||= at;
  }
  assert.ok(done > rate && done <= rate + 2 * frame, `over at ${done}`);
  assert.ok(worstClick(out, rate).ratio < 3, JSON.stringify(worstClick(out, rate)));
  stage.close();
});
