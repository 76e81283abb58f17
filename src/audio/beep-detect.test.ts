// Beeps of every pitch, level and length over noise and through telephone codecs; and everything on a line that is no beep.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../base/sim/index.ts';
import { BeepDetector, codecByName, type DetectedBeep, dtmfLayout, saturate, sine } from './index.ts';

const rate = 8000;

function detect(pcm: Int16Array, sampleRate = rate): DetectedBeep[] {
  const detector = new BeepDetector(sampleRate);
  const found: DetectedBeep[] = [];
  detector.onBeep = (beep) => found.push(beep);
  const frame = sampleRate / 50;
  for (let at = 0; at + frame <= pcm.length; at += frame) detector.process(pcm.subarray(at, at + frame));
  return found;
}

const amplitudeOf = (dbov: number): number => 32_768 * 10 ** (dbov / 20) * Math.SQRT2;

function noise(samples: number, dbov: number): Int16Array {
  const random = seededRandom(`noise ${dbov}`);
  const peak = 32_768 * 10 ** (dbov / 20) * Math.sqrt(3);
  return Int16Array.from({ length: samples }, () => saturate((2 * random.next() - 1) * peak));
}

function throughCodec(pcm: Int16Array, name: string): Int16Array {
  const codec = codecByName(name)!;
  const bytes = new Uint8Array(pcm.length);
  const written = codec.makeEncoder().encode(pcm, bytes);
  codec.makeDecoder().decode(bytes.subarray(0, written), pcm);
  return pcm;
}

const sum = (...parts: Int16Array[]): Int16Array =>
  Int16Array.from({ length: Math.max(...parts.map(({ length }) => length)) }, (_, i) =>
    saturate(parts.reduce((all, part) => all + (part[i] ?? 0), 0)),
  );

const tone = (hz: number, ms: number, amplitude = 6000, sampleRate = rate): Int16Array =>
  sine({ hz, amplitude, samples: (ms * sampleRate) / 1000, sampleRate });

interface Shape {
  hz: number;
  ms: number;
  dbov: number;
  snrDb: number;
  sampleRate?: number;
}

/** A second and a half with a beep somewhere in it; where, depends on its pitch. */
function beep({ hz, ms, dbov, snrDb, sampleRate = rate }: Shape): Int16Array {
  const pcm = noise(1.5 * sampleRate, dbov - snrDb);
  const from = sampleRate / 4 + (hz % 37);
  const sound = tone(hz, ms, amplitudeOf(dbov), sampleRate);
  for (let i = 0; i < sound.length; i++) pcm[from + i] = saturate(pcm[from + i]! + sound[i]!);
  return pcm;
}

for (const codec of ['PCMU', 'PCMA', 'G722']) {
  test(`a beep of any pitch, level and length, over noise, through ${codec}`, () => {
    const { sampleRate } = codecByName(codec)!;
    for (const snrDb of [60, 20, 10])
      for (const dbov of [-10, -25, -40])
        for (const ms of [200, 600])
          for (let hz = 440; hz <= 2560; hz += 212) {
            const found = detect(throughCodec(beep({ hz, ms, dbov, snrDb, sampleRate }), codec), sampleRate);
            const what = JSON.stringify({ hz, ms, dbov, snrDb, found });
            assert.equal(found.length, 1, what);
            const [{ frequencyHz, varianceHz2, durationMs }] = found as [DetectedBeep];
            assert.ok(Math.abs(frequencyHz - hz) < 1.5, what);
            assert.ok(varianceHz2 < (snrDb > 10 ? 2 : 10), what);
            assert.ok(Math.abs(durationMs - ms) <= 40, what);
          }
  });
}

test('the variance tells a tone that stands from one that trembles', () => {
  const trembling = new Int16Array(rate);
  let phase = 0;
  for (let i = 0; i < trembling.length / 2; i++) {
    phase += (2 * Math.PI * (1000 + 8 * Math.sin((2 * Math.PI * 5 * i) / rate))) / rate;
    trembling[i] = 6000 * Math.sin(phase);
  }
  const [still] = detect(sum(tone(1000, 500), new Int16Array(rate)));
  const [wavering] = detect(trembling);
  assert.ok(still!.varianceHz2 < 0.1, String(still!.varianceHz2));
  assert.ok(wavering!.varianceHz2 > 10, String(wavering!.varianceHz2));
});

test('a beep with harmonics 16 dB below it, and one from which a packet was lost', () => {
  const rich = sum(tone(850, 400), tone(1700, 400, 700), tone(2550, 400, 500), new Int16Array(rate));
  assert.equal(detect(rich).length, 1);
  const holed = sum(tone(1400, 400), new Int16Array(rate)).fill(0, 1600, 1760);
  assert.deepEqual(
    detect(holed).map(({ durationMs }) => Math.round(durationMs / 50)),
    [8],
  );
});

test('two beeps are two; one that does not end is told after 1.5 s, once', () => {
  const quiet = new Int16Array(rate / 2);
  const two = Int16Array.from([...tone(1000, 300), ...quiet, ...tone(1000, 300), ...quiet]);
  assert.equal(detect(two).length, 2);
  const endless = tone(1000, 5_000);
  assert.deepEqual(detect(endless.subarray(0, 1.4 * rate)), []);
  assert.equal(detect(endless.subarray(0, 1.6 * rate)).length, 1);
  assert.equal(detect(endless).length, 1);
});

test('too short, too quiet, too low or too high is none', () => {
  const after = new Int16Array(rate);
  for (const ms of [20, 80, 160]) assert.deepEqual(detect(sum(tone(1000, ms), after)), [], `${ms} ms`);
  for (const hz of [60, 200, 300, 400, 425, 2700, 3400])
    assert.deepEqual(detect(sum(tone(hz, 600), after)), [], `${hz}`);
  assert.deepEqual(detect(sum(tone(1000, 600, amplitudeOf(-52)), after)), []);
});

test('no digit is one, at any twist', () => {
  for (const low of dtmfLayout.rows)
    for (const high of dtmfLayout.columns)
      for (const twistDb of [-4, 0, 8])
        assert.deepEqual(
          detect(sum(tone(low, 1000), tone(high, 1000, 6000 * 10 ** (-twistDb / 20)))),
          [],
          `${low} ${high}`,
        );
});

test('no ringing, busy, dial or congestion tone is one', () => {
  for (const tones of [[440, 480], [480, 620], [350, 440], [400, 450], [400, 425], [425], [400]]) {
    const cadence = sum(...tones.map((hz) => tone(hz, 1000)), new Int16Array(2 * rate));
    assert.deepEqual(detect(Int16Array.from([...cadence, ...cadence])), [], tones.join(' + '));
  }
});

test('no chord, and no note of an instrument, is one', () => {
  for (const chord of [
    [523, 659, 784],
    [440, 880],
    [800, 807],
    [660, 990],
  ])
    assert.deepEqual(detect(sum(...chord.map((hz) => tone(hz, 1500)))), [], chord.join(' + '));
  for (let key = 57; key <= 84; key++) {
    const hz = 440 * 2 ** ((key - 69) / 12);
    for (const [falling, decay] of [
      [1, 0],
      [2, 0],
      [2, 4],
      [3, 4],
    ] as const) {
      const partials = [];
      for (let k = 1; k * hz < 3400; k++) partials.push(tone(hz * k, 500, 6000 / k ** falling));
      const note = sum(...partials).map((x, i) => x * Math.exp((-decay * i) / rate));
      assert.deepEqual(detect(sum(note, new Int16Array(rate))), [], `${Math.round(hz)} Hz, ${falling}, ${decay}`);
    }
  }
});

test('a tone that slides is none', () => {
  for (const hzPerSecond of [-300, 300, 800]) {
    let phase = 0;
    const slide = Int16Array.from({ length: 2 * rate }, (_, i) => {
      phase += (2 * Math.PI * (1_100 + (hzPerSecond * i) / rate)) / rate;
      return 6_000 * Math.sin(phase);
    });
    assert.deepEqual(detect(slide), [], `${hzPerSecond} Hz a second`);
  }
});

test('noise of a minute is none', () => {
  for (const dbov of [-10, -30]) assert.deepEqual(detect(noise(60 * rate, dbov)), []);
});
