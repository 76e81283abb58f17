// Tones: golden levels, cadence, edges, and the forms of tone_stream:// and silence_stream://.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../base/index.ts';
import {
  dtmfFrequencies,
  dtmfSteps,
  isToneUrl,
  levelDbov,
  parseToneUrl,
  peak,
  TonePlayer,
  type ToneProgram,
  toneLevelDbov,
  worstClick,
} from './index.ts';

function program(url: string): ToneProgram {
  const parsed = parseToneUrl(url);
  if (isRefusal(parsed)) assert.fail(parsed.reason);
  return parsed;
}

/** Plays up to `ms` in 20 ms frames. */
function play(what: string | ToneProgram, ms: number, sampleRate = 8000): Int16Array {
  const player = new TonePlayer(typeof what === 'string' ? program(what) : what, sampleRate);
  const out = new Int16Array((ms * sampleRate) / 1000);
  const frame = sampleRate / 50;
  let written = 0;
  for (; written < out.length; ) {
    const room = out.subarray(written, written + frame);
    const n = player.read(room);
    written += n;
    if (n < room.length) break;
  }
  return out.subarray(0, written);
}

/** dBov of a sine of 0 dBm0. */
const zeroDbm0 = -3.14 - 3.01;

test('US ring: 2 s on, 4 s off, both tones at -7 dBm0 averaged', () => {
  const pcm = play('tone_stream://%(2000,4000,440,480)', 10_000);
  assert.equal(pcm.length, 48_000);
  for (const hz of [440, 480]) {
    assert.ok(Math.abs(toneLevelDbov(pcm.subarray(0, 16_000), hz, 8000) - (zeroDbm0 - 7 - 6.02)) < 0.1, `${hz}`);
  }
  assert.equal(peak(pcm.subarray(16_000)), 0);
});

test('levels: v= is dBm0 of a single sine, at any rate', () => {
  for (const rate of [8000, 16_000, 48_000]) {
    for (const v of [0, -7, -20, -40]) {
      const pcm = play(`tone_stream://v=${v};%(1000,0,1000)`, 1000, rate);
      assert.equal(pcm.length, rate);
      assert.ok(Math.abs(toneLevelDbov(pcm, 1000, rate) - (zeroDbm0 + v)) < 0.1, `v=${v} at ${rate}`);
    }
  }
});

test('no click at an edge, and none across frames, steps and loops', () => {
  const pcm = play('tone_stream://%(250,250,440);%(133,0,620);%(77,0,350,440);loops=5', 10_000);
  assert.ok(worstClick(pcm, 8000).ratio < 4, `${worstClick(pcm, 8000).ratio}`);
});

test('loops, endless loops, L= and l=', () => {
  assert.equal(play('tone_stream://%(100,100,440);loops=3', 10_000).length, 3 * 1600);
  assert.equal(play('tone_stream://L=2;%(100,0,440)', 10_000).length, 1600);
  assert.equal(play('tone_stream://l=3;%(100,0,440);%(50,0,480)', 10_000).length, 3 * 1200);
  assert.equal(play('tone_stream://%(100,0,440);loops=-1', 5000).length, 40_000);
});

test('digits: tones of Q.23, own and default durations', () => {
  const pcm = play('tone_stream://d=200;w=50;19#(100,0)', 5000);
  assert.equal(pcm.length, 1600 + 400 + 1600 + 400 + 800);
  for (const [at, low, high] of [
    [0, 697, 1209],
    [2000, 852, 1477],
    [4000, 941, 1477],
  ] as const) {
    const digit = pcm.subarray(at, at + 800);
    assert.ok(toneLevelDbov(digit, low, 8000) > -21);
    assert.ok(toneLevelDbov(digit, high, 8000) > -21);
    assert.ok(levelDbov(digit) < -13);
  }
  assert.deepEqual(dtmfFrequencies('d'), [941, 1633]);
  assert.equal(dtmfFrequencies('x'), undefined);
  assert.equal(dtmfFrequencies(''), undefined);
});

test('a decaying tone: 1 dB every 100 ms, not below -63', () => {
  const pcm = play('tone_stream://v=-7;>=100;+=1;%(1000,0,1000)', 2000);
  const at = (ms: number): number => toneLevelDbov(pcm.subarray(ms * 8, ms * 8 + 720), 1000, 8000);
  assert.ok(Math.abs(at(5) - at(905) - 9) < 0.3, `${at(5)} ${at(905)}`);
});

test('a whole FreeSWITCH example and one with spaces', () => {
  assert.equal(program('tone_stream://v=-7;%(100,0,941.0,1477.0);v=-7;>=2;+=.1;%(1400,0,350,440)').steps.length, 2);
  assert.equal(program('tone_stream://%(274,0,913.8);%(274,0,1370.6);%(380,0,1776.7)').steps.length, 3);
  assert.equal(program('tone_stream://%(167, 0, 659) %(167, 0, 0) ;loops=2').steps[1]!.frequencies.length, 0);
});

test('silence_stream: milliseconds, for ever, with noise', () => {
  const silence = play('silence_stream://250', 1000);
  assert.equal(silence.length, 2000);
  assert.equal(peak(silence), 0);
  assert.equal(play('silence_stream://-1', 3000).length, 24_000);
  const noise = play('silence_stream://500,1400', 1000);
  assert.equal(noise.length, 4000);
  assert.ok(peak(noise) > 10 && peak(noise) <= 24, `${peak(noise)}`);
  assert.equal(play('silence_stream://0', 1000).length, 0);
});

test('what makes no sense is refused with a reason', () => {
  for (const url of [
    'tone_stream://',
    'tone_stream://%(100,100)',
    'tone_stream://%(a,b,c)',
    'tone_stream://%(1,,440)',
    'tone_stream://hello',
    'tone_stream://v=loud;1',
    'tone_stream://z=1;1',
    'tone_stream://%(1,1,1,2,3,4,5,6,7)',
    `tone_stream://${'1'.repeat(5000)}`,
    'silence_stream://',
    'silence_stream://soon',
    'silence_stream://-5',
    'http://example.com',
  ]) {
    const parsed = parseToneUrl(url);
    assert.ok(isRefusal(parsed) && parsed.code === 'bad-tone' && parsed.reason.length > 10, url.slice(0, 60));
  }
  assert.ok(isToneUrl('tone_stream://1') && isToneUrl('silence_stream://1') && !isToneUrl('http://a'));
});

test('a program that takes no time ends instead of spinning', () => {
  assert.equal(play('tone_stream://%(0,0,440);loops=-1', 1000).length, 0);
  assert.equal(play({ steps: [], loops: Number.POSITIVE_INFINITY }, 1000).length, 0);
});

test('dtmf for sending: pauses, unknown characters left out', () => {
  const steps = dtmfSteps('1wW2-x', 100, 60);
  assert.deepEqual(
    steps.map((s) => s.onMs + s.offMs),
    [160, 500, 1000, 160],
  );
  assert.equal(play({ steps, loops: 1 }, 5000).length, 1820 * 8);
});
