// amd of a dial: what is told of the dialled leg and when, what the hook's answer replaces, and every way in which it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beeper, listener, recognizer, told } from '../kit/answering.ts';
import { type Callee, type CalleeOptions, type DialScene, dialScene, openCallee, sidOf } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';
import { socketScene } from '../kit/socket-scene.ts';

interface Answered {
  s: DialScene;
  bob: Callee;
  call: Awaited<ReturnType<DialScene['dial']>>;
  say: Awaited<ReturnType<typeof listener>>['say'];
  stt: Awaited<ReturnType<typeof listener>>;
  beep(hz?: number, ms?: number): void;
  /** ms since the leg was answered at which the hook was asked. */
  times(): number[];
}

/** A caller who has been joined with a silent bob; `hook` is what amd's hook answers. */
async function answered(
  amd: Json = {},
  { dial = {}, callee = {}, hanging = false }: { dial?: Json; callee?: CalleeOptions; hanging?: boolean } = {},
): Promise<Answered> {
  const s = await dialScene({});
  const stt = await listener(s);
  if (hanging) stt.server.state = 'hanging';
  let beep: Answered['beep'] = () => {};
  const bob = await s.callee({
    ...callee,
    take(call, invite) {
      beep = beeper(call).beep;
      if (callee.take) return callee.take(call, invite);
      call.accept(invite);
    },
  });
  s.answers['/'] = [
    {
      verb: 'dial',
      target: [{ type: 'sip', sipUri: bob.uri }],
      actionHook: '/done',
      amd: { actionHook: '/amd', recognizer, ...amd },
      ...dial,
    },
    { verb: 'play', url: toneUrl(555) },
  ];
  const call = await s.dial();
  const from = s.stage.clock.now();
  await s.run(100);
  const times = (): number[] => s.hooks.filter(({ path }) => path === '/amd').map(({ at }) => at - from);
  return { s, bob, call, stt, say: stt.say, beep: (hz, ms) => beep(hz, ms), times };
}

/** Timers of so long that a stage which is closed would find them. */
const long = { timers: { toneTimeoutMs: 600_000, decisionTimeoutMs: 600_000 } };

test('a human: told at once with what was said, the leg and the caller go on; detection is over', async () => {
  const { s, call, bob, say, stt, beep } = await answered(long);
  const port = s.stage.house.directory.get(s.childSid())?.leg.port;
  assert.equal(port?.beeps.wanted, true);
  await s.run(1_000);
  say('Hello', { final: false });
  await s.run(300);
  assert.deepEqual(told(s), []);
  say('Hello?');
  await s.run(50);
  assert.deepEqual(told(s), ['human_detected', 'stopped']);
  const [human, stopped] = s.sentTo('/amd');
  const { type, reason, greeting, language, call_sid: sid, call_status: status } = human!;
  assert.deepEqual(
    { type, reason, greeting, language, sid, status },
    {
      type: 'amd_human_detected',
      reason: 'short greeting',
      greeting: 'Hello?',
      language: 'en-US',
      sid: sidOf(call),
      status: 'in-progress',
    },
  );
  assert.equal('greeting' in stopped!, false);
  assert.equal(stt.stops(), 1, 'nobody is listened to any more');
  assert.equal(port.beeps.wanted, false);
  beep();
  await s.run(30_000);
  assert.equal(told(s).length, 2);
  assert.equal(call.ended ?? bob.call().ended, undefined);
  await s.end();
});

test('a machine by a phrase in a greeting that goes on, then its beep, then its end', async () => {
  const { s, say, beep, stt } = await answered();
  await s.run(500);
  assert.deepEqual(stt.starts[0]?.interimResults, true);
  say('please leave a message', { final: false });
  await s.run(50);
  assert.deepEqual(told(s), ['machine_detected']);
  assert.deepEqual([s.sentTo('/amd')[0]?.reason, s.sentTo('/amd')[0]?.hint], ['hint', 'leave a message']);
  await s.run(1_500);
  say('please leave a message for Anna', { final: false });
  await s.run(1_500);
  beep(1_400, 300);
  await s.run(500);
  const tone = s.sentTo('/amd')[1]!;
  assert.equal(tone.type, 'amd_tone_detected');
  assert.ok(Math.abs((tone.frequency as number) - 1_400) <= 1 && (tone.variance as number) < 1, JSON.stringify(tone));
  const at = s.hooks.at(-1)!.at;
  await s.run(3_000);
  assert.deepEqual(told(s), ['machine_detected', 'tone_detected', 'machine_stopped_speaking', 'stopped']);
  assert.equal(Math.round((s.hooks.at(-2)!.at - at) / 20) * 20, 1_000, 'a second after the beep');
  await s.end();
});

test('a machine by length and by digits, with counts of the application', async () => {
  for (const [amd, text, reason] of [
    [{ thresholdWordCount: 4 }, 'you have called Anna', 'long greeting'],
    [{ digitCount: 5 }, 'five five 512 is not here', 'digit count'],
    [{}, 'this is the office of Doctor Who in Cardiff city', 'long greeting'],
  ] as const) {
    const { s, say } = await answered(amd);
    say(text, { final: false });
    await s.run(100);
    const [machine] = s.sentTo('/amd');
    assert.deepEqual([machine?.type, machine?.reason, machine?.greeting], ['amd_machine_detected', reason, text]);
    await s.run(2_500);
    assert.deepEqual(told(s), ['machine_detected', 'machine_stopped_speaking', 'stopped']);
    await s.end();
  }
});

test('no speech, no decision, no beep: each in its time', async () => {
  const silent = await answered();
  await silent.s.run(6_000);
  assert.deepEqual(told(silent.s), ['no_speech_detected', 'stopped']);
  assert.ok(Math.abs(silent.times()[0]! - 5_000) < 30, `${silent.times()}`);
  await silent.s.end();

  const vague = await answered({ timers: { noSpeechTimeoutMs: 1_000, decisionTimeoutMs: 3_000 } });
  await vague.s.run(500);
  vague.say('well', { final: false });
  vague.say('', { final: true });
  await vague.s.run(4_000);
  assert.deepEqual(told(vague.s), ['decision_timeout', 'stopped']);
  assert.ok(Math.abs(vague.times()[0]! - 3_000) < 30, `${vague.times()}`);
  await vague.s.end();

  const endless = await answered({ timers: { toneTimeoutMs: 4_000, greetingCompletionTimeoutMs: 1_500 } });
  for (let i = 0; i < 5; i++) {
    endless.say('after the tone', { final: false });
    await endless.s.run(1_000);
  }
  assert.deepEqual(told(endless.s), ['machine_detected', 'tone_timeout', 'stopped']);
  await endless.s.end();
});

test("verbs that the hook answers with replace the caller's application; the leg is hung up, and that is told last", async () => {
  const { s, bob, call, say } = await answered();
  s.answers['/amd'] = [{ verb: 'play', id: 'next', url: toneUrl(700) }];
  say('at the tone');
  await s.run(500);
  assert.ok(bob.call().ended);
  assert.equal(call.ended, undefined);
  assert.deepEqual(told(s), ['machine_detected', 'stopped']);
  assert.deepEqual(
    s.stage.events.filter(({ event }) => event.type === 'program-replaced').map(({ event }) => event.verbs),
    [['dial', 'play'], ['play']],
  );
  assert.equal(s.sentTo('/done').length, 1, 'the action hook of the dial');
  await s.end();
});

test('without a recognizer it is said: event, alert, and the talk goes on', async () => {
  const { s, bob, call } = await answered({ recognizer: undefined });
  await s.run(200);
  const [error] = s.sentTo('/amd');
  assert.equal(error?.type, 'amd_error');
  assert.match(String(error?.reason), /no recognizer is set/);
  assert.deepEqual(told(s), ['error', 'stopped']);
  assert.deepEqual(
    s.stage.alerts.map(({ type }) => type),
    ['no-stt'],
  );
  assert.equal(call.ended ?? bob.call().ended, undefined);
  await s.end();
});

test('a recognizer that fails while it listens', async () => {
  const { s, stt } = await answered();
  stt.fail('no free line');
  await s.run(100);
  assert.deepEqual(told(s), ['error', 'stopped']);
  assert.match(String(s.sentTo('/amd')[0]?.reason), /no free line/);
  await s.end();
});

test('a recognizer that never answers is an error, not a silence', async () => {
  const { s, stt } = await answered({}, { hanging: true });
  await s.run(6_000);
  assert.deepEqual(told(s), ['error', 'stopped']);
  assert.equal(stt.peers.length, 0);
  await s.end();
});

test('a fallback takes over and decides', async () => {
  const { s, stt, say } = await answered({
    recognizer: { vendor: 'custom:nobody', fallbackVendor: 'custom:ear', fallbackLanguage: 'en-US' },
  });
  await s.run(200);
  assert.deepEqual(told(s), []);
  assert.equal(stt.peers.length, 1);
  say('hello');
  await s.run(50);
  assert.deepEqual(told(s), ['human_detected', 'stopped']);
  await s.end();
});

test('whoever hangs up, or cancels the dial, it ends, says so once, and leaves nothing', async () => {
  for (const end of [
    ({ s, bob }: Answered) => s.stage.clock.settle(bob.call().hangup()),
    ({ s, call }: Answered) => s.stage.clock.settle(call.hangup()),
    ({ s, call }: Answered) => s.update(call, { call_status: 'completed' }),
    ({ s, call }: Answered) => s.update(call, { call_hook: 'http://app.example/next' }),
    ({ s }: Answered) => s.updateSid(s.childSid(), { child_call_hook: 'http://app.example/next' }),
  ]) {
    const talk = await answered(long);
    talk.s.answers['/next'] = [{ verb: 'play', url: toneUrl(600) }];
    talk.say('leave a message', { final: false });
    await talk.s.run(100);
    await end(talk);
    await talk.s.run(5_000);
    assert.deepEqual(told(talk.s), ['machine_detected', 'stopped'], String(end));
    await talk.s.end();
  }
});

test('a slow hook is asked for one at a time, in order', async () => {
  const { s, say } = await answered();
  const course: string[] = [];
  s.answers['/amd'] = async ({ type }: Json) => {
    course.push(`${type}`);
    await new Promise<void>((resolve) => s.stage.clock.after(700, resolve));
    course.push(`after ${type}`);
    return undefined;
  };
  say('hello');
  await s.run(2_000);
  assert.deepEqual(course, ['amd_human_detected', 'after amd_human_detected', 'amd_stopped', 'after amd_stopped']);
  await s.end();
});

test('what is to be told when the call ends is told, though the hook is slow', async () => {
  const { s, call, say } = await answered();
  s.answers['/amd'] = async () => {
    await new Promise<void>((resolve) => s.stage.clock.after(1_200, resolve));
    return undefined;
  };
  say('leave a message', { final: false });
  await s.run(100);
  await s.stage.clock.settle(call.hangup());
  await s.run(4_000);
  assert.deepEqual(told(s), ['machine_detected', 'stopped']);
  assert.deepEqual(
    s.stage.events.filter(({ event }) => event.type === 'hook-failed').map(({ event }) => event.reason),
    [],
  );
  await s.end();
});

test('detection goes on when the worker dies', async () => {
  const { s, say, beep, stt } = await answered();
  await s.run(500);
  s.stage.killWorker(0);
  await s.run(1_500);
  assert.equal(stt.peers.length, 2, 'the next worker listens');
  say('leave a message', { final: false });
  await s.run(500);
  beep(900);
  await s.run(3_000);
  assert.deepEqual(told(s), ['machine_detected', 'tone_detected', 'machine_stopped_speaking', 'stopped']);
  await s.end();
});

test('exitMediaPath hands the sound over: nobody is heard then', async () => {
  const { s, beep } = await answered({}, { dial: { exitMediaPath: true } });
  await s.run(1_000);
  assert.ok(s.stage.events.some(({ event }) => event.what === 'path' && event.path === 'no-media'));
  beep();
  await s.run(5_000);
  assert.deepEqual(told(s), ['no_speech_detected', 'stopped']);
  await s.end();
});

test('a dial whose confirmHook began amd on the leg goes on with its own', async () => {
  const s = await dialScene({
    '/confirm': [
      { verb: 'config', amd: { actionHook: '/first', recognizer } },
      { verb: 'pause', length: 1 },
    ],
  });
  const stt = await listener(s);
  const bob = await s.callee({
    take(call, invite) {
      beeper(call);
      call.accept(invite);
    },
  });
  const amd = { actionHook: '/amd', recognizer };
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], confirmHook: '/confirm', amd }];
  await s.dial();
  await s.run(2_000);
  assert.deepEqual([told(s, '/first'), told(s)], [['stopped'], []]);
  assert.equal(stt.stops(), 1);
  stt.say('hello');
  await s.run(100);
  assert.deepEqual([told(s, '/first'), told(s)], [['stopped'], ['human_detected', 'stopped']]);
  await s.end();
});

test("verbs that the hook of a confirmation's amd answers with replace the caller's application", async () => {
  const s = await dialScene({
    '/confirm': [
      { verb: 'config', amd: { actionHook: '/amd', recognizer } },
      { verb: 'pause', length: 5 },
    ],
    '/amd': ({ type }: Json) => (type === 'amd_machine_detected' ? [{ verb: 'play', url: toneUrl(700) }] : undefined),
  });
  const stt = await listener(s);
  const bob = await s.callee({ take: (call, invite) => call.accept(invite) });
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], confirmHook: '/confirm' }];
  const call = await s.dial();
  await s.run(500);
  stt.say('leave a message');
  await s.run(500);
  assert.ok(bob.call().ended);
  assert.equal(call.ended, undefined);
  const replaced = s.stage.events.filter(({ event }) => event.type === 'program-replaced');
  assert.deepEqual(
    replaced.map(({ callSid, event }) => [callSid, event.verbs]),
    [
      [sidOf(call), ['dial']],
      [sidOf(call), ['play']],
    ],
  );
  await s.end();
});

test('an application on a socket is told by verb:hook, and its answer replaces the dial', async () => {
  const s = await socketScene([{ verb: 'answer' }]);
  const stt = await listener(s);
  const bob = await openCallee(s, { take: (call, invite) => call.accept(invite) });
  const amd = { actionHook: '/amd', recognizer };
  s.command('redirect', [{ verb: 'dial', id: 'd1', target: [{ type: 'sip', sipUri: bob.uri }], amd }]);
  await s.stage.clock.runFor(500);
  stt.say('after the beep', { final: false });
  await s.stage.clock.runFor(100);
  const [machine] = s.of('verb:hook');
  assert.equal(machine?.hook, '/amd');
  const { type, reason, hint, verb_id: id } = machine?.data ?? {};
  assert.deepEqual([type, reason, hint, id], ['amd_machine_detected', 'hint', 'after the beep', 'd1']);
  s.ack(machine, [{ verb: 'play', url: toneUrl(500) }]);
  await s.stage.clock.runFor(500);
  assert.ok(bob.call().ended);
  assert.deepEqual(
    s.of('verb:hook').map(({ data }) => data.type),
    ['amd_machine_detected', 'amd_stopped'],
  );
  s.ack(s.of('verb:hook')[1]);
  await s.end();
});
