// Files made by sox and ffmpeg, read by us: every WAV format, MP3 of every usual kind, broken ones.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  decodeFile,
  fileKind,
  makeFileDecoder,
  resample,
  sine,
  snrDb,
  toneLevelDbov,
  worstClick,
  writeWav,
} from '../../src/audio/index.ts';
import { isFault, realClock } from '../../src/base/index.ts';
import { bytesOf, ffmpeg, rawIn, run, samplesOf, temporaryFolder } from './media-tools.ts';

const clock = realClock();
const maxSamples = 60 * 192_000;

/** A second of tone with its own kind found from its first bytes. */
async function read(bytes: Uint8Array, url = ''): Promise<{ pcm: Int16Array; sampleRate: number }> {
  const kind = fileKind(bytes.subarray(0, 12), '', url);
  assert.ok(kind);
  return decodeFile(bytes, kind, { clock, maxSamples });
}

const toneOf = (rate: number): Int16Array => sine({ hz: 1000, amplitude: 10_000, samples: 2 * rate, sampleRate: rate });

test('WAV by sox: all encodings, rates and channels', async (t) => {
  const folder = temporaryFolder(t);
  const encodings = [
    ['-e', 'unsigned-integer', '-b', '8'],
    ['-e', 'signed-integer', '-b', '16'],
    ['-e', 'signed-integer', '-b', '24'],
    ['-e', 'signed-integer', '-b', '32'],
    ['-e', 'floating-point', '-b', '32'],
    ['-e', 'floating-point', '-b', '64'],
    ['-e', 'a-law'],
    ['-e', 'u-law'],
  ];
  for (const encoding of encodings) {
    for (const rate of [8000, 16_000, 22_050, 44_100, 48_000]) {
      for (const channels of [1, 2]) {
        const path = join(folder, 'made.wav');
        run('sox', ['-D', ...rawSox(rate), '-', ...encoding, '-c', String(channels), path], bytesOf(toneOf(rate)));
        const what = `${encoding.join(' ')} ${rate} Hz ${channels} channels`;
        const { pcm, sampleRate } = await read(readFileSync(path));
        assert.equal(sampleRate, rate, what);
        assert.equal(pcm.length, 2 * rate, what);
        const snr = snrDb(toneOf(rate), pcm);
        assert.ok(snr > (encoding.includes('8') || encoding.length === 2 ? 34 : 85), `${what}: ${snr.toFixed(1)} dB`);
      }
    }
  }
});

const rawSox = (rate: number): string[] => [
  '-t',
  'raw',
  '-r',
  String(rate),
  '-e',
  'signed-integer',
  '-b',
  '16',
  '-c',
  '1',
];

test('WAV by ffmpeg into a pipe: sizes unknown, LIST chunk before the audio', async () => {
  const wav = ffmpeg(rawIn(16_000), ['-metadata', 'title=A prompt', '-f', 'wav'], bytesOf(toneOf(16_000)));
  assert.equal(wav.readUInt32LE(4), 0xffff_ffff);
  const { pcm, sampleRate } = await read(wav);
  assert.equal(sampleRate, 16_000);
  assert.deepEqual(pcm, toneOf(16_000));
});

test('what we write, sox reads', () => {
  const wav = writeWav(toneOf(8000), 8000);
  assert.deepEqual(samplesOf(run('sox', ['-t', 'wav', '-', '-t', 'raw', '-'], wav)), toneOf(8000));
});

test('MP3: bit rates, sample rates, VBR, stereo, ID3 tags', async () => {
  const kinds = [
    { rate: 8000, args: ['-b:a', '16k'] },
    { rate: 16_000, args: ['-b:a', '32k'] },
    { rate: 22_050, args: ['-b:a', '64k', '-id3v2_version', '3', '-metadata', 'title=A prompt'] },
    { rate: 24_000, args: ['-q:a', '4'] },
    { rate: 44_100, args: ['-b:a', '128k', '-ac', '2'] },
    { rate: 44_100, args: ['-q:a', '2', '-write_id3v1', '1'] },
    { rate: 48_000, args: ['-b:a', '320k'] },
  ];
  for (const { rate, args } of kinds) {
    const mp3 = ffmpeg(rawIn(rate), ['-c:a', 'libmp3lame', ...args, '-f', 'mp3'], bytesOf(toneOf(rate)));
    const { pcm, sampleRate } = await read(mp3, 'http://a/b.mp3');
    const what = `${rate} Hz ${args.join(' ')}`;
    assert.equal(sampleRate, rate, what);
    assert.ok(Math.abs(pcm.length / rate - 2) < 0.2, `${what}: ${pcm.length / rate} s`);
    const middle = pcm.subarray(rate * 0.5, rate * 1.5);
    // Against ffmpeg's decoder and not the source, as LAME lowers what it encodes by 5 %.
    const theirs = samplesOf(ffmpeg(['-f', 'mp3'], ['-f', 's16le', '-af', 'pan=mono|c0=c0'], mp3));
    const off = toneLevelDbov(middle, 1000, rate) - toneLevelDbov(theirs.subarray(rate * 0.5, rate * 1.5), 1000, rate);
    assert.ok(Math.abs(off) < 0.05, `${what}: ${off.toFixed(2)} dB`);
    assert.ok(worstClick(resample(middle, rate, 8000), 8000).ratio < 3, what);
  }
});

test('MP3: pieces of any size give the same audio; a cut or damaged file plays what it has', async () => {
  const mp3 = ffmpeg(rawIn(44_100), ['-c:a', 'libmp3lame', '-b:a', '128k', '-f', 'mp3'], bytesOf(toneOf(44_100)));
  const whole = (await read(mp3)).pcm;
  for (const piece of [1, 100, 417, 5000]) {
    const decoder = await makeFileDecoder({ kind: 'mp3' }, clock);
    const all: Int16Array[] = [];
    for (let at = 0; at < mp3.length; at += piece) all.push(decoder.decode(mp3.subarray(at, at + piece)));
    all.push(decoder.end());
    decoder.close();
    const joined = Int16Array.from(all.flatMap((x) => [...x]));
    assert.equal(joined.length, whole.length, `pieces of ${piece}`);
    assert.ok(snrDb(whole, joined) > 60, `pieces of ${piece}`);
  }
  assert.ok((await read(mp3.subarray(0, mp3.length >> 1))).pcm.length > 0.4 * whole.length);
  const damaged = Buffer.from(mp3);
  damaged.fill(0x55, 10_000, 12_000);
  const played = (await read(damaged)).pcm;
  assert.ok(played.length > 0.7 * whole.length, `${played.length} of ${whole.length}`);
});

test('what is no MP3 says so', async () => {
  for (const bytes of [Buffer.from('<html>404</html>'), Buffer.alloc(100_000), Buffer.alloc(0)]) {
    await assert.rejects(
      decodeFile(bytes, { kind: 'mp3' }, { clock, maxSamples }),
      (error) => isFault(error) && error.code === 'audio-format',
    );
  }
});

test('more audio than allowed is stopped while it is being decoded', async () => {
  const wav = writeWav(new Int16Array(100_000), 8000);
  await assert.rejects(
    decodeFile(wav, { kind: 'wav' }, { clock, maxSamples: 50_000 }),
    (error) => isFault(error) && error.code === 'audio-too-long',
  );
});
