// amd by config, beside the verbs of its own call; and the same of a call that was created over REST, from its answer on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { beeper, listener, recognizer, told } from '../kit/answering.ts';
import { openCallee } from '../kit/dialled.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { socketScene } from '../kit/socket-scene.ts';
import { Speaker } from '../kit/speaking.ts';
import type { SttServer } from '../kit/stt-server.ts';

const pause = { verb: 'pause', length: 60 };
const amd = { actionHook: '/amd', recognizer };

interface Running {
  s: Scene;
  stt: SttServer;
  call: PhoneCall;
  beep(hz?: number, ms?: number): void;
  verbs(): unknown[];
}

/** An inbound call with config.amd. */
async function configured(
  more: Json = {},
  { hook, verbs = [pause] }: { hook?: unknown; verbs?: Json[] } = {},
): Promise<Running> {
  const s = await scene({ '/': [{ verb: 'config', amd: { ...amd, ...more } }, ...verbs], '/amd': hook as never });
  return running(s, await listener(s), await s.dial());
}

function running(s: Scene, stt: SttServer, call: PhoneCall): Running {
  const ran = (): unknown[] =>
    s.stage.events.filter(({ event }) => event.type === 'program-replaced').map(({ event }) => event.verbs);
  return { s, stt, call, beep: beeper(call).beep, verbs: ran };
}

/** A call by REST to bob; `say` what he says. */
async function created(body: Json = {}, replies: Record<string, unknown> = {}): Promise<Running> {
  const s = await scene({ '/': [pause], ...replies } as never);
  const stt = await listener(s);
  const bob = await openCallee(s, {
    take(call, invite) {
      call.audio.voice = () => undefined;
      call.accept(invite);
    },
  });
  const placed = await create(s, bob.uri, { amd, ...body });
  assert.ok('sid' in placed, JSON.stringify(placed));
  await s.run(200);
  return running(s, stt, bob.call());
}

const create = (s: Scene, sipUri: string, body: Json) =>
  s.stage.clock.settle(
    s.stage.house.calls.create(s.stage.account.account_sid, {
      from: '1555',
      to: { type: 'sip', sipUri },
      application_sid: s.app.application_sid,
      ...body,
    }),
  );

for (const [how, begin] of [
  ['config', configured],
  ['createCall', created],
] as const) {
  test(`${how}: a human is told, and the verbs go on`, async () => {
    const { s, stt, call } = await begin();
    await s.run(1_000);
    stt.say('hello');
    await s.run(100);
    assert.deepEqual(told(s), ['human_detected', 'stopped']);
    assert.equal(s.sentTo('/amd')[0]?.call_sid, s.stage.events[0]?.callSid);
    await s.run(20_000);
    assert.equal(call.ended, undefined);
    await s.end();
  });

  test(`${how}: a machine that speaks, beeps and stops`, async () => {
    const { s, stt, beep } = await begin();
    await s.run(1_000);
    stt.say('leave your name and number', { final: false });
    await s.run(1_000);
    beep(850, 500);
    await s.run(3_000);
    assert.deepEqual(told(s), ['machine_detected', 'tone_detected', 'machine_stopped_speaking', 'stopped']);
    await s.end();
  });

  test(`${how}: silence`, async () => {
    const { s } = await begin();
    await s.run(10_000);
    assert.deepEqual(told(s), ['no_speech_detected', 'stopped']);
    await s.end();
  });

  test(`${how}: the far end hangs up meanwhile`, async () => {
    const { s, stt, call } = await begin();
    stt.say('well', { final: false });
    await s.run(100);
    await s.stage.clock.settle(call.hangup());
    await s.run(500);
    assert.deepEqual(told(s), ['stopped']);
    assert.equal(stt.stops(), 1);
    await s.end();
  });
}

test('what the hook answers replaces the application, and detection goes on beside it', async () => {
  const { s, stt, verbs, call } = await configured({}, { hook: [pause] });
  await s.run(500);
  stt.say('leave a message');
  await s.run(5_000);
  assert.deepEqual(told(s), ['machine_detected', 'machine_stopped_speaking', 'stopped']);
  assert.deepEqual(verbs(), [['config', 'pause'], ['pause'], ['pause'], ['pause']]);
  assert.equal(call.ended, undefined);
  await s.end();
});

test('a call whose verbs run out while the hook thinks waits for its answer', async () => {
  let answer: (verbs: unknown[]) => void = () => {};
  const hook = (): Promise<unknown[]> => new Promise((resolve) => (answer = resolve));
  const { s, stt, call } = await configured({}, { hook, verbs: [{ verb: 'pause', length: 1 }] });
  await s.run(800);
  stt.say('leave a message');
  await s.run(2_000);
  assert.equal(call.ended, undefined);
  answer([{ verb: 'play', url: toneUrl(500, 500) }]);
  await s.run(300);
  assert.equal(call.ended, undefined, 'it plays');
  answer([]);
  await s.run(2_000);
  assert.equal(call.ended, undefined, 'the last notice is not answered');
  answer([]);
  await s.run(100);
  assert.ok(call.ended);
  await s.end();
});

test('another config.amd stops the one that runs', async () => {
  const s = await scene({
    '/': [
      { verb: 'config', amd },
      { verb: 'pause', length: 1 },
      { verb: 'config', amd: { ...amd, actionHook: '/second' } },
      pause,
    ],
  });
  const stt = await listener(s);
  await s.dial();
  await s.run(1_500);
  assert.deepEqual([told(s), told(s, '/second')], [['stopped'], []]);
  stt.say('hello');
  await s.run(100);
  assert.deepEqual([told(s), told(s, '/second')], [['stopped'], ['human_detected', 'stopped']]);
  await s.end();
});

test('the recognizer of the same config listens; the phrases of the operator count', async () => {
  const s = await scene(
    { '/': [{ verb: 'config', recognizer, amd: { actionHook: '/amd' } }, pause] },
    { settings: { calls: { voicemailPhrases: { en: ['for the chime'] } } } },
  );
  const stt = await listener(s);
  await s.dial();
  await s.run(500);
  stt.say('wait for the chime', { final: false });
  await s.run(100);
  assert.equal(s.sentTo('/amd')[0]?.hint, 'for the chime');
  await s.end();
});

test('of a very long greeting so much is told and no more; what follows keeps it speaking', async () => {
  const { s, stt } = await configured();
  await s.run(500);
  stt.say('hello '.repeat(10_000));
  await s.run(1_500);
  stt.say('and more');
  await s.run(1_500);
  assert.deepEqual(told(s), ['machine_detected'], 'it still speaks');
  assert.ok(String(s.sentTo('/amd')[0]?.greeting).length <= 10_000);
  await s.run(1_000);
  assert.deepEqual(told(s), ['machine_detected', 'machine_stopped_speaking', 'stopped']);
  await s.end();
});

test('an application that has not answered yet keeps its call, whatever amd’s hook answers', async () => {
  let begin: (verbs: unknown[]) => void = () => {};
  const first = (): Promise<unknown[]> => new Promise((resolve) => (begin = resolve));
  const { s, stt, call, verbs } = await created({}, { '/': first });
  stt.say('hello');
  await s.run(1_000);
  assert.deepEqual(told(s), ['human_detected', 'stopped']);
  assert.equal(call.ended, undefined);
  begin([pause]);
  await s.run(100);
  assert.deepEqual(verbs(), [['pause']]);
  await s.end();
});

test('createCall: what config would refuse of amd is refused, and what nobody knows', async () => {
  const s = await scene({ '/': [pause] });
  const bob = await openCallee(s, {});
  for (const [wrong, path] of [
    ['x', 'amd'],
    [{}, 'amd.actionHook'],
    [{ actionHook: '' }, 'amd.actionHook'],
    [{ actionHook: { url: '/amd', method: 'PUT' } }, 'amd.actionHook.method'],
    [{ ...amd, words: 1 }, 'amd.words'],
    [{ ...amd, thresholdWordCount: 0 }, 'amd.thresholdWordCount'],
    [{ ...amd, digitCount: 1.5 }, 'amd.digitCount'],
    [{ ...amd, timers: { toneTimeoutMs: 0 } }, 'amd.timers.toneTimeoutMs'],
    [{ ...amd, timers: { toString: 1 } }, 'amd.timers'],
    [{ ...amd, recognizer: 'test' }, 'amd.recognizer'],
    [{ ...amd, recognizer: { vendor: null } }, 'amd.recognizer.vendor'],
    [{ ...amd, recognizer: { ...recognizer, hints: 5 } }, 'amd.recognizer.hints'],
    [{ ...amd, recognizer: { ...recognizer, asrTimeout: -1 } }, 'amd.recognizer.asrTimeout'],
  ] as const) {
    const refused = await create(s, bob.uri, { amd: wrong });
    assert.ok('refused' in refused, JSON.stringify(wrong));
    assert.deepEqual([refused.http, refused.path], [400, path]);
  }
  await s.end();
});

test('createCall: without a recognizer it is refused; with one that is not there, and with a failure, it is told', async () => {
  const s = await scene({ '/': [pause] });
  const bob = await openCallee(s, { take: (call, invite) => call.accept(invite) });
  const refused = await create(s, bob.uri, { amd: { actionHook: '/amd' } });
  assert.ok('refused' in refused);
  assert.deepEqual([refused.http, refused.path], [400, 'amd.recognizer']);
  await create(s, bob.uri, { amd: { ...amd, recognizer: { vendor: 'custom:nobody' } } });
  await s.run(500);
  assert.deepEqual(told(s), ['error', 'stopped']);
  assert.match(String(s.sentTo('/amd')[0]?.reason), /custom:nobody/);
  assert.equal(bob.call().ended, undefined);
  await s.end();
});

test('the test recognizer: what is sung decides', async () => {
  const { s, call } = await configured({ recognizer: { vendor: 'test' }, thresholdWordCount: 4 });
  const voice = new Speaker();
  call.audio.voice = voice.next;
  voice.say('yes yes help stop agent');
  await s.run(2_000);
  const [machine] = s.sentTo('/amd');
  assert.deepEqual(
    [machine?.type, machine?.reason, machine?.greeting],
    ['amd_machine_detected', 'long greeting', 'yes yes help stop'],
  );
  assert.ok(!told(s).includes('tone_detected'), 'its words are too short for beeps');
  await s.end();
});

test('an application on a socket: verb:hook with the id of the config, whose answer replaces the application', async () => {
  const s = await socketScene([{ verb: 'answer' }]);
  const stt = await listener(s);
  s.command('redirect', [{ verb: 'config', id: 'c1', amd }, pause]);
  await s.stage.clock.runFor(500);
  stt.say('leave a message');
  await s.stage.clock.runFor(100);
  const [machine] = s.of('verb:hook');
  assert.deepEqual([machine?.hook, machine?.data.type, machine?.data.verb_id], ['/amd', 'amd_machine_detected', 'c1']);
  s.ack(machine, [{ verb: 'play', url: toneUrl(500) }]);
  await s.stage.clock.runFor(3_000);
  assert.deepEqual(
    s.of('verb:hook').map(({ data }) => data.type),
    ['amd_machine_detected', 'amd_machine_stopped_speaking', 'amd_stopped'],
  );
  for (const message of s.of('verb:hook').slice(1)) s.ack(message);
  const { events } = s.stage;
  assert.deepEqual(events.filter(({ event }) => event.type === 'program-replaced').at(-1)?.event.verbs, ['play']);
  await s.end();
});

test('a beep is heard beside noise isolation, which would take it for noise; a leg that is muted is not heard', async () => {
  const { s, beep } = await configured({}, { verbs: [{ verb: 'config', noiseIsolation: { enable: true } }, pause] });
  await s.run(2_000);
  beep(1_800, 500);
  await s.run(1_000);
  assert.deepEqual(told(s), ['tone_detected']);
  await s.end();

  const muted = await configured({ timers: { noSpeechTimeoutMs: 3_000 } });
  await muted.s.run(500);
  assert.equal((await muted.s.update(muted.call, { mute_status: 'mute' }, true)).status, 200);
  muted.beep(950, 500);
  await muted.s.run(4_000);
  assert.deepEqual(told(muted.s), ['no_speech_detected', 'stopped']);
  await muted.s.end();
});

test('a beep is heard through loss, jitter, doubled packets and packets out of order', async () => {
  for (const [hz, ms] of [
    [460, 300],
    [1_000, 700],
    [2_400, 300],
  ] as const) {
    const { s, beep } = await configured({ timers: { noSpeechTimeoutMs: 10_000 } });
    s.stage.net.link({}, { lossRate: 0.1, delayMs: 20, jitterMs: 30, duplicateRate: 0.05, reorderRate: 0.05 });
    await s.run(2_000);
    beep(hz, ms);
    await s.run(1_500);
    assert.deepEqual(told(s), ['tone_detected'], `${hz} Hz`);
    assert.ok(Math.abs((s.sentTo('/amd')[0]!.frequency as number) - hz) <= 1);
    s.stage.net.link({}, { lossRate: 0, jitterMs: 0, duplicateRate: 0, reorderRate: 0 });
    await s.end();
  }
});

test('a socket’s config command begins it at once, beside the verb that runs', async () => {
  const s = await socketScene([{ verb: 'answer' }, pause]);
  const stt = await listener(s);
  s.command('config', { amd });
  await s.stage.clock.runFor(300);
  stt.say('hello');
  await s.stage.clock.runFor(100);
  assert.deepEqual(
    s.of('verb:hook').map(({ data }) => data.type),
    ['amd_human_detected', 'amd_stopped'],
  );
  for (const message of s.of('verb:hook')) s.ack(message);
  assert.equal(s.call.ended, undefined);
  await s.end();
});
