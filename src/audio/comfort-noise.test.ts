// Comfort noise: levels and spectra of RFC 3389, read and made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/sim/index.ts';
import {
  comfortNoisePayload,
  levelDbov,
  NoiseGenerator,
  parseComfortNoise,
  toneLevelDbov,
  worstClick,
} from './index.ts';

test('payloads: level, reflection coefficients, limits', () => {
  assert.deepEqual(parseComfortNoise(Uint8Array.of(60)), { levelDbov: -60, reflection: [] });
  const noise = parseComfortNoise(Uint8Array.of(0x80 | 40, 127, 0, 255, 191))!;
  assert.equal(noise.levelDbov, -40);
  assert.deepEqual(noise.reflection, [0, -0.99, 0.99, 0.5]);
  assert.equal(parseComfortNoise(new Uint8Array(0)), undefined);
  assert.equal(parseComfortNoise(new Uint8Array(500).fill(100))!.reflection.length, 12);
  assert.deepEqual([...comfortNoisePayload(-62.4)], [62]);
  assert.deepEqual([...comfortNoisePayload(-200), ...comfortNoisePayload(3)], [127, 0]);
});

function generate(noise: { levelDbov: number; reflection: number[] }, seconds = 2): Int16Array {
  const generator = new NoiseGenerator(seededRandom(1));
  generator.set(noise);
  const pcm = new Int16Array(8000 * seconds);
  for (let i = 0; i < pcm.length; i += 160) generator.fill(pcm.subarray(i, i + 160));
  return pcm;
}

test('noise has the level it was told, white or coloured', () => {
  for (const reflection of [[], [0.5], [-0.9], [0.3, -0.6, 0.2]]) {
    for (const target of [-30, -45, -60]) {
      const level = target - levelDbov(generate({ levelDbov: target, reflection }).subarray(4000));
      assert.ok(Math.abs(level) < 1.5, `${target} with ${reflection}: off by ${level.toFixed(1)} dB`);
    }
  }
});

test('a negative first coefficient makes it dark, a positive one bright', () => {
  const band = (pcm: Int16Array, hz: number): number => toneLevelDbov(pcm.subarray(4000), hz, 8000);
  const dark = generate({ levelDbov: -40, reflection: [-0.9] });
  const bright = generate({ levelDbov: -40, reflection: [0.9] });
  assert.ok(band(dark, 100) > band(dark, 3900) + 10);
  assert.ok(band(bright, 3900) > band(bright, 100) + 10);
});

test('it fades in without a click, and -127 is silence', () => {
  const pcm = generate({ levelDbov: -35, reflection: [] });
  assert.ok(levelDbov(pcm.subarray(0, 80)) < -42);
  assert.ok(worstClick(pcm.subarray(0, 1600), 8000).ratio < 5);
  assert.equal(levelDbov(generate({ levelDbov: -127, reflection: [] })), -127);
});

test('one seed, one noise', () => {
  assert.deepEqual(generate({ levelDbov: -40, reflection: [] }), generate({ levelDbov: -40, reflection: [] }));
});
