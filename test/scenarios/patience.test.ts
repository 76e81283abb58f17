// What the caller hears while the application thinks: filler noise, delay actions, and the end of patience; by webhook and by socket.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import type { Stage } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';
import { socketScene } from '../kit/socket-scene.ts';

const play = (hz: number, ms = 60_000): Json => ({ verb: 'play', url: toneUrl(hz, ms) });
const gather = (more: Json = {}): Json => ({ verb: 'gather', numDigits: 1, actionHook: '/key', ...more });
const delay = { noResponseTimeout: 1, retries: 3, actions: [play(440, 500), play(520, 500)] };
const filler = { enable: true, url: toneUrl(300, 200), startDelaySecs: 0.5 };

function hears(stage: Stage, call: PhoneCall, hz: number): boolean {
  const now = stage.clock.now();
  return toneLevelDbov(call.audio.between(now - 150, now), hz, 8_000) > -30;
}

/** A call whose caller has pressed a key, to an application that answers so long after. */
async function thinking(
  verbs: unknown[],
  answer: unknown[],
  thinkMs: number,
): Promise<{ s: Scene; call: PhoneCall; heard(hz: number): boolean }> {
  const s: Scene = await scene({
    '/': verbs,
    '/key': async () => {
      await new Promise<void>((resolve) => s.stage.clock.after(thinkMs, resolve));
      return answer;
    },
  });
  const call = await s.dial();
  call.press('1', 60);
  await s.run(200);
  assert.equal(s.sentTo('/key').length, 1);
  return { s, call, heard: (hz) => hears(s.stage, call, hz) };
}

const config = (options: Json): Json => ({ verb: 'config', ...options });

test('actions play in turn, each so long after the last has ended; the answer cuts a play', async () => {
  const t = await thinking([config({ actionHookDelayAction: delay }), gather()], [play(880)], 4_500);
  await t.s.run(700);
  assert.ok(!t.heard(440));
  await t.s.run(450);
  assert.ok(t.heard(440), 'after 1 s the first');
  await t.s.run(1_500);
  assert.ok(t.heard(520), 'a second after its end the next');
  await t.s.run(1_500);
  assert.ok(t.heard(440), 'and again from the first');
  await t.s.run(600);
  assert.ok(t.heard(880) && !t.heard(440));
  await t.s.run(3_000);
  assert.ok(t.heard(880));
  await t.s.end();
});

test('no more than `retries` of them; one when there is none', async () => {
  const { retries: _, ...once } = delay;
  const t = await thinking([config({ actionHookDelayAction: once }), gather()], [play(880)], 4_500);
  await t.s.run(1_100);
  assert.ok(t.heard(440));
  await t.s.run(1_500);
  assert.ok(!t.heard(520));
  await t.s.end();
});

test('a say is heard to its end, and the verbs wait for that', async () => {
  const actions = [{ verb: 'say', text: toneUrl(440, 2_000) }];
  const t = await thinking(
    [config({ actionHookDelayAction: { noResponseTimeout: 1, actions } }), gather()],
    [play(880)],
    1_500,
  );
  await t.s.run(2_000);
  assert.ok(t.heard(440) && !t.heard(880), 'the answer is there, the say goes on');
  await t.s.run(1_300);
  assert.ok(t.heard(880));
  await t.s.end();
});

test('a gather has its own; `enabled: false` switches it off', async () => {
  const own = { ...delay, actions: [play(620, 500)] };
  const t = await thinking(
    [config({ actionHookDelayAction: delay }), gather({ actionHookDelayAction: own })],
    [play(880)],
    2_500,
  );
  await t.s.run(1_100);
  assert.ok(t.heard(620) && !t.heard(440));
  await t.s.end();
  for (const off of ['enabled', 'enable']) {
    const silent = await thinking(
      [config({ actionHookDelayAction: { ...delay, [off]: false } }), gather()],
      [play(880)],
      2_500,
    );
    await silent.s.run(1_100);
    assert.ok(!silent.heard(440));
    await silent.s.end();
  }
});

test('patience ends: other verbs take over, or the call ends with an alert', async () => {
  const other = { ...delay, noResponseGiveUpTimeout: 2, giveUpActions: [play(700)] };
  const t = await thinking([config({ actionHookDelayAction: other }), gather()], [play(880)], 4_000);
  await t.s.run(2_200);
  assert.ok(t.heard(700));
  await t.s.run(3_000);
  assert.ok(t.heard(700) && !t.heard(880), 'the late answer does nothing');
  await t.s.end();
  const over = await thinking(
    [config({ actionHookDelayAction: { noResponseGiveUpTimeout: 2 } }), gather()],
    [play(880)],
    4_000,
  );
  await over.s.run(2_200);
  assert.equal(over.call.ended?.by, 'remote');
  assert.deepEqual(
    over.s.stage.alerts.map((a) => a.type),
    ['bot-action-delay-giveup'],
  );
  await over.s.end();
});

test('filler noise begins after its delay, pauses for an action, and goes with the answer', async () => {
  const t = await thinking(
    [config({ fillerNoise: filler, actionHookDelayAction: delay }), gather()],
    [play(880)],
    2_700,
  );
  await t.s.run(200);
  assert.ok(!t.heard(300));
  await t.s.run(400);
  assert.ok(t.heard(300));
  await t.s.run(500);
  assert.ok(t.heard(440) && !t.heard(300));
  await t.s.run(600);
  assert.ok(t.heard(300));
  await t.s.run(1_200);
  assert.ok(t.heard(880) && !t.heard(300));
  await t.s.end();
});

test('filler noise: not after a timeout; a gather may switch it off or on; config without enable ends it', async () => {
  const cases: [unknown[], boolean][] = [
    [[config({ fillerNoise: filler }), gather({ fillerNoise: { enable: false } })], false],
    [[gather({ fillerNoise: filler })], true],
    [[config({ fillerNoise: filler }), config({ fillerNoise: { enable: false } }), gather()], false],
  ];
  for (const [verbs, noisy] of cases) {
    const t = await thinking(verbs, [play(880)], 2_000);
    await t.s.run(900);
    assert.equal(t.heard(300), noisy, JSON.stringify(verbs));
    await t.s.end();
  }
  const s: Scene = await scene({
    '/': [config({ fillerNoise: filler }), gather({ timeout: 1 })],
    '/key': () => new Promise((resolve) => s.stage.clock.after(2_000, () => resolve([play(880)]))),
  });
  const call = await s.dial();
  await s.run(2_200);
  assert.ok(!hears(s.stage, call, 300));
  await s.end();
});

test('an answer without verbs: the next verb ends it, or the call does', async () => {
  const t = await thinking(
    [config({ actionHookDelayAction: delay, fillerNoise: filler }), gather(), play(700, 1_000)],
    [],
    1_500,
  );
  await t.s.run(1_700);
  assert.ok(t.heard(700));
  await t.s.run(1_500);
  assert.equal(t.call.ended?.by, 'remote');
  await t.s.end();
});

test('a hang-up and a redirect end it', async () => {
  const t = await thinking(
    [config({ actionHookDelayAction: delay, fillerNoise: filler }), gather()],
    [play(880)],
    9_000,
  );
  await t.s.run(1_100);
  await t.s.stage.clock.settle(t.call.hangup());
  await t.s.end();
  const moved = await thinking(
    [config({ actionHookDelayAction: delay, fillerNoise: filler }), gather()],
    [play(880)],
    9_000,
  );
  await moved.s.run(600);
  await moved.s.update(moved.call, { call_hook: 'http://app.example/' }, false);
  await moved.s.run(2_000);
  assert.ok(!moved.heard(440) && !moved.heard(300), 'a new gather waits for its key in silence');
  await moved.s.end();
});

test('a socket application that has acknowledged is waited for, with noise and actions, until its verbs come', async () => {
  const t = await socketScene([config({ actionHookDelayAction: delay, fillerNoise: filler }), gather()]);
  const heard = (hz: number): boolean => hears(t.stage, t.call, hz);
  t.call.press('1', 60);
  await t.stage.clock.runFor(200);
  t.ack(t.of('verb:hook')[0]);
  await t.stage.clock.runFor(600);
  assert.ok(heard(300));
  await t.stage.clock.runFor(400);
  assert.ok(heard(440));
  t.command('redirect', [play(880)]);
  await t.stage.clock.runFor(400);
  assert.ok(heard(880) && !heard(440));
  await t.end();
});

test('what cannot work is refused with its path', async () => {
  const s = await scene({ '/': [play(440)] });
  const call = await s.dial();
  for (const [options, path] of [
    [{ actionHookDelayAction: { noResponseTimeout: 2 } }, 'actionHookDelayAction.actions'],
    [{ actionHookDelayAction: { ...delay, actions: [{ verb: 'hangup' }] } }, 'actionHookDelayAction.actions[0]'],
    [{ actionHookDelayAction: { ...delay, actions: [{ verb: 'say' }] } }, 'actionHookDelayAction.actions[0].say.text'],
    [
      { actionHookDelayAction: { noResponseTimeout: -1, actions: delay.actions } },
      'actionHookDelayAction.noResponseTimeout',
    ],
    [{ fillerNoise: { enable: true } }, 'fillerNoise.url'],
    [{ fillerNoise: { enable: true, url: 'ftp://x' } }, 'fillerNoise.url'],
  ] as const) {
    const parsed = s.stage.house.directory.byCallId(call.dialog!.callId)!.world.parse([config({ ...options })]);
    assert.ok('path' in parsed && parsed.path === `[0].config.${path}`, JSON.stringify(parsed));
  }
  await s.end();
});
