// The measures themselves: a test that trusts them must be able to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestDelay, gaps, levelDbov, peak, SILENCE_DBOV, sine, snrDb, toneLevelDbov, worstClick } from './index.ts';

const tone = (amplitude: number, hz = 440): Int16Array => sine({ hz, amplitude, samples: 8000, sampleRate: 8000 });
const near = (actual: number, expected: number, by: number): void =>
  assert.ok(Math.abs(actual - expected) < by, `${actual} is not near ${expected}`);

test('levels: full-scale square 0 dBov, sine -3, silence the floor', () => {
  near(levelDbov(new Int16Array(100).fill(-32_768)), 0, 0.01);
  near(levelDbov(tone(32_767)), -3.01, 0.01);
  near(levelDbov(tone(3276.7)), -23.01, 0.01);
  assert.equal(levelDbov(new Int16Array(160)), SILENCE_DBOV);
  assert.equal(levelDbov(new Int16Array(0)), SILENCE_DBOV);
  assert.equal(peak(Int16Array.of(3, -32_768, 5)), 32_768);
});

test('the level of one tone among others', () => {
  const soft = tone(800, 1000);
  const two = tone(8000, 440).map((x, i) => x + soft[i]!);
  near(toneLevelDbov(two, 440, 8000), 20 * Math.log10(8000 / 32_768) - 3.01, 0.05);
  near(toneLevelDbov(two, 1000, 8000), 20 * Math.log10(800 / 32_768) - 3.01, 0.05);
  assert.ok(toneLevelDbov(two, 2000, 8000) < -85);
});

test('gaps are found with their borders', () => {
  const pcm = tone(8000);
  pcm.fill(0, 1000, 1400);
  pcm.fill(0, 7900);
  const found = gaps(pcm, 8000, 20);
  assert.equal(found.length, 1);
  near(found[0]![0], 1000, 2);
  near(found[0]![1], 1400, 2);
  assert.equal(gaps(pcm, 8000, 10).length, 2);
  assert.equal(gaps(tone(8000), 8000, 5).length, 0);
});

test('clicks: a dropped frame, a phase jump and a spike are clicks; a tone, a fade and silence are not', () => {
  for (const hz of [200, 440, 1000]) assert.ok(worstClick(tone(8000, hz), 8000).ratio < 1.5, `${hz}`);
  const fade = tone(8000).map((x, i) => (x * i) / 8000);
  assert.ok(worstClick(fade, 8000).ratio < 2);
  assert.equal(worstClick(new Int16Array(1000), 8000).ratio, 0);
  const dropped = Int16Array.from([...tone(8000).subarray(0, 4005), ...tone(8000).subarray(4174)]);
  const { at, ratio } = worstClick(dropped, 8000);
  assert.ok(ratio > 4, `${ratio}`);
  near(at, 4005, 2);
  const spike = tone(8000);
  spike[5000] = spike[5000]! + 4000;
  assert.ok(worstClick(spike, 8000).ratio > 7);
});

test('signal to noise and delay', () => {
  const pcm = tone(8000).map((x, i) => x + ((i * 7919) % 2003));
  const late = Int16Array.from([...new Int16Array(37), ...pcm]);
  assert.equal(bestDelay(pcm, late, 100), 37);
  assert.ok(snrDb(pcm, late, { delay: 37 }) > 100);
  near(
    snrDb(
      tone(8000),
      tone(8000).map((x, i) => x + (i % 2 ? 80 : -80)),
    ),
    20 * Math.log10(8000 / Math.SQRT2 / 80),
    0.1,
  );
  assert.ok(snrDb(tone(8000), tone(4000)) < 7);
  assert.ok(snrDb(tone(8000), tone(4000), { anyGain: true }) > 70);
});
