// Loss concealment: no click, no buzz, fades to silence, comes back smoothly, and beats both silence and repetition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Concealer, levelDbov, peak, sine, snrDb, worstClick } from './index.ts';

/** Something like a voiced vowel: harmonics of a pitch that glides, with a slow swell. */
function vowel(samples: number, rate: number, pitch = 120): Int16Array {
  let phase = 0;
  return Int16Array.from({ length: samples }, (_, i) => {
    phase += (2 * Math.PI * (pitch + 10 * Math.sin((3 * i) / rate))) / rate;
    let sum = 0;
    for (let h = 1; h <= 12; h++) sum += Math.sin(h * phase) / (1 + ((h * pitch - 600) / 400) ** 2);
    return Math.round(2500 * sum * (0.8 + 0.2 * Math.sin((12 * i) / rate)));
  });
}

/** Plays through with these 20 ms frames lost. */
function through(pcm: Int16Array, rate: number, lost: (frame: number) => boolean): Int16Array {
  const concealer = new Concealer(rate);
  const out = pcm.slice();
  const n = rate / 50;
  for (let f = 0; (f + 1) * n <= out.length; f++) {
    const frame = out.subarray(f * n, (f + 1) * n);
    if (lost(f)) concealer.conceal(frame);
    else concealer.good(frame);
  }
  return out;
}

for (const rate of [8000, 16_000]) {
  const n = rate / 50;

  test(`${rate}: single losses in voice and tones make no click`, () => {
    const worst = worstClick(vowel(rate, rate), rate).ratio;
    for (const pitch of [80, 120, 180, 250]) {
      const out = through(vowel(rate, rate, pitch), rate, (f) => f % 10 === 7);
      assert.ok(
        worstClick(out, rate).ratio < Math.max(4, worst * 1.5),
        `pitch ${pitch}: ${worstClick(out, rate).ratio}`,
      );
    }
    for (const hz of [100, 300, 440, 1000, 1700]) {
      const out = through(sine({ hz, amplitude: 9000, samples: rate, sampleRate: rate }), rate, (f) => f % 10 === 7);
      assert.ok(worstClick(out, rate).ratio < 4, `${hz} Hz: ${worstClick(out, rate).ratio}`);
    }
  });

  test(`${rate}: a lost frame sounds more like what was lost than silence or the last frame does`, () => {
    for (const pitch of [80, 120, 180, 250]) {
      const pcm = vowel(rate, rate, pitch);
      const isLost = (f: number): boolean => f % 10 === 7;
      const out = through(pcm, rate, isLost);
      const repeated = pcm.slice();
      for (let f = 1; (f + 1) * n <= pcm.length; f++) if (isLost(f)) repeated.copyWithin(f * n, (f - 1) * n, f * n);
      const inLoss = (x: Int16Array): Int16Array => Int16Array.from(x.filter((_, i) => isLost(Math.floor(i / n))));
      const ours = snrDb(inLoss(pcm), inLoss(out));
      assert.ok(ours > 3, `pitch ${pitch}: ${ours.toFixed(1)} dB`);
      assert.ok(ours > snrDb(inLoss(pcm), inLoss(repeated)) + 1, `pitch ${pitch}`);
    }
  });

  test(`${rate}: a long loss fades without a bump and ends in exact silence`, () => {
    const out = through(vowel(rate, rate), rate, (f) => f >= 20);
    const levels = [20, 21, 22, 23].map((f) => levelDbov(out.subarray(f * n, (f + 1) * n)));
    const before = levelDbov(out.subarray(19 * n, 20 * n));
    assert.ok(Math.abs(levels[0]! - before) < 3, `${before} then ${levels[0]}`);
    assert.ok(levels[1]! < levels[0]! && levels[2]! < levels[1]!, levels.join(' '));
    assert.equal(peak(out.subarray(23 * n)), 0);
    assert.ok(worstClick(out, rate).ratio < 4);
  });

  test(`${rate}: coming back after a long loss is smooth`, () => {
    const out = through(vowel(rate, rate), rate, (f) => f >= 20 && f < 30);
    assert.ok(worstClick(out, rate).ratio < 4, `${worstClick(out, rate).ratio}`);
    const pcm = vowel(rate, rate);
    assert.deepEqual(out.subarray(31 * n), pcm.subarray(31 * n));
  });

  test(`${rate}: without history, and after silence, it is silent`, () => {
    const concealer = new Concealer(rate);
    const out = new Int16Array(n).fill(5);
    concealer.conceal(out);
    assert.equal(peak(out), 0);
    concealer.good(new Int16Array(n));
    concealer.conceal(out);
    assert.equal(peak(out), 0);
  });

  test(`${rate}: noise does not become louder or a whistle`, () => {
    let seed = 5;
    const noise = Int16Array.from({ length: rate }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
      return seed >> 20;
    });
    const out = through(noise, rate, (f) => f % 5 === 4);
    assert.ok(Math.abs(levelDbov(out) - levelDbov(noise)) < 1);
    assert.ok(peak(out) < 2 * peak(noise));
  });
}

test('frames of other lengths work as well', () => {
  for (const ms of [10, 30, 60]) {
    const concealer = new Concealer(8000);
    const pcm = sine({ hz: 440, amplitude: 9000, samples: 8000, sampleRate: 8000 });
    const n = ms * 8;
    for (let f = 0; (f + 1) * n <= pcm.length; f++) {
      const frame = pcm.subarray(f * n, (f + 1) * n);
      if (f % 7 === 5) concealer.conceal(frame);
      else concealer.good(frame);
    }
    assert.ok(worstClick(pcm, 8000).ratio < 4, `${ms} ms: ${worstClick(pcm, 8000).ratio}`);
  }
});
