// gather with speech on the virtual clock, heard by the test recognizer: results, barge-in, timers, several finals as one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { Speaker } from '../kit/speaking.ts';

const hangup = [{ verb: 'hangup' }];
const gather = (more: Json): Json => ({
  verb: 'gather',
  input: ['speech'],
  actionHook: '/said',
  recognizer: { vendor: 'test' },
  ...more,
});

interface Spoken {
  s: Scene;
  call: PhoneCall;
  voice: Speaker;
  /** Bodies of the hook that the result is sent to. */
  result(): Json | undefined;
}

/** A call to an application that begins so, by a phone that can speak. */
async function talk(verbs: unknown[], replies: Parameters<typeof scene>[0] = {}): Promise<Spoken> {
  const s = await scene({ '/': verbs, '/said': hangup, ...replies });
  const call = await s.dial();
  const voice = new Speaker();
  call.audio.voice = voice.next;
  return { s, call, voice, result: () => s.sentTo('/said')[0] };
}

const said = (body: Json | undefined): unknown =>
  (body?.speech as { alternatives: Json[] })?.alternatives[0]?.transcript;

test('what is said is the result, normalised, and its verbs run', async () => {
  const { s, call, voice, result } = await talk([gather({ id: 'first' })]);
  voice.say('yes agent');
  await s.run(2_500);
  const body = result();
  assert.equal(body?.reason, 'speechDetected');
  assert.equal(body?.verb_id, 'first');
  const { alternatives, vendor, ...speech } = body.speech as Json;
  assert.deepEqual(speech, { language_code: 'en-US', channel_tag: 1, is_final: true });
  const [{ transcript, confidence }] = alternatives as [Json];
  assert.equal(transcript, 'yes agent');
  assert.ok(Number(confidence) > 0.9);
  assert.equal((vendor as Json).name, 'test');
  assert.equal(call.ended?.by, 'remote');
  await s.end();
});

test('the result comes half a second after the last word', async () => {
  const { s, voice } = await talk([gather({})]);
  const from = s.stage.clock.now();
  voice.say('yes', { gapMs: 0 });
  await s.run(2_500);
  const after = s.hooks.find((h) => h.path === '/said')!.at - from;
  // 160 ms of word, 500 ms of silence, and the way through packets and jitter buffer.
  assert.ok(after > 660 && after < 800, `${after} ms`);
  await s.end();
});

test('interims go to partialResultHook, whose answer is ignored, and hold the timeout off', async () => {
  const { s, voice, result } = await talk([gather({ timeout: 1, partialResultHook: '/partial' })], {
    '/partial': [{ verb: 'play', url: toneUrl(440) }],
  });
  voice.say('one two three four five six', { gapMs: 200 });
  await s.run(4_000);
  assert.equal(said(result()), 'one two three four five six');
  const partial = s.sentTo('/partial');
  assert.deepEqual(partial.map(said).slice(0, 3), ['one', 'one two', 'one two three']);
  assert.equal((partial[0]!.speech as Json).is_final, false);
  await s.end();
});

test('without a word it times out; timeout 0 waits for ever', async () => {
  const { s, result } = await talk([gather({ timeout: 2 })]);
  await s.run(2_500);
  assert.deepEqual([result()?.reason, 'speech' in result()!], ['timeout', false]);
  await s.end();
  const forever = await talk([gather({ timeout: 0 })]);
  await forever.s.run(60_000);
  assert.equal(forever.result(), undefined);
  await forever.s.end();
});

const heard = (s: Scene, call: PhoneCall, hz: number): boolean =>
  toneLevelDbov(call.audio.between(s.stage.clock.now() - 200, s.stage.clock.now()), hz, 8_000) > -30;

test('barge-in cuts the prompt at the first word, or at the third', async () => {
  for (const [words, least] of [
    ['yes', undefined],
    ['yes no stop', 3],
  ] as const) {
    const { s, call, voice, result } = await talk(
      [gather({ bargein: true, ...(least && { minBargeinWordCount: least }), play: { url: toneUrl(440) } })],
      { '/said': [{ verb: 'pause', length: 5 }, ...hangup] },
    );
    await s.run(500);
    assert.ok(heard(s, call, 440));
    voice.say(words, { wordMs: 300, gapMs: 60 });
    await s.run(least ? 620 : 100);
    assert.ok(heard(s, call, 440), 'not yet');
    await s.run(least ? 600 : 500);
    assert.ok(!heard(s, call, 440), 'cut before the final');
    assert.equal(result(), undefined);
    await s.run(1_000);
    assert.equal(said(result()), words);
    await s.end();
  }
});

test('without barge-in the prompt plays on while it is heard, and the final ends it all the same', async () => {
  const { s, call, voice, result } = await talk([gather({ play: { url: toneUrl(440) } })], {
    '/said': [{ verb: 'pause', length: 5 }, ...hangup],
  });
  voice.say('yes');
  await s.run(600);
  assert.ok(heard(s, call, 440));
  await s.run(700);
  assert.equal(said(result()), 'yes');
  assert.ok(!heard(s, call, 440));
  await s.end();
});

test('listenDuringPrompt false hears nothing before the prompt has ended', async () => {
  const { s, voice, result } = await talk([gather({ listenDuringPrompt: false, play: { url: toneUrl(440, 1_500) } })]);
  voice.say('yes');
  await s.run(2_000);
  voice.say('no');
  await s.run(2_000);
  assert.equal(said(result()), 'no');
  await s.end();
});

test('digits win over speech: the first key ends recognition', async () => {
  const { s, call, voice, result } = await talk([
    gather({ input: ['speech', 'digits'], numDigits: 2, interDigitTimeout: 5 }),
  ]);
  voice.say('yes no');
  await s.run(200);
  call.press('4');
  await s.run(2_000);
  assert.equal(result(), undefined);
  call.press('2');
  await s.run(500);
  assert.deepEqual([result()?.reason, result()?.digits], ['dtmfDetected', '42']);
  await s.end();
});

test('speech alone takes no digits', async () => {
  const { s, call, result } = await talk([gather({ timeout: 3 })]);
  call.press('123');
  await s.run(3_500);
  assert.equal(result()?.reason, 'timeout');
  await s.end();
});

test('what is understood badly is stt-low-confidence', async () => {
  const { s, voice, result } = await talk([gather({ recognizer: { vendor: 'test', minConfidence: 0.7 } })]);
  voice.say('hm hm');
  await s.run(2_000);
  assert.equal(result()?.reason, 'stt-low-confidence');
  assert.equal(said(result()), 'mumble mumble');
  await s.end();
});

test('fastRecognitionTimeout makes the last hypothesis a result before the vendor does', async () => {
  const { s, voice, result } = await talk([gather({ recognizer: { vendor: 'test', fastRecognitionTimeout: 0.2 } })]);
  const from = s.stage.clock.now();
  voice.say('yes', { gapMs: 0 });
  await s.run(1_500);
  assert.equal(said(result()), 'yes');
  assert.equal((result()!.speech as Json).is_final, true);
  const after = s.hooks.find((h) => h.path === '/said')!.at - from;
  assert.ok(after < 450, `${after} ms`);
  await s.end();
});

test('continuous ASR joins finals until asrTimeout passes in silence', async () => {
  const { s, voice, result } = await talk([gather({ recognizer: { vendor: 'test', asrTimeout: 2 } })]);
  voice.say('one two');
  await s.run(1_800);
  voice.say('agent');
  await s.run(2_000);
  assert.equal(result(), undefined);
  await s.run(1_500);
  assert.equal(said(result()), 'one two agent');
  const { vendor } = result()!.speech as { vendor: { evt: unknown[] } };
  assert.equal(vendor.evt.length, 2);
  await s.end();
});

test('continuous ASR: the termination key ends the turn; without a word it is a timeout', async () => {
  const options = { recognizer: { vendor: 'test', asrTimeout: 5, asrDtmfTerminationDigit: '#' }, timeout: 4 };
  const { s, call, voice, result } = await talk([gather(options)]);
  voice.say('one two');
  await s.run(1_500);
  call.press('#');
  await s.run(1_500);
  assert.equal(said(result()), 'one two');
  await s.end();
  const silent = await talk([gather({ ...options, recognizer: { vendor: 'test', asrTimeout: 2 } })]);
  await silent.s.run(5_500);
  assert.equal(silent.result(), undefined, 'one more window');
  await silent.s.run(1_000);
  assert.equal(silent.result()?.reason, 'timeout');
  await silent.s.end();
});

test('the next gather listens anew, in another language', async () => {
  const { s, voice } = await talk([gather({})], {
    '/said': [gather({ recognizer: { vendor: 'test', language: 'de-DE' }, actionHook: '/second' })],
    '/second': hangup,
  });
  voice.say('yes');
  await s.run(1_500);
  voice.say('ja nein', { language: 'de-DE' });
  await s.run(2_000);
  const [second] = s.sentTo('/second');
  assert.equal(said(second), 'ja nein');
  assert.equal((second!.speech as Json).language_code, 'de-DE');
  await s.end();
});

test('a redirect ends it without a word to its hook, and nothing is left listening', async () => {
  const { s, call, voice, result } = await talk([gather({})], { '/next': [{ verb: 'play', url: toneUrl(880) }] });
  voice.say('yes');
  await s.run(300);
  assert.equal((await s.update(call, { call_hook: { url: 'http://app.example/next' } })).status, 202);
  await s.run(2_000);
  assert.equal(result(), undefined);
  assert.ok(heard(s, call, 880));
  await s.end();
});

test('no recognizer, and one without a credential, are alerts; the next verb runs', async () => {
  for (const recognizer of [undefined, { vendor: 'google' }, { vendor: 'custom:none' }]) {
    const { recognizer: _, ...bare } = gather({});
    const { s, call, result } = await talk([recognizer ? { ...bare, recognizer } : bare, ...hangup]);
    await s.run(1_000);
    assert.deepEqual(
      s.stage.alerts.map((a) => a.type),
      ['no-stt'],
    );
    assert.equal(result(), undefined);
    assert.equal(call.ended?.by, 'remote');
    await s.end();
  }
});

test('recognition goes on when the media worker dies', async () => {
  const { s, voice, result } = await talk([gather({})]);
  await s.run(500);
  s.stage.killWorker(0);
  await s.run(1_000);
  voice.say('help');
  await s.run(2_000);
  assert.equal(said(result()), 'help');
  await s.end();
});

test('notifySttLatency tells how long results took, and can be turned off', async () => {
  const asked = { verb: 'config', notifySttLatency: true };
  const { s, voice, result } = await talk([asked, gather({})], {
    '/said': [gather({ actionHook: '/second', timeout: 1 })],
    '/second': [{ ...asked, notifySttLatency: false }, gather({ actionHook: '/third', timeout: 1 })],
    '/third': hangup,
  });
  await s.run(1_000);
  const from = s.stage.clock.now();
  voice.say('yes no', { gapMs: 0 });
  await s.run(1_500);
  const { stt_latency_ms, stt_talkspurts, stt_start_time, stt_stop_time, stt_usage } = result() as Record<
    string,
    number
  >;
  assert.ok(Math.abs(Number(stt_latency_ms) - 500) <= 40, String(stt_latency_ms));
  const [[begun, ended]] = JSON.parse(String(stt_talkspurts)) as [[number, number]];
  assert.ok(Math.abs(begun - 1_060) < 80 && Math.abs(ended - begun - 320) <= 40, `${begun} to ${ended}`);
  assert.ok(Math.abs(stt_stop_time! - from - 880) < 100 && stt_start_time! < from - 900, `${stt_stop_time! - from}`);
  assert.ok(Math.abs(stt_usage! - 1.88) < 0.1, `${stt_usage} s`);
  await s.run(3_000);
  const [second] = s.sentTo('/second');
  assert.deepEqual([second?.reason, second?.stt_latency_ms], ['timeout', '']);
  assert.ok(!('stt_latency_ms' in s.sentTo('/third')[0]!));
  await s.end();
});
