// WAV: every format, every way of being cut up, and the lies that headers tell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault } from '../base/index.ts';
import { fileKind, RawDecoder, sine, snrDb, WavDecoder, writeWav } from './index.ts';

interface Shape {
  tag?: number;
  bits?: number;
  rate?: number;
  channels?: number;
  chunks?: Uint8Array[];
  dataSize?: number;
  extensible?: boolean;
  riff?: string;
}

/** A WAV file around these bytes of audio. */
function file(audio: Uint8Array, s: Shape = {}): Uint8Array {
  const { tag = 1, bits = 16, rate = 8000, channels = 1 } = s;
  const format = Buffer.alloc(s.extensible ? 48 : 24);
  format.write('fmt ', 0, 'latin1');
  format.writeUInt32LE(format.length - 8, 4);
  format.writeUInt16LE(s.extensible ? 0xfffe : tag, 8);
  format.writeUInt16LE(channels, 10);
  format.writeUInt32LE(rate, 12);
  format.writeUInt32LE((rate * channels * bits) / 8, 16);
  format.writeUInt16LE((channels * bits) / 8, 20);
  format.writeUInt16LE(bits, 22);
  if (s.extensible) format.writeUInt16LE(tag, 32);
  const data = Buffer.alloc(8);
  data.write('data', 0, 'latin1');
  data.writeUInt32LE(s.dataSize ?? audio.length, 4);
  return Buffer.concat([
    Buffer.from(`${s.riff ?? 'RIFF'}\0\0\0\0WAVE`, 'latin1'),
    format,
    ...(s.chunks ?? []),
    data,
    audio,
  ]);
}

const chunk = (id: string, size: number, bytes = size + (size & 1)): Uint8Array => {
  const b = Buffer.alloc(8 + bytes);
  b.write(id, 0, 'latin1');
  b.writeUInt32LE(size, 4);
  return b;
};

function decode(bytes: Uint8Array, piece = bytes.length): { pcm: Int16Array; sampleRate: number | undefined } {
  const decoder = new WavDecoder();
  const all: number[] = [];
  for (let at = 0; at < bytes.length; at += piece) all.push(...decoder.decode(bytes.subarray(at, at + piece)));
  all.push(...decoder.end());
  return { pcm: Int16Array.from(all), sampleRate: decoder.sampleRate };
}

const tone = sine({ hz: 440, amplitude: 12_000, samples: 800, sampleRate: 8000 });
const bytesOf = (pcm: Int16Array): Uint8Array => new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength);
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    assert.ok(isFault(error) && error.code === 'audio-format', String(error));
    return error.message;
  }
  return assert.fail('no failure');
};

test('what is written is read back, in pieces of any size', () => {
  const wav = writeWav(tone, 22_050);
  for (const piece of [1, 2, 3, 7, 43, 44, 45, 1000, wav.length]) {
    const { pcm, sampleRate } = decode(wav, piece);
    assert.deepEqual(pcm, tone, `pieces of ${piece}`);
    assert.equal(sampleRate, 22_050);
  }
});

test('8, 24, 32 bit, float 32 and 64', () => {
  const made: [Shape, Uint8Array][] = [
    [{ bits: 8 }, Uint8Array.from(tone, (x) => (x >> 8) + 128)],
    [{ bits: 24 }, Uint8Array.from([...tone].flatMap((x) => [0, x & 255, (x >> 8) & 255]))],
    [{ bits: 32 }, new Uint8Array(Int32Array.from(tone, (x) => x << 16).buffer)],
    [{ tag: 3, bits: 32 }, new Uint8Array(Float32Array.from(tone, (x) => x / 32_768).buffer)],
    [{ tag: 3, bits: 64 }, new Uint8Array(Float64Array.from(tone, (x) => x / 32_768).buffer)],
    [{ bits: 16, extensible: true }, bytesOf(tone)],
    [{ tag: 3, bits: 32, extensible: true }, new Uint8Array(Float32Array.from(tone, (x) => x / 32_768).buffer)],
  ];
  for (const [shape, audio] of made) {
    for (const piece of [5, 4096]) {
      const { pcm } = decode(file(audio, shape), piece);
      assert.equal(pcm.length, tone.length);
      assert.ok(snrDb(tone, pcm) > 35, JSON.stringify(shape));
    }
  }
});

test('float beyond full scale is clipped and not-a-number is silence', () => {
  const audio = new Uint8Array(Float32Array.of(2, -2, Number.NaN, Number.POSITIVE_INFINITY, 0.5).buffer);
  assert.deepEqual(decode(file(audio, { tag: 3, bits: 32 })).pcm, Int16Array.of(32_767, -32_768, 0, 32_767, 16_384));
});

test('A-law and mu-law', () => {
  assert.deepEqual(
    decode(file(Uint8Array.of(0xff, 0x80, 0x00), { tag: 7, bits: 8 })).pcm,
    Int16Array.of(0, 32_124, -32_124),
  );
  assert.deepEqual(
    decode(file(Uint8Array.of(0xd5, 0xaa, 0x2a), { tag: 6, bits: 8 })).pcm,
    Int16Array.of(8, 32_256, -32_256),
  );
});

test('stereo and more become their average', () => {
  const stereo = Int16Array.from([...tone].flatMap((x) => [x, 0]));
  const { pcm } = decode(file(bytesOf(stereo), { channels: 2 }), 33);
  assert.deepEqual(
    pcm,
    Int16Array.from(tone, (x) => Math.round(x / 2)),
  );
  assert.deepEqual(decode(file(bytesOf(Int16Array.of(6, 6, 12, 0, 0, 0)), { channels: 3 })).pcm, Int16Array.of(8, 0));
});

test('chunks before and after the audio are passed over', () => {
  const wav = file(bytesOf(tone), { chunks: [chunk('LIST', 25), chunk('fact', 4), chunk('bext', 602)] });
  const tagged = Buffer.concat([wav, chunk('LIST', 300)]);
  for (const piece of [1, 50, 9999]) assert.deepEqual(decode(tagged, piece).pcm, tone);
});

test('sizes that lie: streaming 0xFFFFFFFF and 0, too large, cut short', () => {
  for (const dataSize of [0xffff_ffff, 0, 1_000_000])
    assert.deepEqual(decode(file(bytesOf(tone), { dataSize }), 100).pcm, tone);
  const cut = file(bytesOf(tone)).subarray(0, 44 + 101);
  assert.deepEqual(decode(cut).pcm, tone.subarray(0, 50));
  assert.deepEqual(decode(file(bytesOf(tone), { riff: 'RF64', dataSize: 0xffff_ffff })).pcm, tone);
});

test('an empty file of the right form is empty and no error', () => {
  assert.equal(decode(writeWav(new Int16Array(0), 8000)).pcm.length, 0);
});

test('what cannot be played says why', () => {
  assert.match(
    failure(() => decode(Buffer.from('<html>not a wav file</html>'))),
    /RIFF/,
  );
  assert.match(
    failure(() => decode(file(bytesOf(tone), { tag: 0x55 }))),
    /format 85/,
  );
  assert.match(
    failure(() => decode(file(bytesOf(tone), { bits: 12 }))),
    /12 bits/,
  );
  assert.match(
    failure(() => decode(file(bytesOf(tone), { channels: 0 }))),
    /0 channels/,
  );
  assert.match(
    failure(() => decode(file(bytesOf(tone), { channels: 200 }))),
    /200 channels/,
  );
  assert.match(
    failure(() => decode(file(bytesOf(tone), { rate: 0 }))),
    /0 samples per second/,
  );
  assert.match(
    failure(() => decode(Buffer.from('RIFF\0\0\0\0WAVEdata\0\0\0\0', 'latin1'))),
    /fmt/,
  );
  assert.match(
    failure(() => decode(Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE', 'latin1'), chunk('JUNK', 3_000_000)]), 4096)),
    /megabyte/,
  );
  assert.match(
    failure(() => decode(Buffer.from('RIFF'))),
    /not a WAV/,
  );
  assert.match(
    failure(() => decode(new Uint8Array(0))),
    /not a WAV/,
  );
});

test('a header without its audio says so', () => {
  assert.match(
    failure(() => decode(file(bytesOf(tone)).subarray(0, 30))),
    /before its audio/,
  );
});

test('raw samples: odd pieces, wrong rates, nothing at all', () => {
  const decoder = new RawDecoder(16_000);
  const bytes = bytesOf(tone);
  const all: number[] = [];
  for (let at = 0; at < bytes.length; at += 3) all.push(...decoder.decode(bytes.subarray(at, at + 3)));
  all.push(...decoder.end());
  assert.deepEqual(Int16Array.from(all), tone);
  assert.match(
    failure(() => new RawDecoder(5)),
    /5 samples/,
  );
  assert.match(
    failure(() => new RawDecoder(8000).end()),
    /empty/,
  );
});

test('which kind a file is: bytes first, then type, then the address', () => {
  const none = new Uint8Array(12);
  const wav = writeWav(tone, 8000).subarray(0, 12);
  assert.deepEqual(fileKind(wav, 'audio/mpeg', 'http://a/b.mp3'), { kind: 'wav' });
  assert.deepEqual(fileKind(Buffer.from('ID3\x04\0\0\0\0\0\0\0\0', 'latin1'), 'audio/wav'), { kind: 'mp3' });
  assert.deepEqual(fileKind(Uint8Array.of(0xff, 0xfb, 0x90, 0), 'application/octet-stream'), { kind: 'mp3' });
  assert.deepEqual(fileKind(none, 'audio/mpeg'), { kind: 'mp3' });
  assert.deepEqual(fileKind(none, 'audio/x-wav; charset=binary'), { kind: 'wav' });
  assert.deepEqual(fileKind(none, 'audio/L16;rate=24000;channels=1'), { kind: 'raw', sampleRate: 24_000 });
  assert.deepEqual(fileKind(none, 'audio/l16'), { kind: 'raw', sampleRate: 8000 });
  assert.deepEqual(fileKind(none, '', 'https://a/b.MP3?x=1'), { kind: 'mp3' });
  assert.equal(fileKind(none, 'text/html', 'https://a/b'), undefined);
  assert.equal(fileKind(new Uint8Array(0)), undefined);
});
