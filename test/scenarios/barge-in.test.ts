// config.bargeIn on the virtual clock: a gather in the background cuts verbs, by webhook and by socket, once and sticky.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import type { Stage } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { socketScene } from '../kit/socket-scene.ts';
import { Speaker } from '../kit/speaking.ts';

const recognizer = { verb: 'config', recognizer: { vendor: 'test' } };
const bargeIn = (more: Json = {}): Json => ({
  verb: 'config',
  bargeIn: { enable: true, actionHook: '/said', ...more },
});
const play = (hz: number, ms = 60_000): Json => ({ verb: 'play', url: toneUrl(hz, ms) });
const said = (body: Json | undefined): unknown => ((body?.speech as Json)?.alternatives as Json[])?.[0]?.transcript;

function hears(stage: Stage, call: PhoneCall, hz: number): boolean {
  const now = stage.clock.now();
  return toneLevelDbov(call.audio.between(now - 150, now), hz, 8_000) > -30;
}

const isLive = (call: PhoneCall): boolean => call.ended === undefined;

interface Talk {
  s: Scene;
  call: PhoneCall;
  voice: Speaker;
  heard(hz: number): boolean;
  said(): unknown[];
}

async function talk(verbs: unknown[], replies: Parameters<typeof scene>[0] = {}): Promise<Talk> {
  const s = await scene({ '/': [recognizer, ...verbs], ...replies });
  const call = await s.dial();
  const voice = new Speaker();
  call.audio.voice = voice.next;
  return { s, call, voice, heard: (hz) => hears(s.stage, call, hz), said: () => s.sentTo('/said').map(said) };
}

test('a webhook: the prompt is cut by the first word, and what the hook answers takes the place of the rest', async () => {
  const t = await talk([bargeIn(), play(440), play(660)], { '/said': [play(880)] });
  await t.s.run(500);
  assert.ok(t.heard(440));
  t.voice.say('agent', { wordMs: 300 });
  await t.s.run(450);
  assert.ok(!t.heard(440) && t.heard(660), 'the next verb runs: nothing is killed by itself');
  await t.s.run(1_000);
  assert.deepEqual(t.said(), ['agent']);
  assert.ok(t.heard(880));
  await t.s.end();
});

test('it runs once; sticky, again and again', async () => {
  for (const sticky of [false, true]) {
    const t = await talk([bargeIn({ sticky }), play(440), play(660), play(880)]);
    t.voice.say('one two');
    await t.s.run(1_500);
    assert.ok(t.heard(660), 'one utterance cuts one prompt');
    t.voice.say('three');
    await t.s.run(1_500);
    assert.ok(t.heard(sticky ? 880 : 660));
    assert.deepEqual(t.said(), sticky ? ['one two', 'three'] : ['one two']);
    await t.s.end();
  }
});

test('a webhook whose last verb was cut keeps its call until the result is answered, and not for ever', async () => {
  const t = await talk([bargeIn(), play(440)]);
  t.voice.say('yes');
  await t.s.run(500);
  assert.ok(isLive(t.call));
  await t.s.run(1_000);
  assert.deepEqual(t.said(), ['yes']);
  assert.equal(t.call.ended?.by, 'remote');
  await t.s.end();
  const noise = await talk([bargeIn({ input: ['digits'] }), play(440)]);
  noise.call.press('1');
  await noise.s.run(9_000);
  assert.ok(isLive(noise.call));
  await noise.s.run(3_000);
  assert.equal(noise.call.ended?.by, 'remote');
  await noise.s.end();
});

test('sticky listens on while the application thinks, and is disabled by a config', async () => {
  const t = await talk([bargeIn({ sticky: true }), play(440)], {
    '/said': (body) =>
      said(body) === 'stop' ? [{ verb: 'config', bargeIn: { enable: false } }, play(660)] : [play(440)],
  });
  for (const word of ['one', 'two', 'stop', 'four']) {
    t.voice.say(word);
    await t.s.run(1_500);
  }
  assert.deepEqual(t.said(), ['one', 'two', 'stop']);
  assert.ok(t.heard(660));
  await t.s.end();
});

test('digits, when they are an input', async () => {
  const t = await talk([bargeIn({ input: ['digits'], numDigits: 2, sticky: true }), play(440), play(660)], {
    '/said': [play(880)],
  });
  await t.s.run(300);
  t.call.press('4');
  await t.s.run(400);
  assert.ok(t.heard(660));
  t.call.press('2');
  await t.s.run(600);
  assert.equal(t.s.sentTo('/said')[0]?.digits, '42');
  assert.ok(t.heard(880));
  await t.s.end();
});

test('a second start with the same input changes nothing, with another it begins anew', async () => {
  const t = await talk([
    bargeIn({ sticky: true }),
    bargeIn({ actionHook: '/ignored' }),
    bargeIn({ actionHook: '/both', input: ['digits', 'speech'], sticky: true }),
    bargeIn({ actionHook: '/ignored', input: ['speech', 'digits'] }),
    play(440),
  ]);
  t.voice.say('yes');
  await t.s.run(1_500);
  assert.deepEqual(t.s.sentTo('/both').map(said), ['yes']);
  assert.deepEqual([t.s.sentTo('/said'), t.s.sentTo('/ignored')], [[], []]);
  await t.s.end();
});

test('a gather beside it is not run: its timeout counts, and the call waits for it', async () => {
  const t = await talk(
    [bargeIn(), { verb: 'gather', input: ['speech'], timeout: 3, actionHook: '/gather', say: { text: 'x' } }],
    {
      '/said': [play(880)],
    },
  );
  await t.s.run(2_500);
  assert.deepEqual(t.s.sentTo('/said'), []);
  await t.s.run(1_000);
  assert.equal(t.s.sentTo('/said')[0]?.reason, 'timeout');
  assert.deepEqual(t.s.sentTo('/gather'), []);
  await t.s.run(300);
  assert.ok(t.heard(880));
  await t.s.end();
});

test('a gather that hears speech ends a background gather that does not', async () => {
  const t = await talk([
    bargeIn({ input: ['digits'], numDigits: 1 }),
    { verb: 'gather', input: ['speech'], timeout: 5, actionHook: '/gather' },
  ]);
  t.call.press('1');
  t.voice.say('yes');
  await t.s.run(2_000);
  assert.deepEqual(t.s.sentTo('/gather').map(said), ['yes']);
  await t.s.end();
});

test('words too few do not cut; minBargeinWordCount 0 needs only a voice', async () => {
  const two = await talk([bargeIn({ minBargeinWordCount: 2 }), play(440)], { '/said': [play(880)] });
  two.voice.say('yes no', { wordMs: 300, gapMs: 100 });
  await two.s.run(380);
  assert.ok(two.heard(440));
  await two.s.run(500);
  assert.ok(!two.heard(440));
  await two.s.end();
  const voice = await talk([bargeIn({ minBargeinWordCount: 0 }), play(440), play(660)]);
  await voice.s.run(500);
  // A hum of which the recognizer makes no word yet.
  voice.voice.say('hm', { wordMs: 1_500 });
  await voice.s.run(200);
  assert.ok(voice.heard(440), 'not every noise is a voice');
  await voice.s.run(500);
  assert.ok(voice.heard(660));
  await voice.s.end();
  const long = await talk([
    { verb: 'config', vad: { voiceMs: 600 } },
    bargeIn({ minBargeinWordCount: 0 }),
    play(440),
    play(660),
  ]);
  await long.s.run(500);
  long.voice.say('hm', { wordMs: 60, gapMs: 500 });
  await long.s.run(700);
  assert.ok(long.heard(440), 'too short for a word, too short for a voice');
  await long.s.end();
});

test('a recognizer that fails ends it, and nothing else', async () => {
  const t = await talk([
    { verb: 'config', recognizer: { vendor: 'custom:none' } },
    bargeIn({ sticky: true }),
    play(440),
  ]);
  await t.s.run(1_000);
  assert.ok(t.heard(440));
  assert.deepEqual(
    t.s.stage.alerts.map((a) => a.type),
    ['no-stt'],
  );
  await t.s.end();
});

async function socketTalk(verbs: unknown[]) {
  const s = await socketScene([{ verb: 'config', notifyEvents: true }, recognizer, ...verbs]);
  const voice = new Speaker();
  s.call.audio.voice = voice.next;
  return { ...s, voice, heard: (hz: number) => hears(s.stage, s.call, hz) };
}

test('a socket: the running verb is killed, queued ones are dropped, and the call waits for the answer', async () => {
  const t = await socketTalk([bargeIn(), play(440), play(660)]);
  await t.stage.clock.runFor(300);
  t.voice.say('agent');
  await t.stage.clock.runFor(1_200);
  assert.ok(!t.heard(440) && !t.heard(660));
  const [hook] = t.of('verb:hook');
  assert.equal(said(hook?.data), 'agent');
  assert.equal(t.call.ended, undefined);
  const events = t.of('verb:status').map(({ data }) => `${data.event} ${data.verb ?? data.name}`);
  assert.ok(events.includes('speech-bargein-detected gather'), events.join('; '));
  t.ack(hook, [play(880)]);
  await t.stage.clock.runFor(300);
  assert.ok(t.heard(880));
  await t.end();
});

test('a socket: a queued config that disables it is where dropping ends, and it survives that config', async () => {
  const t = await socketTalk([
    bargeIn({ sticky: true }),
    play(440),
    play(660),
    { verb: 'config', bargeIn: { enable: false } },
    play(880),
  ]);
  await t.stage.clock.runFor(300);
  t.voice.say('one');
  await t.stage.clock.runFor(1_200);
  assert.ok(t.heard(880), 'what stands behind the config runs');
  t.voice.say('two');
  await t.stage.clock.runFor(1_500);
  assert.deepEqual(
    t.of('verb:hook').map(({ data }) => said(data)),
    ['one', 'two'],
  );
  await t.end();
});
