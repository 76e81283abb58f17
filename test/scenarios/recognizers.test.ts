// Whose recognizer listens: credentials, labels, defaults and config; a customer's own server, its failures, and the fallback.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene } from '../kit/scene.ts';
import { type SocketScene, socketScene } from '../kit/socket-scene.ts';
import { Speaker } from '../kit/speaking.ts';
import { type SttServer, sttCredential, sttServer } from '../kit/stt-server.ts';

const hangup = [{ verb: 'hangup' }];
const gather = (recognizer?: Json, more: Json = {}): Json => ({
  verb: 'gather',
  input: ['speech'],
  actionHook: '/said',
  ...(recognizer && { recognizer }),
  ...more,
});
const mine = { vendor: 'custom:mine', language: 'en-US' };
const said = (body: Json | undefined): unknown => ((body?.speech as Json)?.alternatives as Json[])?.[0]?.transcript;

interface Custom {
  s: Scene;
  call: PhoneCall;
  voice: Speaker;
  mine: SttServer;
  other: SttServer;
  result(): Json | undefined;
}

/** A call, with servers and credentials for custom:mine and custom:other. */
async function talk(
  verbs: unknown[],
  replies: Parameters<typeof scene>[0] = {},
  prepare: (s: Scene, servers: { mine: SttServer; other: SttServer }) => unknown = () => {},
): Promise<Custom> {
  const s = await scene({ '/': verbs, '/said': hangup, ...replies });
  const servers = {
    mine: sttServer(s.stage, 'ws://stt.example/mine'),
    other: sttServer(s.stage, 'ws://stt.example/other'),
  };
  await sttCredential(s, 'mine', 'ws://stt.example/mine');
  await sttCredential(s, 'other', 'ws://stt.example/other');
  await prepare(s, servers);
  const call = await s.dial();
  const voice = new Speaker();
  call.audio.voice = voice.next;
  return { s, call, voice, ...servers, result: () => s.sentTo('/said')[0] };
}

const alerts = (s: Scene): string[] => s.stage.alerts.map((a) => a.type);

test("a customer's server is asked with its credential, hears the call, and its words are the result", async () => {
  const c = await talk([gather({ ...mine, hints: ['yes'] })]);
  await c.s.run(2_000);
  assert.equal(c.mine.peers[0]?.headers.authorization, 'Bearer token of mine');
  const { options, ...start } = c.mine.starts[0]!;
  assert.deepEqual(start, {
    type: 'start',
    language: 'en-US',
    format: 'raw',
    encoding: 'LINEAR16',
    interimResults: true,
    sampleRateHz: 8000,
  });
  assert.deepEqual((options as Json).hints, ['yes']);
  assert.equal(typeof (options as Json).callSid, 'string');
  assert.ok(Math.abs(c.mine.audioBytes() - 2 * 16_000) < 1_600, `${c.mine.audioBytes()} bytes in 2 s`);
  c.mine.say('good morning');
  await c.s.run(500);
  assert.equal(said(c.result()), 'good morning');
  assert.equal(((c.result()!.speech as Json).vendor as Json).name, 'custom:mine');
  assert.equal(c.mine.stops(), 1);
  await c.s.end();
});

test('audio comes at the rate that the verb asks for', async () => {
  const c = await talk([gather({ ...mine, customOptions: { sampleRate: 16_000, options: { model: 'm' } } })]);
  await c.s.run(2_000);
  assert.equal((c.mine.starts[0]!.options as Json).model, 'm');
  assert.ok(Math.abs(c.mine.audioBytes() - 2 * 32_000) < 3_200, `${c.mine.audioBytes()} bytes in 2 s`);
  await c.s.end();
});

test('the address of a verb gets no token but its own', async () => {
  const c = await talk([gather({ ...mine, customOptions: { uri: 'ws://stt.example/other' } })]);
  await c.s.run(500);
  assert.deepEqual([c.mine.peers.length, c.other.peers.length], [0, 1]);
  assert.equal(c.other.peers[0]?.headers.authorization, undefined);
  await c.s.end();
});

test('a label names another credential; one that is not for recognition does not count', async () => {
  const c = await talk([gather({ ...mine, label: 'b' })], {}, async (s) => {
    await sttCredential(s, 'mine', 'ws://stt.example/other', { label: 'b' });
  });
  await c.s.run(500);
  assert.deepEqual([c.mine.peers.length, c.other.peers.length], [0, 1]);
  await c.s.end();
  const none = await talk([gather({ vendor: 'custom:third' })], {}, (s) =>
    sttCredential(s, 'third', 'ws://stt.example/mine', { use: false }),
  );
  await none.s.run(500);
  assert.deepEqual(alerts(none.s), ['no-stt']);
  assert.equal(none.mine.peers.length, 0);
  await none.s.end();
});

test('config gives a recognizer to later verbs, hints are added, `default` inherits, reset goes back to the application', async () => {
  const config = { verb: 'config', recognizer: { ...mine, language: 'de-DE', hints: ['eins'], hintsBoost: 7 } };
  const c = await talk(
    [config, gather({ vendor: 'default', language: 'default', label: 'default', hints: ['zwei'] })],
    {
      '/said': [gather(undefined, { actionHook: '/second' })],
      '/second': [{ verb: 'config', reset: 'recognizer' }, gather(undefined, { actionHook: '/third' })],
    },
    (s) =>
      s.stage.records.applications.update(s.app.application_sid, {
        speech_recognizer_vendor: 'custom:other',
        speech_recognizer_language: 'fr-FR',
      }),
  );
  await c.s.run(300);
  c.mine.say('a');
  await c.s.run(300);
  c.mine.say('b');
  await c.s.run(300);
  const hints = c.mine.starts.map(({ options, language }) => [
    language,
    (options as Json).hints,
    (options as Json).hintsBoost,
  ]);
  assert.deepEqual(hints, [
    ['de-DE', ['zwei', 'eins'], 7],
    ['de-DE', ['eins'], 7],
  ]);
  assert.equal(c.other.starts[0]?.language, 'fr-FR');
  await c.s.end();
});

test('a recognizer that fails while it listens is reason error, with an alert', async () => {
  const c = await talk([gather(mine)]);
  await c.s.run(300);
  c.mine.fail('no free line');
  await c.s.run(300);
  assert.equal(c.result()?.reason, 'error');
  assert.match(String(c.result()?.details), /custom:mine.*no free line/);
  assert.deepEqual(alerts(c.s), ['stt-failure']);
  await c.s.end();
});

test('one that cannot be reached ends the verb without a word to its hook; the next one runs', async () => {
  const c = await talk([gather(mine), ...hangup], {}, (_, servers) => {
    servers.mine.server.state = 'refusing';
  });
  await c.s.run(500);
  assert.equal(c.result(), undefined);
  assert.equal(c.call.ended?.by, 'remote');
  assert.deepEqual(alerts(c.s), ['stt-failure']);
  await c.s.end();
});

for (const [how, prepare] of [
  ['was never reached', (server: SttServer) => void Object.assign(server.server, { state: 'refusing' })],
  ['has no credential', undefined],
  ['dies', (server: SttServer) => server],
] as const) {
  test(`the fallback takes over from a vendor that ${how}, and keeps it for later verbs`, async () => {
    const vendor = prepare ? 'custom:mine' : 'custom:none';
    const recognizer = { vendor, fallbackVendor: 'test', fallbackLanguage: 'de-DE' };
    const c = await talk(
      [{ verb: 'config', recognizer }, gather()],
      { '/said': [gather(undefined, { actionHook: '/second' })], '/second': hangup },
      (_, servers) => prepare?.(servers.mine),
    );
    await c.s.run(500);
    if (how === 'dies') c.mine.server.kill();
    await c.s.run(500);
    c.voice.say('ja nein', { language: 'de-DE' });
    await c.s.run(2_000);
    assert.equal(said(c.result()), 'ja nein');
    c.voice.say('hilfe', { language: 'de-DE' });
    await c.s.run(2_000);
    assert.equal(said(c.s.sentTo('/second')[0]), 'hilfe');
    assert.equal(alerts(c.s).length, 1, 'the second gather began with the fallback');
    await c.s.end();
  });
}

test('a verb with a recognizer of its own tries its vendor again; a fallback that fails has no other', async () => {
  const recognizer = { ...mine, fallbackVendor: 'custom:other' };
  const c = await talk([gather(recognizer)], { '/said': [gather(recognizer, { actionHook: '/second' })] });
  await c.s.run(300);
  c.mine.fail('one');
  await c.s.run(300);
  c.other.fail('two');
  await c.s.run(300);
  assert.match(String(c.result()?.details), /custom:other.*two/);
  assert.equal(c.mine.peers.length, 2);
  assert.deepEqual(alerts(c.s), ['stt-failure', 'stt-failure']);
  await c.s.end();
});

test("the application's own fallback counts when it says so", async () => {
  for (const use of [true, false]) {
    const c = await talk([gather()], {}, (s) =>
      s.stage.records.applications.update(s.app.application_sid, {
        speech_recognizer_vendor: 'custom:none',
        use_for_fallback_speech: use,
        fallback_speech_recognizer_vendor: 'custom:other',
        fallback_speech_recognizer_language: 'en-US',
      }),
    );
    await c.s.run(500);
    assert.equal(c.other.peers.length, use ? 1 : 0);
    await c.s.end();
  }
});

test('a slow vendor hears what was said before it was there', async () => {
  const c = await talk([gather(mine)], {}, (_, servers) => {
    servers.mine.server.latencyMs = 1_500;
  });
  await c.s.run(4_000);
  assert.ok(c.mine.audioBytes() > 16_000 * 2.2, `${c.mine.audioBytes()} bytes`);
  await c.s.end();
});

async function socket(recognizer: Json): Promise<SocketScene & { servers: { mine: SttServer; other: SttServer } }> {
  const s = await socketScene([
    { verb: 'config', notifyEvents: true },
    { verb: 'play', url: 'silence_stream://1000' },
    gather(recognizer, { id: 'g' }),
  ]);
  const servers = {
    mine: sttServer(s.stage, 'ws://stt.example/mine'),
    other: sttServer(s.stage, 'ws://stt.example/other'),
  };
  await sttCredential(s, 'mine', 'ws://stt.example/mine');
  await sttCredential(s, 'other', 'ws://stt.example/other');
  await s.stage.clock.runFor(1_500);
  return { ...s, servers };
}

test('a socket application hears of the failure and of the failover', async () => {
  const s = await socket({ ...mine, fallbackVendor: 'custom:other' });
  s.servers.mine.fail('tired');
  await s.stage.clock.runFor(300);
  s.servers.other.server.kill();
  await s.stage.clock.runFor(300);
  const errors = s.of('jambonz:error').map((m) => m.data);
  assert.deepEqual(
    errors.map(({ msg, verb, id, failover }) => [msg, verb, id, failover]),
    [
      ['ASR error', 'gather', 'g', 'in progress'],
      ['ASR error', 'gather', 'g', 'not available'],
    ],
  );
  assert.match(String(errors[0]!.details), /custom:mine.*tired/);
  assert.equal(s.of('verb:hook')[0]?.data.reason, 'error');
  await s.end();
});
