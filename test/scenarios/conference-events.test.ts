// What a conference tells its applications, and what its options do: events, hooks, limits, announcements, digits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../../src/base/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';
import { firstPacket, isHeard, type SingerName, singer, song, whoHears } from '../kit/singers.ts';
import { socketScene } from '../kit/socket-scene.ts';

const everything = ['start', 'join', 'leave', 'start-talking', 'stop-talking', 'end'];
everything.push('say-start', 'say-done', 'play-start', 'play-done');

const conference = (options: Partial<Record<SingerName, Json>>, replies: Parameters<typeof scene>[0] = {}) =>
  scene({
    '/': ({ from }) => [
      { verb: 'conference', name: 'standup', actionHook: '/left', ...options[from as SingerName] },
      { verb: 'play', url: toneUrl(2_200) },
    ],
    ...replies,
  });

/** Events as `event from`. */
const told = (s: Scene, path = '/news'): string[] => s.sentTo(path).map((body) => `${body.event} ${body.from}`);

async function over(s: Scene, ...calls: PhoneCall[]): Promise<void> {
  for (const call of calls) if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.end();
}

test('the events of a conference, in order, with what the contract says of each', async () => {
  const s = await conference({ alice: { statusHook: '/news', statusEvents: everything } });
  const alice = await singer(s, 'alice');
  await s.run(1_000);
  const bob = await singer(s, 'bob');
  bob.audio.voice = () => undefined;
  await s.run(3_000);
  await s.stage.clock.settle(bob.hangup());
  await s.run(500);
  await s.stage.clock.settle(alice.hangup());
  await s.run(500);
  const silent = told(s).filter((line) => !line.includes('talking'));
  assert.deepEqual(silent, ['start alice', 'join alice', 'join bob', 'leave bob', 'leave alice', 'end alice']);
  assert.deepEqual(
    told(s).filter((line) => line.includes('talking') && line.includes('alice')),
    ['start-talking alice', 'stop-talking alice'],
  );
  const join = s.sentTo('/news').find((body) => body.event === 'join' && body.from === 'bob')!;
  const { account_sid } = s.stage.account;
  assert.equal(join.conference_sid, `conf:${account_sid}:standup`);
  assert.equal(join.friendly_name, 'standup');
  assert.equal(join.members, 2);
  assert.equal(join.call_sid, sidOf(bob));
  assert.equal(join.account_sid, account_sid);
  assert.ok(Math.abs(Number(join.duration) - 1) < 0.2, `${join.duration} s`);
  assert.match(String(join.time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const members = s.sentTo('/news').filter((body) => body.event === 'leave');
  assert.deepEqual(
    members.map((body) => body.members),
    [1, 0],
    'who remains',
  );
  await over(s);
});

test('a member that brings a hook of its own is told of there; the starter hears of the conference', async () => {
  const s = await conference({
    alice: { statusHook: '/news', statusEvents: ['start', 'join', 'leave', 'end'] },
    bob: { statusHook: '/bob', statusEvents: ['join', 'leave', 'end-talking', 'end'] },
    carol: { statusHook: '/carol' },
  });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(1_000);
  bob.audio.voice = () => undefined;
  await s.run(3_000);
  for (const call of [alice, bob, carol]) {
    await s.stage.clock.settle(call.hangup());
    await s.run(100);
  }
  await s.run(500);
  assert.deepEqual(told(s), ['start alice', 'join alice', 'join carol', 'leave alice', 'leave carol', 'end carol']);
  assert.deepEqual(told(s, '/bob'), ['join bob', 'end-talking bob', 'leave bob']);
  assert.deepEqual(told(s, '/carol'), [], 'without events none are told');
  await over(s);
});

test('enterHook is heard before the room is, and the room not before; a beep tells the others', async () => {
  const s = await conference(
    { bob: { enterHook: '/enter', beep: true }, carol: { enterHook: '/bad' } },
    {
      '/enter': [
        { verb: 'play', url: toneUrl(1_900, 1_000) },
        { verb: 'pause', length: 0.2 },
      ],
      '/bad': [{ verb: 'hangup' }],
    },
  );
  const alice = await singer(s, 'alice');
  await s.run(300);
  const bob = await singer(s, 'bob');
  await s.run(600);
  assert.ok(isHeard(s, bob, 1_900) && !isHeard(s, bob, song.alice) && !isHeard(s, alice, song.bob));
  const at = s.stage.clock.now();
  await s.run(1_500);
  assert.deepEqual(whoHears(s, { alice, bob }), { alice: 'bob', bob: 'alice' });
  const beep = firstPacket(alice, 880, at, true);
  assert.ok(beep - firstPacket(alice, song.bob, at, true) <= 60);
  assert.ok(!isHeard(s, alice, 880), 'a short one');
  assert.equal((s.sentTo('/enter')[0] as Json).call_sid, sidOf(bob));
  const carol = await singer(s, 'carol');
  await s.run(500);
  assert.deepEqual(
    whoHears(s, { alice, carol }),
    { alice: 'carol', carol: 'alice' },
    'a hook that is wrong is left out',
  );
  assert.ok(!carol.ended);
  await over(s, alice, bob, carol);
});

test('joinMuted, memberTag and speakOnlyTo act from the first packet, each alone', async () => {
  const s = await conference({
    alice: { memberTag: 'agent' },
    bob: { joinMuted: true },
    carol: { speakOnlyTo: 'agent' },
    dave: {},
  });
  const calls: Partial<Record<SingerName, PhoneCall>> = {};
  for (const name of ['alice', 'bob', 'dave', 'carol'] as const) calls[name] = await singer(s, name);
  await s.run(500);
  assert.deepEqual(whoHears(s, calls), {
    alice: 'dave carol',
    bob: 'alice dave',
    dave: 'alice',
    carol: 'alice dave',
  });
  for (const [name, tone] of [
    ['dave', song.carol],
    ['alice', song.bob],
  ] as const)
    assert.throws(() => firstPacket(calls[name]!, tone, 0, true), 'never, not for one packet');
  await over(s, ...Object.values(calls));
});

test('one more than maxParticipants finds no room, and goes on with its next verb', async () => {
  const s = await conference({ alice: { maxParticipants: 2 } });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(500);
  assert.deepEqual(whoHears(s, { alice, bob, carol }), { alice: 'bob', bob: 'alice', carol: '' });
  assert.ok(isHeard(s, carol, 2_200));
  assert.ok(s.stage.eventsOf(sidOf(carol), 'conference').some((e) => e.what === 'full'));
  await s.stage.clock.settle(bob.hangup());
  const dave = await singer(s, 'dave');
  await s.run(500);
  assert.deepEqual(whoHears(s, { alice, dave }), { alice: 'dave', dave: 'alice' }, 'a place that became free');
  await over(s, alice, carol, dave);
});

test('endConferenceDuration: the room outlives the member that ends it, unless one comes back', async () => {
  const ending = { endConferenceOnExit: true, endConferenceDuration: 2 };
  const s = await conference({ alice: ending, bob: {}, carol: {}, dave: ending });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.stage.clock.settle(alice.hangup());
  await s.run(1_500);
  assert.deepEqual(whoHears(s, { bob, carol }), { bob: 'carol', carol: 'bob' });
  const dave = await singer(s, 'dave');
  await s.run(3_000);
  assert.deepEqual(whoHears(s, { bob, dave }), { bob: 'dave', dave: 'bob' }, 'one came back');
  await s.stage.clock.settle(dave.hangup());
  await s.run(1_500);
  assert.ok(!isHeard(s, bob, 2_200));
  await s.run(1_000);
  assert.ok(isHeard(s, bob, 2_200) && isHeard(s, carol, 2_200));
  await over(s, bob, carol);
});

test('room_play and room_say are heard by every member over the voices, told with their ids, and replaced', async () => {
  const s = await conference({
    alice: { statusHook: '/news', statusEvents: everything.filter((event) => /say|play/.test(event)) },
  });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  await s.run(500);
  const played = await s.update(bob, { room_play: { url: 'tone://?freq=1900&duration=3000', id: 'gong' } }, true);
  assert.equal(played.status, 200, JSON.stringify(played));
  assert.ok(Number(played.body?.applied_ms) <= 60);
  await s.run(500);
  for (const call of [alice, bob]) assert.ok(isHeard(s, call, 1_900));
  assert.deepEqual(whoHears(s, { alice, bob }), { alice: 'bob', bob: 'alice' });
  const said = await s.update(alice, { room_say: { text: 'Hello everybody.', id: 'hello', replace: true } }, true);
  assert.equal(said.status, 200, JSON.stringify(said));
  await s.run(300);
  assert.ok(!isHeard(s, bob, 1_900), 'replaced');
  await s.run(3_000);
  const events = s.sentTo('/news');
  assert.deepEqual(
    events.map(({ event, id, reason }) => [event, id, reason]),
    [
      ['play-start', 'gong', undefined],
      ['play-done', 'gong', 'replaced'],
      ['say-start', 'hello', undefined],
      ['say-done', 'hello', 'completed'],
    ],
  );
  const [start, done] = events;
  assert.ok(start?.play_id && start.play_id === done?.play_id && Number(done?.duration_ms) > 400);
  for (const [body, status] of [
    [{ room_play: { url: 'nonsense' } }, 400],
    [{ room_say: { text: '' } }, 400],
    [{ room_say: { text: 'x', colour: 'red' } }, 400],
    [{ room_play: {} }, 400],
  ] as const)
    assert.equal((await s.update(alice, body)).status, status, JSON.stringify(body));
  const unheard = await s.update(alice, { room_play: { url: 'http://app.example/missing.wav' } }, true);
  assert.equal(unheard.status, 422);
  assert.ok(s.stage.alerts.some((alert) => alert.type === 'play-url-notfound'));
  await over(s, alice, bob);
});

test('digits reach the others when distributeDtmf says so, and only then', async () => {
  const s = await conference({ alice: { distributeDtmf: true } });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(500);
  alice.press('12');
  bob.press('9');
  await s.run(1_500);
  const heard = () => [alice, bob, carol].map((call) => call.audio.digits.join(''));
  assert.deepEqual(heard(), ['', '12', '12']);
  const body = { contentType: 'application/dtmf-relay', content: 'Signal=5\r\nDuration=100' };
  for (const call of [alice, bob]) await s.stage.clock.settle(call.dialog!.request('INFO', { body }));
  await s.run(500);
  assert.deepEqual(heard(), ['', '125', '125'], 'those that come as INFO too');
  await s.update(carol, { conf_hold_status: 'hold' });
  alice.press('6');
  await s.stage.clock.settle(alice.dialog!.request('INFO', { body }));
  await s.run(1_000);
  assert.equal(heard()[2], '125', 'on hold nothing is heard');
  await over(s, alice, bob, carol);
});

test('whisper and boost act on one member; the room goes on', async () => {
  const s = await conference({});
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  await s.run(500);
  assert.equal((await s.update(bob, { whisper: { verb: 'play', url: toneUrl(1_900, 800) } })).status, 202);
  await s.run(500);
  assert.ok(isHeard(s, bob, 1_900) && !isHeard(s, alice, 1_900));
  assert.ok(isHeard(s, alice, song.bob));
  await s.run(1_000);
  assert.deepEqual(whoHears(s, { alice, bob }), { alice: 'bob', bob: 'alice' });
  await over(s, alice, bob);
});

test('on a socket: verb:status of the conference alone, news on the socket, commands by their names there', async () => {
  const s = await socketScene([
    { verb: 'config', notifyEvents: true },
    {
      verb: 'conference',
      id: 'room',
      name: 'standup',
      enterHook: '/enter',
      statusHook: '/news',
      statusEvents: ['start', 'join', 'leave', 'end', 'play-start'],
      actionHook: '/left',
    },
  ]);
  const asked = s.of('verb:hook').find((message) => message.hook === '/enter');
  s.ack(asked, [{ verb: 'play', url: toneUrl(1_900, 300), id: 'inner' }]);
  await s.stage.clock.runFor(1_000);
  for (const [command, data] of [
    ['conf:mute-status', { conf_mute_status: 'mute' }],
    ['conf:mute-status', 'unmute'],
    ['conf:hold-status', { conf_hold_status: 'hold', wait_hook: '/wait' }],
    ['conf:hold-status', { conf_hold_status: 'unhold' }],
    ['conf:participant-action', { action: 'tag', tag: 'agent' }],
    ['room:play', { url: toneUrl(2_600, 300), id: 'gong' }],
  ] as const) {
    s.command(command, data);
    await s.stage.clock.runFor(500);
  }
  s.command('conf:participant-action', { action: 'kick' });
  await s.stage.clock.runFor(500);
  const hooks = s.of('verb:hook').map(({ hook, data }) => (data.event === undefined ? hook : `${hook} ${data.event}`));
  assert.deepEqual(hooks, [
    '/news start',
    '/enter',
    '/news join',
    '/wait',
    '/news play-start',
    '/news leave',
    '/news end',
    '/left',
  ]);
  const sid = String(s.of('session:new')[0]?.data.call_sid);
  assert.deepEqual(s.stage.eventsOf(sid, 'command-refused'), []);
  assert.equal(s.stage.eventsOf(sid, 'effect').length, 7);
  const status = s
    .of('verb:status')
    .map(({ data }) => `${data.event} ${data.name ?? data.verb} ${data.id ?? ''}`.trim());
  s.ack(s.of('verb:hook').at(-1));
  await s.stage.clock.runFor(500);
  assert.deepEqual(status, ['finished config', 'starting conference room']);
  assert.equal(s.of('verb:status').at(-1)?.data.event, 'finished');
  await s.stage.clock.settle(s.call.hangup());
  await s.stage.clock.runFor(1_000);
  await s.end();
});

test('a bridged pair moves into a conference and meets a third there; a queue takes it from a conference', async () => {
  const s = await scene({
    '/': ({ from }) =>
      from === 'carol'
        ? [{ verb: 'conference', name: 'standup' }]
        : [{ verb: from === 'alice' ? 'enqueue' : 'dequeue', name: 'line' }],
    '/room': [{ verb: 'conference', name: 'standup' }],
    '/wait': [{ verb: 'enqueue', name: 'line' }],
    '/take': [{ verb: 'dequeue', name: 'line' }],
  });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(500);
  const heard = () => whoHears(s, { alice, bob, carol });
  assert.deepEqual(heard(), { alice: 'bob', bob: 'alice', carol: '' });
  for (const call of [alice, bob]) await s.update(call, { call_hook: '/room' });
  await s.run(600);
  assert.deepEqual(heard(), { alice: 'bob carol', bob: 'alice carol', carol: 'alice bob' });
  await s.update(carol, { call_hook: '/wait' });
  await s.update(alice, { call_hook: '/take' });
  await s.run(600);
  assert.deepEqual(heard(), { alice: 'carol', bob: '', carol: 'alice' });
  assert.deepEqual(
    s.stage.events.filter(({ event }) => event.type === 'error'),
    [],
  );
  await over(s, alice, bob, carol);
});

test('an application that is slow to take an event is told the next one after it, not beside it', async () => {
  const taken: string[] = [];
  const s: Scene = await conference(
    { alice: { statusHook: '/news', statusEvents: everything } },
    {
      '/news': async ({ event }) => {
        if (event === 'start') await sleep(s.stage.clock, 700);
        taken.push(String(event));
        return undefined;
      },
    },
  );
  const alice = await singer(s, 'alice');
  await s.run(300);
  assert.deepEqual(told(s), ['start alice']);
  await s.run(1_000);
  assert.deepEqual(taken, ['start', 'join', 'start-talking']);
  await over(s, alice);
  assert.deepEqual(taken.slice(3), ['stop-talking', 'leave', 'end']);
});

test('an announcement that the end cuts short is told of before the end', async () => {
  const s = await conference({ alice: { statusHook: '/news', statusEvents: everything } });
  const alice = await singer(s, 'alice');
  await s.run(500);
  await s.update(alice, { room_play: { url: 'tone://?freq=1900&duration=9000', id: 'gong' } }, true);
  await s.run(1_000);
  await s.stage.clock.settle(alice.hangup());
  await s.run(1_000);
  const events = s.sentTo('/news');
  assert.deepEqual(
    events.slice(-3).map(({ event, id, reason }) => [event, id, reason]),
    [
      ['leave', undefined, undefined],
      ['play-done', 'gong', 'stopped'],
      ['end', undefined, undefined],
    ],
  );
  assert.ok(Math.abs(Number(events.at(-2)?.duration_ms) - 1_000) < 60);
  await over(s);
});
