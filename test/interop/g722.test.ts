// G.722 and G.711 against ffmpeg, each side encoding for the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestDelay, type Codec, codecByName, levelDbov, saturate, snrDb } from '../../src/audio/index.ts';
import { bytesOf, ffmpeg, rawIn, samplesOf } from './media-tools.ts';

/** A sweep over the band with a swell and some noise: no sample repeats, so a delay cannot hide. */
function sweep(sampleRate: number, seconds: number): Int16Array {
  let seed = 7;
  let phase = 0;
  return Int16Array.from({ length: sampleRate * seconds }, (_, i) => {
    const at = i / (sampleRate * seconds);
    phase += (2 * Math.PI * (200 + at * 0.38 * sampleRate)) / sampleRate;
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return saturate(9000 * Math.sin(phase) * (0.6 + 0.4 * Math.sin(i / 1500)) + (seed >> 24));
  });
}

function encode(codec: Codec, pcm: Int16Array): Uint8Array {
  const out = new Uint8Array((pcm.length * codec.bytesPerMs * 1000) / codec.sampleRate);
  // In frames of 20 ms, as a call does.
  const encoder = codec.makeEncoder();
  const n = codec.sampleRate / 50;
  let at = 0;
  for (let i = 0; i < pcm.length; i += n) at += encoder.encode(pcm.subarray(i, i + n), out.subarray(at));
  return out.subarray(0, at);
}

function decode(codec: Codec, bytes: Uint8Array): Int16Array {
  const out = new Int16Array((bytes.length * codec.sampleRate) / codec.bytesPerMs / 1000);
  const decoder = codec.makeDecoder();
  const n = codec.bytesPerMs * 20;
  const perByte = codec.sampleRate / codec.bytesPerMs / 1000;
  for (let i = 0; i < bytes.length; i += n) decoder.decode(bytes.subarray(i, i + n), out.subarray(i * perByte));
  return out;
}

const formats = [
  { codec: codecByName('G722')!, ffmpegName: 'g722', input: ['-f', 'g722'], rate: 16_000, least: 20, delay: 22 },
  {
    codec: codecByName('PCMU')!,
    ffmpegName: 'mulaw',
    input: ['-f', 'mulaw', '-ar', '8000', '-ac', '1'],
    rate: 8000,
    least: 35,
    delay: 0,
  },
  {
    codec: codecByName('PCMA')!,
    ffmpegName: 'alaw',
    input: ['-f', 'alaw', '-ar', '8000', '-ac', '1'],
    rate: 8000,
    least: 35,
    delay: 0,
  },
];

for (const { codec, ffmpegName, input, rate, least, delay } of formats) {
  const pcm = sweep(rate, 4);

  test(`${codec.name}: ours encodes, ffmpeg decodes`, () => {
    const theirs = samplesOf(ffmpeg(input, ['-f', 's16le'], encode(codec, pcm)));
    assert.equal(theirs.length, pcm.length);
    assert.equal(bestDelay(pcm, theirs, 50), delay);
    const snr = snrDb(pcm, theirs, { delay });
    assert.ok(snr > least, `${snr.toFixed(1)} dB`);
    assert.ok(Math.abs(levelDbov(theirs) - levelDbov(pcm)) < 0.1);
  });

  test(`${codec.name}: ffmpeg encodes, ours decodes`, () => {
    const bytes = ffmpeg(rawIn(rate), ['-f', ffmpegName], bytesOf(pcm));
    const ours = decode(codec, bytes);
    assert.equal(bestDelay(pcm, ours, 50), delay);
    const snr = snrDb(pcm, ours, { delay });
    assert.ok(snr > least, `${snr.toFixed(1)} dB`);
  });
}

test('G722: bit for bit what ffmpeg makes, both ways, also from noise and full scale', () => {
  const { codec } = formats[0]!;
  let seed = 3;
  const wild = Int16Array.from({ length: 32_000 }, (_, i) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
    return Math.floor(i / 4000) % 2 ? seed >> 16 : saturate(60_000 * Math.sin(i / 9));
  });
  for (const pcm of [sweep(16_000, 4), wild]) {
    const bytes = encode(codec, pcm);
    assert.deepEqual(Buffer.from(bytes), ffmpeg(rawIn(16_000), ['-f', 'g722'], bytesOf(pcm)));
    const theirs = samplesOf(ffmpeg(['-f', 'g722'], ['-f', 's16le'], bytes));
    assert.deepEqual(decode(codec, bytes), theirs);
  }
  // Bytes that no encoder makes.
  const chaos = Uint8Array.from({ length: 16_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 13) & 255);
  assert.deepEqual(decode(codec, chaos), samplesOf(ffmpeg(['-f', 'g722'], ['-f', 's16le'], chaos)));
});

test("G.711: every code decodes to ffmpeg's sample", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const { codec, input } of formats.slice(1)) {
    const theirs = samplesOf(ffmpeg(input, ['-f', 's16le'], all));
    assert.deepEqual(decode(codec, all), theirs);
  }
});
