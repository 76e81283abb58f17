// Volume: exact below the top, never cut off at it, and without clicks when it changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelDbov, peak, sine, toneLevelDbov, worstClick } from '../../../audio/index.ts';
import { Volume } from './volume.ts';

const rate = 8_000;

/** A second of a 400 Hz sine through a volume, frame by frame. */
function through(volume: Volume, amplitude: number, samples = rate): Int16Array {
  const pcm = sine({ hz: 400, amplitude, samples, sampleRate: rate });
  for (let at = 0; at < pcm.length; at += 160) volume.process(pcm.subarray(at, at + 160));
  return pcm;
}

/** Power of everything that is not the tone, against it, dB. */
const distortion = (pcm: Int16Array): number => {
  const tone = 10 ** (toneLevelDbov(pcm, 400, rate) / 10);
  return 10 * Math.log10(Math.max(1e-12, 10 ** (levelDbov(pcm) / 10) - tone) / tone);
};

test('every gain from -20 to +20 dB is exact while there is room', () => {
  for (let db = -20; db <= 20; db += 2.5) {
    const pcm = through(new Volume(rate, db), 2_900);
    const plain = sine({ hz: 400, amplitude: 2_900, samples: rate, sampleRate: rate });
    assert.ok(Math.abs(levelDbov(pcm) - levelDbov(plain) - db) < 0.1, `${db}: ${levelDbov(pcm) - levelDbov(plain)}`);
  }
});

test('what would be too loud keeps its shape just below the top', () => {
  for (const amplitude of [6_000, 12_000, 32_000]) {
    const pcm = through(new Volume(rate, 20), amplitude);
    const steady = pcm.subarray(400);
    assert.ok(distortion(steady) < -45, `${amplitude}: ${distortion(steady)} dB`);
    assert.ok(peak(steady) > 30_000 && peak(steady) <= 32_767, `${peak(steady)}`);
    assert.ok(worstClick(pcm, rate).ratio < 5, `${worstClick(pcm, rate).ratio}`);
  }
});

test('after a loud moment the gain comes back, and 0 dB leaves everything as it is', () => {
  const volume = new Volume(rate, 10);
  through(volume, 32_000);
  through(volume, 1_000, 2 * rate);
  const back = through(volume, 1_000);
  const plain = sine({ hz: 400, amplitude: 1_000, samples: rate, sampleRate: rate });
  assert.ok(Math.abs(levelDbov(back) - levelDbov(plain) - 10) < 0.1);
  volume.set(0);
  through(volume, 1_000);
  assert.equal(volume.even, true);
  assert.deepEqual(through(volume, 32_767), sine({ hz: 400, amplitude: 32_767, samples: rate, sampleRate: rate }));
});
