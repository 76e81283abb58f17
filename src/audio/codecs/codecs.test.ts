// Contract of the codecs' list: every entry, whatever it is, passes all of this.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestDelay, levelDbov, peak, sine, snrDb } from '../index.ts';
import { codecByName, codecByPayloadType, codecs } from './index.ts';

const noisy = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
  return (seed >>> 8) / 2 ** 24;
};

test('names, payload types and preference are as SDP needs them', () => {
  assert.deepEqual(
    codecs.map((c) => `${c.name}/${c.clockRate} ${c.payloadType} ${c.sampleRate}`),
    ['PCMU/8000 0 8000', 'PCMA/8000 8 8000', 'G722/8000 9 16000'],
  );
  assert.equal(codecByName('g722')?.payloadType, 9);
  assert.equal(codecByPayloadType(8)?.name, 'PCMA');
  assert.equal(codecByName('G729'), undefined);
  assert.equal(codecByPayloadType(96), undefined);
});

for (const codec of codecs) {
  const perMs = codec.sampleRate / 1000;

  test(`${codec.name}: a frame of every ptime has its bytes and comes back with its samples`, () => {
    for (let ms = 10; ms <= 60; ms += 10) {
      const bytes = new Uint8Array(1000);
      const n = codec.makeEncoder().encode(new Int16Array(ms * perMs), bytes);
      assert.equal(n, ms * codec.bytesPerMs);
      assert.equal(codec.makeDecoder().decode(bytes.subarray(0, n), new Int16Array(2000)), ms * perMs);
    }
  });

  test(`${codec.name}: tones at all usual levels survive with speech quality`, () => {
    for (const hz of [300, 1000, 2000, 3300]) {
      for (const amplitude of [500, 4000, 28_000]) {
        const pcm = sine({ hz, amplitude, samples: codec.sampleRate, sampleRate: codec.sampleRate });
        const back = roundTrip(codec, pcm);
        const delay = bestDelay(pcm, back, 40);
        const snr = snrDb(pcm, back, { delay });
        assert.ok(snr > 24, `${hz} Hz at ${amplitude}: ${snr.toFixed(1)} dB`);
        const level = levelDbov(back.subarray(400)) - levelDbov(pcm.subarray(400));
        assert.ok(Math.abs(level) < 0.2, `${hz} Hz at ${amplitude}: level off by ${level.toFixed(2)} dB`);
      }
    }
  });

  test(`${codec.name}: encoding frame by frame is encoding at once`, () => {
    const random = noisy(3);
    const pcm = Int16Array.from({ length: perMs * 200 }, () => random() * 20_000 - 10_000);
    const whole = new Uint8Array(2000);
    const n = codec.makeEncoder().encode(pcm, whole);
    const parts = new Uint8Array(n);
    const encoder = codec.makeEncoder();
    let at = 0;
    for (let i = 0; i < pcm.length; i += perMs * 20)
      at += encoder.encode(pcm.subarray(i, i + perMs * 20), parts.subarray(at));
    assert.deepEqual(parts, whole.subarray(0, n));
  });

  test(`${codec.name}: silence stays silence`, () => {
    assert.ok(peak(roundTrip(codec, new Int16Array(codec.sampleRate))) <= 8);
  });

  test(`${codec.name}: full scale is not folded over`, () => {
    const square = Int16Array.from({ length: codec.sampleRate }, (_, i) =>
      Math.floor(i / (perMs / 2)) % 2 ? -32_768 : 32_767,
    );
    const back = roundTrip(codec, square);
    assert.ok(levelDbov(back) > -2, `level ${levelDbov(back)}`);
    const delay = bestDelay(square, back, 40);
    assert.ok(snrDb(square, back, { delay }) > 6);
  });

  test(`${codec.name}: any bytes decode, and silence after them becomes quiet again`, () => {
    const random = noisy(7);
    const decoder = codec.makeDecoder();
    const out = new Int16Array(4000);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 480) }, () => random() * 256);
      assert.equal(decoder.decode(bytes, out), Math.round((bytes.length * codec.sampleRate) / codec.bytesPerMs / 1000));
    }
    const quiet = new Uint8Array(8000);
    codec.makeEncoder().encode(new Int16Array(codec.sampleRate), quiet);
    for (let i = 0; i < 8000; i += 160) decoder.decode(quiet.subarray(i, i + 160), out);
    assert.ok(peak(out.subarray(0, 160)) < 64, `peak ${peak(out.subarray(0, 160))}`);
  });

  test(`${codec.name}: room that is too small is filled and never overrun`, () => {
    const bytes = new Uint8Array(10);
    assert.equal(codec.makeEncoder().encode(new Int16Array(1000), bytes), 10);
    const out = new Int16Array(7);
    assert.ok(codec.makeDecoder().decode(new Uint8Array(100), out) <= 7);
    assert.equal(codec.makeEncoder().encode(new Int16Array(0), bytes), 0);
    assert.equal(codec.makeDecoder().decode(new Uint8Array(0), out), 0);
  });

  test(`${codec.name}: two directions share no state`, () => {
    const [a, b] = [codec.makeDecoder(), codec.makeDecoder()];
    const bytes = Uint8Array.from({ length: 160 }, (_, i) => (i * 37) & 255);
    const [first, second] = [new Int16Array(320), new Int16Array(320)];
    a.decode(bytes, first);
    a.decode(bytes, first);
    b.decode(bytes, second);
    const fresh = new Int16Array(320);
    codec.makeDecoder().decode(bytes, fresh);
    assert.deepEqual(second, fresh);
  });
}

function roundTrip(codec: (typeof codecs)[number], pcm: Int16Array): Int16Array {
  const bytes = new Uint8Array(Math.ceil((pcm.length * codec.bytesPerMs * 1000) / codec.sampleRate));
  const n = codec.makeEncoder().encode(pcm, bytes);
  const out = new Int16Array(pcm.length);
  codec.makeDecoder().decode(bytes.subarray(0, n), out);
  return out;
}
