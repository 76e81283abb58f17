// The resampler: levels, aliases, counts, seams and alignment, measured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realClock } from '../base/index.ts';
import { levelDbov, Resampler, resample, resampleInTurns, sine, snrDb, toneLevelDbov, worstClick } from './index.ts';

const rates = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
const pairs = rates.flatMap((from) => rates.filter((to) => to !== from).map((to) => [from, to] as const));

/** Through in frames of uneven size, as a network and a file reader give them. */
function stream(pcm: Int16Array, from: number, to: number, frame = 160): Int16Array {
  const resampler = new Resampler(from, to);
  const out = new Int16Array(resampler.maxOutput(pcm.length) + 10);
  let written = 0;
  for (let at = 0, i = 0; at < pcm.length; i++) {
    const n = frame + (i % 3) * 17;
    written += resampler.process(pcm.subarray(at, at + n), out.subarray(written));
    at += n;
  }
  return out.subarray(0, written);
}

test('every pair of rates keeps a tone at its level and pitch, without a click', () => {
  for (const [from, to] of pairs) {
    const pcm = sine({ hz: 1000, amplitude: 10_000, samples: from / 2, sampleRate: from });
    const out = stream(pcm, from, to);
    const settled = out.subarray(Math.ceil(to / 50), out.length);
    const level = toneLevelDbov(settled, 1000, to) - toneLevelDbov(pcm, 1000, from);
    assert.ok(Math.abs(level) < 0.1, `${from} to ${to}: ${level.toFixed(3)} dB`);
    // Whatever is not the tone (images, seams, rounding) lies 60 dB below it.
    const ideal = resample(pcm, from, to);
    const reference = sine({ hz: 1000, amplitude: 10_000, samples: ideal.length, sampleRate: to });
    const middle = [Math.ceil(to / 50), ideal.length - Math.ceil(to / 50)] as const;
    const snr = snrDb(reference.subarray(...middle), ideal.subarray(...middle));
    assert.ok(snr > 55, `${from} to ${to}: ${snr.toFixed(1)} dB, or out of time`);
    assert.ok(worstClick(settled, to).ratio < 3, `${from} to ${to} clicks`);
  }
});

test('counts are exact over time', () => {
  for (const [from, to] of pairs) {
    const resampler = new Resampler(from, to);
    const out = new Int16Array(2000);
    let taken = 0;
    let given = 0;
    for (let i = 0; i < 200; i++) {
      const n = 1 + ((i * 53) % 300);
      const written = resampler.process(new Int16Array(n), out);
      assert.ok(written <= resampler.maxOutput(n));
      taken += n;
      given += written;
      assert.equal(given, Math.ceil((taken * to) / from));
    }
  }
});

test('20 ms in is 20 ms out, every time, where both are whole', () => {
  for (const [from, to] of [
    [8000, 16_000],
    [16_000, 8000],
    [48_000, 8000],
    [44_100, 8000],
    [22_050, 8000],
    [24_000, 16_000],
  ] as const) {
    const resampler = new Resampler(from, to);
    const out = new Int16Array(1000);
    for (let i = 0; i < 50; i++) assert.equal(resampler.process(new Int16Array(from / 50), out), to / 50);
  }
});

test('frames of any size give the same samples as one piece', () => {
  const pcm = Int16Array.from({ length: 8820 }, (_, i) => ((i * 7919) % 20_011) - 10_000);
  for (const [from, to] of [
    [44_100, 8000],
    [8000, 48_000],
    [16_000, 8000],
  ] as const) {
    assert.deepEqual(stream(pcm, from, to, 1), stream(pcm, from, to, 4000));
  }
});

test('to 8 kHz: flat to 3.4 kHz', () => {
  for (const from of [16_000, 24_000, 44_100, 48_000]) {
    for (const hz of [100, 300, 1000, 2000, 3000, 3400]) {
      const out = stream(sine({ hz, amplitude: 10_000, samples: from, sampleRate: from }), from, 8000).subarray(800);
      const loss =
        toneLevelDbov(out, hz, 8000) -
        toneLevelDbov(sine({ hz, amplitude: 10_000, samples: 8000, sampleRate: 8000 }), hz, 8000);
      assert.ok(Math.abs(loss) < 0.5, `${from}: ${hz} Hz is off by ${loss.toFixed(2)} dB`);
    }
  }
});

test('to 8 kHz: nothing above 4.4 kHz folds back, 60 dB and more', () => {
  for (const from of [16_000, 24_000, 44_100, 48_000]) {
    for (const hz of [4400, 4600, 5000, 6000, 7000, 7900]) {
      const pcm = sine({ hz, amplitude: 20_000, samples: from, sampleRate: from });
      const left = levelDbov(stream(pcm, from, 8000).subarray(800)) - levelDbov(pcm);
      assert.ok(left < -60, `${from}: ${hz} Hz comes through at ${left.toFixed(1)} dB`);
    }
  }
});

test('from 8 kHz: no image above 4.4 kHz', () => {
  for (const to of [16_000, 48_000]) {
    for (const hz of [300, 1000, 3400]) {
      const out = stream(sine({ hz, amplitude: 20_000, samples: 8000, sampleRate: 8000 }), 8000, to).subarray(to / 10);
      const image = toneLevelDbov(out, 8000 - hz, to) - toneLevelDbov(out, hz, to);
      assert.ok(image < -60, `${to}: image of ${hz} Hz at ${image.toFixed(1)} dB`);
    }
  }
});

test('silence is silence, full scale is clipped and not folded over', () => {
  assert.deepEqual(stream(new Int16Array(4000), 44_100, 8000), new Int16Array(Math.ceil((4000 * 8000) / 44_100)));
  const square = Int16Array.from({ length: 4800 }, (_, i) => (i % 480 < 240 ? 32_767 : -32_768));
  const out = resample(square, 48_000, 8000);
  for (let i = 10; i < 30; i++) assert.ok(out[i]! > 25_000, `sample ${i} is ${out[i]}`);
});

test('odd rates of odd files work too', () => {
  for (const from of [4000, 8001, 12_345, 37_800, 44_101, 96_000, 192_000]) {
    const out = stream(sine({ hz: 1000, amplitude: 10_000, samples: from, sampleRate: from }), from, 8000).subarray(
      800,
    );
    assert.ok(Math.abs(toneLevelDbov(out, 1000, 8000) - (20 * Math.log10(10_000 / 32_768) - 3.01)) < 0.2, `${from}`);
  }
});

test('reset forgets', () => {
  const resampler = new Resampler(16_000, 8000);
  const out = new Int16Array(400);
  resampler.process(sine({ hz: 500, amplitude: 20_000, samples: 320, sampleRate: 16_000 }), out);
  resampler.reset();
  resampler.process(new Int16Array(320), out);
  assert.deepEqual(out.subarray(0, 160), new Int16Array(160));
});

test('in turns it is the same, and others get their turn', async () => {
  const clock = realClock();
  for (const [from, to, samples] of [
    [22_050, 8000, 100_000],
    [8000, 16_000, 1],
    [16_000, 8000, 0],
    [8000, 8000, 500],
  ] as const) {
    const pcm = Int16Array.from({ length: samples }, (_, i) => ((i * 7919) % 20_011) - 10_000);
    let turns = 0;
    let done = false;
    const count = (): void => {
      turns++;
      if (!done) clock.soon(count);
    };
    clock.soon(count);
    assert.deepEqual(await resampleInTurns(pcm, { from, to }, clock), resample(pcm, from, to));
    done = true;
    if (samples > 50_000) assert.ok(turns >= 5, `${turns} turns`);
  }
});
