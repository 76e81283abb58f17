// The voice gate: what lasts counts, once; what does not, and steady noise, do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sine } from '../../../audio/index.ts';
import { seededRandom } from '../../../base/sim/index.ts';
import { Spurts } from './spurts.ts';
import { VoiceGate } from './voice-gate.ts';

const rate = 8000;
const tone = (ms: number): Int16Array => sine({ hz: 440, amplitude: 6000, samples: ms * 8, sampleRate: rate });
const silence = (ms: number): Int16Array => new Int16Array(ms * 8);
const joined = (...parts: Int16Array[]): Int16Array => Int16Array.from(parts.flatMap((part) => [...part]));

function frames(pcm: Int16Array): Int16Array[] {
  return Array.from({ length: Math.floor(pcm.length / 160) }, (_, i) => pcm.subarray(i * 160, (i + 1) * 160));
}

/** Times (ms) at which a voice is told. */
function voices(pcm: Int16Array, voiceMs: number): number[] {
  const told: number[] = [];
  let at = 0;
  const gate = new VoiceGate(voiceMs, () => told.push(at));
  for (const frame of frames(pcm)) {
    at += 20;
    gate.add(frame, rate);
  }
  return told;
}

test('a voice counts when it has lasted, once; after a pause again', () => {
  assert.deepEqual(voices(joined(silence(500), tone(1000), silence(1000)), 250), [760]);
  assert.deepEqual(voices(joined(silence(500), tone(400), silence(100), tone(400), silence(900)), 250), [760]);
  assert.equal(voices(joined(silence(500), tone(400), silence(1000), tone(400), silence(900)), 250).length, 2);
});

test('what is too short does not count, also several times over', () => {
  const cough = joined(tone(140), silence(400));
  assert.deepEqual(voices(joined(silence(500), cough, cough, cough), 250), []);
  assert.equal(voices(joined(silence(500), cough), 100).length, 1);
});

test('steady noise is nobody', () => {
  const random = seededRandom('noise');
  const noise = Int16Array.from({ length: 10 * rate }, () => (random.next() - 0.5) * 1200);
  assert.deepEqual(voices(noise, 250), []);
});

test('spurts join over short gaps, and are told apart over long ones', () => {
  const spurts = new Spurts();
  const pcm = joined(silence(100), tone(200), silence(200), tone(200), silence(600), tone(100), silence(400));
  for (const frame of frames(pcm)) spurts.add(frame, rate);
  const { heardMs, spurts: found } = spurts.heard;
  assert.equal(heardMs, 1800);
  assert.deepEqual(found, [
    { startMs: 100, endMs: 700 },
    { startMs: 1300, endMs: 1400 },
  ]);
});
