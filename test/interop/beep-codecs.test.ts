// Beeps that came through the codecs of other networks (mobile, satellite, old trunks) before they reached us, made by sox and ffmpeg.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BeepDetector, sine } from '../../src/audio/index.ts';
import { bytesOf, ffmpeg, rawIn, run, samplesOf } from './media-tools.ts';

const rate = 8000;
const pitches = [440, 620, 850, 950, 1000, 1100, 1400];

/** Half a second of each, a second apart, with the soft ends of a real one. */
function beeps(): Int16Array {
  const pcm = new Int16Array(pitches.length * 1.5 * rate + rate);
  for (const [n, hz] of pitches.entries()) {
    const tone = sine({ hz, amplitude: 6000, samples: rate / 2, sampleRate: rate });
    const soft = rate / 100;
    for (let i = 0; i < soft; i++) {
      tone[i] = (tone[i]! * i) / soft;
      tone[tone.length - 1 - i] = (tone[tone.length - 1 - i]! * i) / soft;
    }
    pcm.set(tone, (1 + n * 1.5) * rate);
  }
  return pcm;
}

function heard(pcm: Int16Array): number[] {
  const detector = new BeepDetector(rate);
  const found: number[] = [];
  detector.onBeep = ({ frequencyHz }) => found.push(frequencyHz);
  for (let at = 0; at + 160 <= pcm.length; at += 160) detector.process(pcm.subarray(at, at + 160));
  return found;
}

const soxRaw = ['-t', 'raw', '-r', String(rate), '-e', 'signed', '-b', '16', '-c', '1', '-'];
const soxGsm = ['-t', 'gsm', '-r', String(rate), '-c', '1', '-'];
const out = ['-f', 's16le', '-ar', String(rate), '-ac', '1'];

for (const [name, through] of [
  ['GSM', (pcm) => run('sox', [...soxGsm, ...soxRaw], run('sox', [...soxRaw, ...soxGsm], pcm))],
  [
    'G.726 at 16 kbit/s',
    (pcm) => ffmpeg(['-f', 'wav'], out, ffmpeg(rawIn(rate), ['-c:a', 'adpcm_g726', '-b:a', '16k', '-f', 'wav'], pcm)),
  ],
  [
    'G.723.1',
    (pcm) => ffmpeg(['-f', 'wav'], out, ffmpeg(rawIn(rate), ['-c:a', 'g723_1', '-b:a', '6300', '-f', 'wav'], pcm)),
  ],
  [
    'Opus at 12 kbit/s',
    (pcm) => ffmpeg(['-f', 'ogg'], out, ffmpeg(rawIn(rate), ['-c:a', 'libopus', '-b:a', '12k', '-f', 'ogg'], pcm)),
  ],
] as [string, (pcm: Uint8Array) => Buffer][]) {
  test(name, () => {
    const found = heard(samplesOf(through(bytesOf(beeps()))));
    assert.equal(found.length, pitches.length, found.join(' '));
    for (const [n, hz] of found.entries()) assert.ok(Math.abs(hz - pitches[n]!) < 3, `${hz} for ${pitches[n]}`);
  });
}
