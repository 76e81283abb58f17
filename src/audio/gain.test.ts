// Gain and mixing: levels, saturation, no click at a change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gain, levelDbov, MUTED_DB, mixInto, peak, sine, softClip, worstClick } from './index.ts';

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

test('one frame into another, saturating; the shorter one ends in silence', () => {
  const into = Int16Array.of(10, 32_767, 3);
  mixInto(into, Int16Array.of(5, 5));
  assert.deepEqual(into, Int16Array.of(15, 32_767, 3));
});

test('a wide sum is left as it is up to the knee, and bends smoothly to full scale beyond, both ways alike', () => {
  const sum = Int32Array.from({ length: 400_001 }, (_, i) => i - 200_000);
  const out = new Int16Array(sum.length);
  softClip(sum, out);
  for (let i = 1; i < sum.length; i++) {
    const x = sum[i]!;
    const step = out[i]! - out[i - 1]!;
    assert.ok(step === 0 || step === 1, `a step of ${step} at ${x}`);
    if (Math.abs(x) <= 24_576) assert.equal(out[i], x);
    assert.equal(out[i], -out[sum.length - 1 - i]! || 0, `${x}`);
  }
  assert.ok(out.at(-1)! > 32_300 && out.at(-1)! <= 32_767, `${out.at(-1)}`);
});
