// transcribe on the virtual clock: the verb, in the background, paused and resumed live, its hooks in order, its end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { Speaker, spokenUrl } from '../kit/speaking.ts';

const recognizer = { vendor: 'test' };
const transcribe = (more: Json = {}): Json => ({
  verb: 'transcribe',
  transcriptionHook: 'http://app.example/t',
  recognizer,
  ...more,
});
const background = (more: Json = {}): Json => {
  const { verb: _, ...options } = transcribe(more);
  return { verb: 'config', transcribe: { enable: true, ...options } };
};

async function talk(
  verbs: unknown[],
  replies: Parameters<typeof scene>[0] = {},
): Promise<{ s: Scene; call: PhoneCall; voice: Speaker; texts(): string[] }> {
  const s = await scene({ '/': verbs, ...replies });
  const call = await s.dial();
  const voice = new Speaker();
  call.audio.voice = voice.next;
  return { s, call, voice, texts: () => s.sentTo('/t').map(text) };
}

const speechOf = (body: Json): Json => body.speech as Json;
const text = (body: Json): string => String((speechOf(body).alternatives as Json[])[0]?.transcript);
const heard = (s: Scene, call: PhoneCall, hz: number): boolean =>
  toneLevelDbov(call.audio.between(s.stage.clock.now() - 200, s.stage.clock.now()), hz, 8_000) > -30;

test('the verb writes down every utterance until the call ends', async () => {
  const { s, call, voice, texts } = await talk([transcribe({ id: 'minutes' })]);
  voice.say('yes no');
  await s.run(1_500);
  voice.say('agent');
  await s.run(1_500);
  assert.deepEqual(texts(), ['yes no', 'agent']);
  const body = s.sentTo('/t')[0]!;
  assert.deepEqual([speechOf(body).channel_tag, speechOf(body).is_final, body.call_status], [1, true, 'in-progress']);
  assert.equal(call.ended, undefined, 'it blocks');
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('interims only when asked for', async () => {
  const { s, voice, texts } = await talk([transcribe({ recognizer: { ...recognizer, interim: true } })]);
  voice.say('yes no');
  await s.run(1_500);
  assert.deepEqual(texts(), ['yes', 'yes no', 'yes no']);
  assert.deepEqual(
    s.sentTo('/t').map((body) => speechOf(body).is_final),
    [false, false, true],
  );
  await s.end();
});

test('verbs in the answer take the place of the application, and the transcription ends', async () => {
  const { s, call, voice, texts } = await talk([transcribe()], { '/t': [{ verb: 'play', url: toneUrl(880) }] });
  voice.say('yes');
  await s.run(1_500);
  assert.ok(heard(s, call, 880));
  voice.say('no');
  await s.run(1_500);
  assert.deepEqual(texts(), ['yes']);
  await s.end();
});

test('in the background it goes on below other verbs, and config ends it; a second start changes nothing', async () => {
  const other = background({ transcriptionHook: 'http://app.example/other' });
  const { s, call, voice, texts } = await talk([
    background(),
    other,
    { verb: 'play', url: toneUrl(440, 2_000) },
    { verb: 'config', transcribe: { enable: false } },
    { verb: 'play', url: toneUrl(660, 3_000) },
    { verb: 'hangup' },
  ]);
  voice.say('yes');
  await s.run(1_200);
  assert.ok(heard(s, call, 440));
  voice.say('no');
  await s.run(1_500);
  assert.deepEqual(texts(), ['yes', 'no']);
  voice.say('stop');
  await s.run(1_500);
  assert.deepEqual(texts(), ['yes', 'no']);
  assert.deepEqual(s.sentTo('/other'), []);
  await s.end();
});

test('verbs that a background transcript is answered with replace the application; transcription goes on', async () => {
  let answered = 0;
  const { s, call, voice, texts } = await talk([background(), { verb: 'play', url: toneUrl(440) }], {
    '/t': () => (answered++ === 0 ? [{ verb: 'play', url: toneUrl(880) }] : undefined),
  });
  voice.say('yes');
  await s.run(1_500);
  assert.ok(heard(s, call, 880));
  voice.say('no');
  await s.run(1_500);
  assert.deepEqual(texts(), ['yes', 'no']);
  assert.ok(heard(s, call, 880));
  await s.end();
});

test('channel 2 is what the far end hears', async () => {
  const { s, voice } = await talk([
    background({ channel: 2 }),
    { verb: 'play', url: spokenUrl('help agent') },
    { verb: 'pause', length: 3 },
  ]);
  voice.say('yes');
  await s.run(2_500);
  const sent = s.sentTo('/t');
  assert.deepEqual(sent.map(text), ['help agent']);
  assert.equal(speechOf(sent[0]!).channel_tag, 2);
  await s.end();
});

for (const [name, verbs] of [
  ['the verb', [transcribe()]],
  ['in the background', [background(), { verb: 'pause', length: 60 }]],
] as const) {
  test(`paused, what was said before still comes; resumed, it goes on: ${name}`, async () => {
    const { s, call, voice, texts } = await talk([...verbs]);
    voice.say('yes', { gapMs: 0 });
    await s.run(400);
    const paused = await s.update(call, { transcribe_status: 'pause' }, true);
    assert.equal(paused.status, 200);
    assert.ok(Number(paused.body?.applied_ms) < 50);
    await s.run(100);
    assert.deepEqual(texts(), ['yes'], 'at once, without waiting for the end of the utterance');
    voice.say('no');
    await s.run(2_000);
    assert.deepEqual(texts(), ['yes']);
    assert.equal((await s.update(call, { transcribe_status: 'pause' })).status, 202, 'twice is no error');
    assert.equal((await s.update(call, { transcribe_status: 'resume' }, true)).status, 200);
    voice.say('help');
    await s.run(2_000);
    assert.deepEqual(texts(), ['yes', 'help']);
    assert.equal((await s.update(call, { transcribe_status: 'resume' })).status, 202);
    voice.say('agent');
    await s.run(2_000);
    assert.deepEqual(texts(), ['yes', 'help', 'agent'], 'once, not twice');
    await s.end();
  });
}

test('without a transcription it is refused', async () => {
  const { s, call } = await talk([{ verb: 'play', url: toneUrl(440) }]);
  const { status, reason } = await s.update(call, { transcribe_status: 'pause' });
  assert.deepEqual([status, reason], [422, 'nothing is transcribed on this call']);
  assert.equal((await s.update(call, { transcribe_status: 'silence' })).status, 400);
  await s.end();
});

test('the last words before a hang-up are sent before the call is gone', async () => {
  for (const verbs of [[transcribe()], [background(), { verb: 'pause', length: 60 }]]) {
    const { s, call, voice, texts } = await talk(verbs);
    voice.say('stop', { gapMs: 0 });
    await s.run(320);
    await s.stage.clock.settle(call.hangup());
    await s.run(2_000);
    assert.deepEqual(texts(), ['stop']);
    assert.equal(s.stage.eventsOf(s.stage.events[0]!.callSid).at(-1)?.type, 'ended');
    await s.end();
  }
});

test('continuous ASR sends a turn at once, when the speaker has been silent', async () => {
  const { s, voice, texts } = await talk([transcribe({ recognizer: { ...recognizer, asrTimeout: 1.5 } })]);
  voice.say('one two');
  await s.run(1_500);
  voice.say('three');
  await s.run(1_500);
  assert.deepEqual(texts(), []);
  await s.run(1_500);
  assert.deepEqual(texts(), ['one two three']);
  await s.end();
});

test('an HTTP application that is slow gets every final, in order, one at a time', async () => {
  let open = 0;
  let most = 0;
  const { s, voice, texts } = await talk([transcribe()], {
    '/t': async () => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => s.stage.clock.after(1_900, resolve));
      open--;
      return undefined;
    },
  });
  for (const word of ['one', 'two', 'three', 'four', 'five']) {
    voice.say(word);
    await s.run(900);
  }
  await s.run(8_000);
  assert.deepEqual(texts(), ['one', 'two', 'three', 'four', 'five']);
  assert.equal(most, 1);
  await s.end();
});

test('a recognizer that is not there ends it with an alert, and the next verb runs', async () => {
  const { s, call } = await talk([transcribe({ recognizer: { vendor: 'google' } }), { verb: 'hangup' }]);
  await s.run(1_000);
  assert.deepEqual(
    s.stage.alerts.map((a) => a.type),
    ['no-stt'],
  );
  assert.equal(call.ended?.by, 'remote');
  await s.end();
});

test('a leg that is muted says nothing', async () => {
  const { s, call, voice, texts } = await talk([transcribe()]);
  await s.update(call, { mute_status: 'mute' }, true);
  voice.say('yes');
  await s.run(2_000);
  assert.deepEqual(texts(), []);
  await s.end();
});

test('notifySttLatency: each final tells its own', async () => {
  const { s, voice } = await talk([{ verb: 'config', notifySttLatency: true }, transcribe()]);
  voice.say('yes');
  await s.run(1_500);
  voice.say('no');
  await s.run(1_500);
  const sent = s.sentTo('/t');
  assert.equal(sent.length, 2);
  for (const { stt_latency_ms } of sent)
    assert.ok(Math.abs(Number(stt_latency_ms) - 500) <= 40, String(stt_latency_ms));
  await s.end();
});
