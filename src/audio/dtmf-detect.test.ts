// In-band DTMF: every digit once, at all levels, twists, lengths and noises that networks bring; nothing where there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pcmu } from './codecs/pcmu.ts';
import { DtmfDetector, dtmfFrequencies, dtmfSteps, saturate, sine, TonePlayer, ZERO_DBM0_PEAK } from './index.ts';

const digits = '123A456B789C*0#D';

interface Shape {
  lowDbm0?: number;
  highDbm0?: number;
  onMs?: number;
  offMs?: number;
  /** Level of white noise over all, dBm0. */
  noiseDbm0?: number;
  /** Frequency error of both tones, part of one. */
  offBy?: number;
  sampleRate?: number;
  /** Silence before, in samples: shifts the blocks against the tones. */
  shift?: number;
}

function render(text: string, s: Shape): Int16Array {
  const { lowDbm0 = -9, highDbm0 = -9, onMs = 50, offMs = 50, offBy = 0, sampleRate = 8000, shift = 0 } = s;
  const on = (onMs * sampleRate) / 1000;
  const total = on + (offMs * sampleRate) / 1000;
  const pcm = new Float64Array(shift + text.length * total + sampleRate / 10);
  for (const [k, digit] of [...text].entries()) {
    for (const [hz, db] of [
      [dtmfFrequencies(digit)![0], lowDbm0],
      [dtmfFrequencies(digit)![1], highDbm0],
    ] as const) {
      const amplitude = ZERO_DBM0_PEAK * 10 ** (db / 20);
      const turn = (2 * Math.PI * hz * (1 + offBy)) / sampleRate;
      for (let i = 0; i < on; i++) pcm[shift + k * total + i]! += amplitude * Math.sin(turn * i + k);
    }
  }
  // White noise of a power in dBm0: 0 dBm0 is the power of the reference sine.
  const rms = s.noiseDbm0 === undefined ? 0 : (ZERO_DBM0_PEAK / Math.SQRT2) * 10 ** (s.noiseDbm0 / 20);
  let seed = 99 + shift;
  return Int16Array.from(pcm, (x) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return saturate(x + (seed / 2 ** 31) * Math.sqrt(3) * rms);
  });
}

function detect(pcm: Int16Array, sampleRate = 8000): { text: string; started: string; durations: number[] } {
  const detector = new DtmfDetector(sampleRate);
  const found = { text: '', started: '', durations: [] as number[] };
  detector.onStart = (digit) => {
    found.started += digit;
  };
  detector.onDigit = ({ digit, durationMs }) => {
    found.text += digit;
    found.durations.push(durationMs);
  };
  for (let i = 0; i < pcm.length; i += sampleRate / 50) detector.process(pcm.subarray(i, i + sampleRate / 50));
  detector.end();
  return found;
}

/** Every alignment of the detector's blocks against the tones that matters. */
const shifts = [0, 13, 29, 41, 55, 67, 83, 97];

function expectAll(shape: Shape, why: string): void {
  for (const shift of shifts) {
    const { text, started } = detect(render(digits, { ...shape, shift }), shape.sampleRate);
    assert.equal(text, digits, `${why}, shift ${shift}`);
    assert.equal(started, digits, `${why}, shift ${shift}: starts`);
  }
}

function expectNone(shape: Shape, why: string): void {
  for (const shift of shifts)
    assert.equal(detect(render(digits, { ...shape, shift })).text, '', `${why}, shift ${shift}`);
}

test('all digits at every level from 0 to -30 dBm0', () => {
  for (const db of [-3, -9, -15, -21, -27, -30]) expectAll({ lowDbm0: db, highDbm0: db }, `${db} dBm0`);
});

test('all digits of 40 to 500 ms with pauses of 40 ms and more', () => {
  for (const [onMs, offMs] of [
    [40, 40],
    [45, 60],
    [50, 50],
    [70, 40],
    [100, 100],
    [500, 40],
  ] as const) {
    expectAll({ onMs, offMs }, `${onMs}/${offMs} ms`);
  }
});

test('all digits with a twist of 8 dB, or 4 dB the other way', () => {
  expectAll({ lowDbm0: -7, highDbm0: -15 }, 'low 8 dB stronger');
  expectAll({ lowDbm0: -13, highDbm0: -9 }, 'high 4 dB stronger');
});

test('all digits with tones off by 1.5 %', () => {
  for (const offBy of [0.015, -0.015]) expectAll({ offBy }, `${offBy * 100} %`);
});

test('all digits under noise, 15 dB below each tone', () => {
  expectAll({ noiseDbm0: -24, onMs: 50 }, 'noise');
});

test('all digits through mu-law', () => {
  for (const db of [-9, -27]) {
    const pcm = render(digits, { lowDbm0: db, highDbm0: db });
    const bytes = new Uint8Array(pcm.length);
    pcmu.makeEncoder().encode(pcm, bytes);
    pcmu.makeDecoder().decode(bytes, pcm);
    assert.equal(detect(pcm).text, digits);
  }
});

test('all digits at 16 kHz', () => {
  expectAll({ sampleRate: 16_000 }, '16 kHz');
});

test('the same digit again is two digits; a drop-out of 10 ms does not make two', () => {
  assert.equal(detect(render('5555', { onMs: 50, offMs: 40 })).text, '5555');
  for (const shift of shifts) {
    const pcm = render('5', { onMs: 150, shift });
    pcm.fill(0, shift + 400, shift + 480);
    assert.equal(detect(pcm).text, '5', `shift ${shift}`);
  }
});

test('how long a digit lasted is known to 8 ms', () => {
  for (const onMs of [60, 100, 250, 1000]) {
    for (const shift of shifts) {
      const [durationMs] = detect(render('7', { onMs, shift })).durations;
      assert.ok(Math.abs(durationMs! - onMs) <= 8, `${onMs} ms reported as ${durationMs}`);
    }
  }
});

test('a start is told while the tone sounds, within 40 ms', () => {
  for (const shift of shifts) {
    const detector = new DtmfDetector(8000);
    let started = '';
    detector.onStart = (digit) => {
      started = digit;
    };
    detector.process(render('3', { onMs: 500, shift }).subarray(0, shift + 320));
    assert.equal(started, '3', `shift ${shift}`);
  }
});

test('a digit that still sounds when the audio ends is reported once', () => {
  const detector = new DtmfDetector(8000);
  const found: string[] = [];
  detector.onDigit = ({ digit }) => found.push(digit);
  detector.process(render('8', { onMs: 200 }).subarray(0, 1000));
  detector.end();
  detector.end();
  assert.deepEqual(found, ['8']);
});

test('what is no digit: too short, too quiet, wrong twist, off frequency, one tone, noise', () => {
  expectNone({ onMs: 20 }, '20 ms');
  expectNone({ lowDbm0: -50, highDbm0: -50 }, '-50 dBm0');
  expectNone({ lowDbm0: -6, highDbm0: -22 }, 'twist 16 dB');
  expectNone({ lowDbm0: -22, highDbm0: -6 }, 'reverse twist 16 dB');
  expectNone({ offBy: 0.05 }, '5 % off');
  expectNone({ offBy: -0.05 }, '5 % off');
  expectNone({ lowDbm0: -90, noiseDbm0: -30 }, 'high tone alone');
  expectNone({ lowDbm0: -90, highDbm0: -90, noiseDbm0: -10 }, 'noise alone');
  for (const hz of [350, 440, 480, 620, 697, 941, 1004, 1209, 1633, 2000]) {
    assert.equal(detect(sine({ hz, amplitude: 12_000, samples: 8000, sampleRate: 8000 })).text, '', `${hz} Hz`);
  }
});

test('what dtmfSteps makes is what the detector hears', () => {
  const player = new TonePlayer({ steps: dtmfSteps(`${digits}w00`, 60, 60), loops: 1 }, 8000);
  const pcm = new Int16Array(40_000);
  player.read(pcm);
  assert.equal(detect(pcm).text, `${digits}00`);
});
