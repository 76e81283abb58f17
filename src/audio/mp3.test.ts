// MP3 decoding: level and rate, pieces of any size, damage, what is no MP3.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFault, realClock } from '../base/index.ts';
import { decodeFile, type FileDecoder, fileKind, joinSamples, makeMp3Decoder, toneLevelDbov } from './index.ts';
import { mp3Damaged, mp3Mono, mp3Stereo } from './testing.ts';

const clock = realClock();

async function decode(bytes: Uint8Array, piece = bytes.length): Promise<{ pcm: Int16Array; sampleRate: number }> {
  const decoder = await makeMp3Decoder(clock);
  try {
    const parts: Int16Array[] = [];
    for (let at = 0; at < bytes.length; at += piece) parts.push(decoder.decode(bytes.subarray(at, at + piece)));
    parts.push(decoder.end());
    return { pcm: joinSamples(parts), sampleRate: decoder.sampleRate! };
  } finally {
    decoder.close();
  }
}

test('mono and stereo files come out mono, at their own rate and level', async () => {
  for (const [file, rate, samples] of [
    [mp3Mono(), 8000, 4000],
    [mp3Stereo(), 44_100, 5292],
  ] as const) {
    assert.deepEqual(fileKind(file.subarray(0, 12)), { kind: 'mp3' });
    const { pcm, sampleRate } = await decode(file);
    assert.equal(sampleRate, rate);
    assert.ok(pcm.length >= samples && pcm.length < samples + 2 * 1152 + 1105, `${pcm.length} samples`);
    // The tone has -13.3 dBov; LAME takes 0.45 dB, ffmpeg's mono to stereo 3 dB, and at these bit rates some is lost.
    const middle = pcm.subarray(pcm.length * 0.4, pcm.length * 0.7);
    const level = toneLevelDbov(middle, 1000, rate) + (rate === 44_100 ? 3 : 0);
    assert.ok(Math.abs(level + 13.8) < 0.7, `${level} dBov`);
  }
});

test('pieces of any size give the same samples', async () => {
  for (const file of [mp3Mono(), mp3Stereo()]) {
    const whole = await decode(file);
    for (const piece of [1, 13, 100, 500])
      assert.deepEqual((await decode(file, piece)).pcm, whole.pcm, `pieces of ${piece}`);
  }
});

test('tags before, junk between and half a frame behind are passed over', async () => {
  const tag = Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\x07\x76', 'latin1'), Buffer.alloc(1014, 'x')]);
  const file = mp3Stereo();
  const spoilt = Buffer.concat([tag, file.subarray(0, 627), Buffer.alloc(700, 'junk'), file, file.subarray(0, 100)]);
  const { pcm } = await decode(spoilt);
  assert.ok(pcm.length > 5292, `${pcm.length} samples`);
});

test('what is no MP3 is a Fault with a reason, not a hang and not a line on the console', async () => {
  const lines: unknown[] = [];
  const { error, log } = console;
  console.error = (...args: unknown[]) => lines.push(args);
  console.log = console.error;
  try {
    const chaos = Uint8Array.from({ length: 300_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 11) & 255);
    for (const bytes of [Buffer.from('<html>'), Buffer.alloc(50_000, 0xff), chaos, Buffer.alloc(0)]) {
      await decode(bytes).then(
        // Chance may look like a frame or two; nothing more than that.
        ({ pcm }) => assert.ok(bytes === chaos && pcm.length < 100_000, `${pcm.length} samples`),
        (fault: unknown) => assert.ok(isFault(fault) && fault.code === 'audio-format', String(fault)),
      );
    }
    const damaged = await makeMp3Decoder(clock);
    damaged.decode(mp3Damaged());
    damaged.close();
    const endless: FileDecoder = await makeMp3Decoder(clock);
    assert.throws(() => {
      for (let i = 0; i < 100; i++) endless.decode(Buffer.alloc(65_536, 'no frame here '));
    }, /not an MP3 file/);
    endless.close();
  } finally {
    console.error = error;
    console.log = log;
  }
  assert.deepEqual(lines, []);
});

test('a closed decoder decodes nothing; closing twice is nothing', async () => {
  const decoder = await makeMp3Decoder(clock);
  decoder.close();
  decoder.close();
  assert.equal(decoder.decode(mp3Mono()).length, 0);
});

test('a file in memory is decoded in turns, and stopped when it becomes too long', async () => {
  const { pcm, sampleRate } = await decodeFile(mp3Mono(), { kind: 'mp3' }, { clock, maxSamples: 10_000 });
  assert.equal(sampleRate, 8000);
  assert.ok(pcm.length >= 4000);
  await assert.rejects(
    decodeFile(mp3Mono(), { kind: 'mp3' }, { clock, maxSamples: 1000 }),
    (error) => isFault(error) && error.code === 'audio-too-long',
  );
});
