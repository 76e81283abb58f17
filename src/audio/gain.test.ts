// Gain and mixing: levels, saturation, no click at a change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToSum, Gain, levelDbov, MUTED_DB, mix, mixInto, mixMinus, peak, sine, worstClick } from './index.ts';

const tone = (amplitude: number, samples = 8000): Int16Array => sine({ hz: 440, amplitude, samples, sampleRate: 8000 });

/** Applies in 20 ms frames; `changes` sets the gain before that frame. */
function run(pcm: Int16Array, changes: Record<number, number>): Int16Array {
  const gain = new Gain(8000);
  for (let i = 0; i * 160 < pcm.length; i++) {
    const change = changes[i];
    if (change !== undefined) gain.set(change);
    gain.apply(pcm.subarray(i * 160, (i + 1) * 160));
  }
  return pcm;
}

test('a gain in dB is that gain', () => {
  for (const db of [-20, -6, 0, 6, 20]) {
    const before = tone(1000);
    const after = run(before.slice(), { 0: db });
    const change = levelDbov(after.subarray(800)) - levelDbov(before.subarray(800));
    assert.ok(Math.abs(change - db) < 0.05, `${db} dB gave ${change}`);
  }
});

test('too much saturates and never folds over', () => {
  const loud = run(tone(20_000), { 0: 20 });
  assert.equal(peak(loud), 32_768);
  for (let i = 100; i < loud.length; i++) {
    const source = Math.sin((2 * Math.PI * 440 * i) / 8000);
    if (Math.abs(source) > 0.3) assert.equal(Math.sign(loud[i]!), Math.sign(source), `sample ${i}`);
  }
});

test('a change ramps: no click; a jump would click', () => {
  for (const [from, to] of [
    [0, 20],
    [20, -20],
    [0, MUTED_DB],
    [MUTED_DB, 0],
  ] as const) {
    const pcm = run(tone(2000), { 0: from, 20: to });
    assert.ok(worstClick(pcm, 8000).ratio < 4, `${from} to ${to}: ${worstClick(pcm, 8000).ratio}`);
  }
  const cut = tone(2000);
  cut.fill(0, 4014);
  assert.ok(worstClick(cut, 8000).ratio > 5);
});

test('muted is exact silence 5 ms later, and comes back', () => {
  const pcm = run(tone(8000), { 10: MUTED_DB, 20: 0 });
  assert.equal(peak(pcm.subarray(10 * 160 + 40, 20 * 160)), 0);
  assert.ok(peak(pcm.subarray(20 * 160 + 40)) > 7900);
});

test('unity leaves samples alone; a jump is at once', () => {
  const pcm = tone(8000);
  assert.deepEqual(run(pcm.slice(), {}), pcm);
  const gain = new Gain(8000);
  gain.jump(MUTED_DB);
  gain.apply(pcm);
  assert.equal(peak(pcm), 0);
});

test('a ramp that turns round half way arrives where it was last told', () => {
  const gain = new Gain(8000);
  const pcm = new Int16Array(20).fill(1000);
  gain.set(20);
  gain.apply(pcm);
  gain.set(-6);
  const rest = new Int16Array(200).fill(1000);
  gain.apply(rest);
  assert.equal(rest[199], 501);
});

test('the mix is the saturating sum, shorter frames end in silence', () => {
  const out = new Int16Array(4);
  mix(out, [Int16Array.of(1, 30_000, -30_000, 5), Int16Array.of(2, 30_000, -30_000), Int16Array.of(-4)]);
  assert.deepEqual(out, Int16Array.of(-1, 32_767, -32_768, 5));
  mix(out, []);
  assert.deepEqual(out, new Int16Array(4));
  const into = Int16Array.of(10, 32_767, 3);
  mixInto(into, Int16Array.of(5, 5));
  assert.deepEqual(into, Int16Array.of(15, 32_767, 3));
});

test('everyone but oneself, also where the whole sum would saturate', () => {
  const [a, b, c] = [Int16Array.of(30_000, 1), Int16Array.of(20_000, 2), Int16Array.of(-10_000, 3)];
  const sum = new Int32Array(2);
  for (const frame of [a, b, c]) addToSum(sum, frame);
  const out = new Int16Array(2);
  mixMinus(out, sum, a);
  assert.deepEqual(out, Int16Array.of(10_000, 5));
  mixMinus(out, sum, c);
  assert.deepEqual(out, Int16Array.of(32_767, 3));
  mixMinus(out, sum);
  assert.deepEqual(out, Int16Array.of(32_767, 6));
});
