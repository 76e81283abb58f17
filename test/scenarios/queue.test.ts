// Queues on the virtual clock: who waits hears its wait hook, who takes it hears it, and everybody learns how it went.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps } from '../../src/audio/index.ts';
import { explain } from '../../src/observers/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';
import { firstPacket, isHeard, type SingerName, singer, song, whoHears } from '../kit/singers.ts';

/** alice and bob wait, carol and dave take, each with these options; then 2200 Hz. */
async function queue(
  options: Partial<Record<SingerName, Json>> = {},
  replies: Parameters<typeof scene>[0] = {},
): Promise<Scene> {
  const takers: SingerName[] = ['carol', 'dave'];
  const s = await scene({
    '/': ({ from }) => {
      const verb = takers.includes(from as SingerName) ? 'dequeue' : 'enqueue';
      return [
        { verb, name: 'support', actionHook: `/${verb}d`, ...options[from as SingerName] },
        { verb: 'play', url: toneUrl(2_200) },
      ];
    },
    ...replies,
  });
  const queue_event_hook = { url: `${appOrigin}/events`, method: 'POST', username: null, password: null };
  await s.stage.records.accounts.update(s.stage.account.account_sid, { queue_event_hook });
  return s;
}

async function over(s: Scene, ...calls: PhoneCall[]): Promise<void> {
  for (const call of calls) if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.end();
}

test('a caller waits with its wait hook, is taken at once, and both hear each other until one goes', async () => {
  const s = await queue({ alice: { waitHook: '/wait' } }, { '/wait': [{ verb: 'play', url: toneUrl(1_900, 1_000) }] });
  const alice = await singer(s, 'alice');
  await s.run(1_000);
  assert.ok(isHeard(s, alice, 1_900));
  await s.run(2_300);
  assert.equal(s.sentTo('/wait').length, 2, 'once more after the silence');
  const { account_sid } = s.stage.account;
  const wait = s.sentTo('/wait').at(-1)!;
  assert.deepEqual(wait, {
    queue_sid: `queue:${account_sid}:support`,
    queue_time: 1,
    queue_size: 1,
    queue_position: 0,
    call_sid: sidOf(alice),
    call_id: wait.call_id,
  });
  const lists = () => s.stage.clock.settle(s.stage.house.calls.queues(account_sid));
  assert.deepEqual(await lists(), [{ name: 'support', length: 1 }]);
  const at = s.stage.clock.now();
  const carol = await singer(s, 'carol');
  assert.deepEqual(await lists(), []);
  await s.run(400);
  assert.deepEqual(whoHears(s, { alice, carol }), { alice: 'carol', carol: 'alice' });
  assert.ok(firstPacket(carol, song.alice, at, true) - at < 200, 'nobody is polled for');
  assert.ok(!isHeard(s, alice, 1_900));
  await s.run(1_000);
  const pcm = carol.audio.between(s.stage.clock.now() - 800, s.stage.clock.now());
  assert.deepEqual(gaps(pcm, 8_000, 5), []);
  await s.stage.clock.settle(carol.hangup());
  await s.run(500);
  assert.ok(isHeard(s, alice, 2_200), 'the caller goes on with the next verb');
  assert.equal(s.sentTo('/dequeued')[0]?.dequeue_result, 'complete');
  const { queue_sid, queue_result, queue_time, call_sid } = s.sentTo('/enqueued')[0]!;
  assert.deepEqual([queue_sid, queue_result, queue_time, call_sid], [wait.queue_sid, 'bridged', 3, sidOf(alice)]);
  const [join = {}, leave = {}, ...more] = s.sentTo('/events');
  assert.deepEqual([join.event, join.queue, join.length, more], ['join', 'support', 1, []]);
  assert.ok(Number(join.join_time) < Number(leave.leave_time));
  assert.deepEqual([leave.event, leave.leave_reason, leave.length], ['leave', 'dequeued', 0]);
  assert.equal((leave.dequeuer as Json).call_sid, sidOf(carol));
  assert.equal(leave.call_sid, sidOf(alice));
  await over(s, alice);
});

test('the lower priority leaves first, then who came first; takers are served in their order', async () => {
  const s = await queue({ alice: { priority: 5, waitHook: '/wait' }, bob: { priority: 1 }, erin: { priority: -3 } });
  const erin = await singer(s, 'erin');
  const alice = await singer(s, 'alice');
  await s.run(1_000);
  assert.deepEqual(
    s.sentTo('/wait').map((body) => [body.queue_position, body.queue_size]),
    [[0, 2]],
    'a negative priority is the last, an empty answer ends the loop',
  );
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  const dave = await singer(s, 'dave');
  await s.run(500);
  const calls = { alice, bob, erin, carol, dave };
  assert.deepEqual(whoHears(s, calls), { alice: 'dave', bob: 'carol', erin: '', carol: 'bob', dave: 'alice' });
  await s.stage.clock.settle(bob.hangup());
  await s.run(500);
  assert.ok(isHeard(s, carol, 2_200), 'the taker goes on when the caller has gone');
  assert.equal(s.sentTo('/enqueued')[0]?.queue_result, 'bridged');
  await over(s, alice, erin, carol, dave);
});

test('a taker waits for a caller: for this one, for so long, or until it is told something else', async () => {
  const s = await queue(
    { carol: { timeout: 2 }, dave: { callSid: 'nobody' } },
    { '/next': [{ verb: 'play', url: toneUrl(1_600) }] },
  );
  const carol = await singer(s, 'carol');
  const dave = await singer(s, 'dave');
  await s.run(1_500);
  assert.ok(!isHeard(s, carol, 2_200));
  await s.run(1_000);
  assert.ok(isHeard(s, carol, 2_200));
  assert.equal(s.sentTo('/dequeued')[0]?.dequeue_result, 'timeout');
  const alice = await singer(s, 'alice');
  await s.run(1_000);
  assert.deepEqual(whoHears(s, { alice, dave }), { alice: '', dave: '' }, 'it is not the one who is asked for');
  await s.update(dave, { call_hook: '/next' });
  await s.run(500);
  assert.ok(isHeard(s, dave, 1_600));
  assert.equal(s.sentTo('/dequeued')[1]?.dequeue_result, 'hangup');
  await over(s, alice, carol, dave);
  assert.equal(s.sentTo('/enqueued')[0]?.queue_result, 'hangup');
  assert.deepEqual(
    s.sentTo('/events').map((body) => [body.event, body.leave_reason]),
    [
      ['join', undefined],
      ['leave', 'abandoned'],
    ],
  );
});

test('a certain caller is taken before those who stand before it; a beep comes first', async () => {
  const wanted: { sid?: string } = {};
  const s = await scene({
    '/': ({ from }) =>
      from === 'carol'
        ? [{ verb: 'dequeue', name: 'support', callSid: wanted.sid, beep: true }]
        : [{ verb: 'enqueue', name: 'support' }],
  });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  wanted.sid = sidOf(bob);
  const carol = await singer(s, 'carol');
  await s.run(120);
  assert.ok(isHeard(s, carol, 880) && !isHeard(s, bob, song.carol));
  await s.run(600);
  assert.deepEqual(whoHears(s, { alice, bob, carol }), { alice: '', bob: 'carol', carol: 'bob' });
  await over(s, alice, bob, carol);
});

test('leave, and a redirect, lead out of the queue; a redirect of one of a pair sets the other free', async () => {
  const s = await queue(
    { alice: { waitHook: '/leave' } },
    {
      '/leave': [
        { verb: 'play', url: toneUrl(1_900, 400) },
        { verb: 'tag', data: { tried: true } },
        { verb: 'leave' },
        { verb: 'play', url: toneUrl(2_600) },
      ],
      '/next': [{ verb: 'play', url: toneUrl(1_600) }],
    },
  );
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  await s.run(1_500);
  assert.ok(isHeard(s, alice, 2_200));
  const { queue_result, customerData } = s.sentTo('/enqueued')[0]!;
  assert.deepEqual([queue_result, customerData], ['leave', { tried: true }]);
  const carol = await singer(s, 'carol');
  await s.run(500);
  assert.deepEqual(whoHears(s, { bob, carol }), { bob: 'carol', carol: 'bob' });
  await s.update(bob, { call_hook: '/next' });
  await s.run(500);
  assert.ok(isHeard(s, bob, 1_600) && isHeard(s, carol, 2_200) && !isHeard(s, bob, song.carol));
  assert.equal(s.sentTo('/dequeued')[0]?.dequeue_result, 'complete');
  await over(s, alice, bob, carol);
});

test('commands act on each of the pair as on a dial', async () => {
  const s = await queue();
  const alice = await singer(s, 'alice');
  const carol = await singer(s, 'carol');
  await s.run(500);
  assert.equal((await s.update(carol, { mute_status: 'mute' })).status, 202);
  await s.run(400);
  assert.deepEqual(whoHears(s, { alice, carol }), { alice: '', carol: 'alice' });
  await s.update(carol, { mute_status: 'unmute' });
  assert.equal((await s.update(alice, { whisper: { verb: 'play', url: toneUrl(1_900, 600) } })).status, 202);
  await s.run(400);
  assert.ok(isHeard(s, alice, 1_900) && !isHeard(s, carol, 1_900) && isHeard(s, carol, song.alice));
  await s.run(1_000);
  assert.deepEqual(whoHears(s, { alice, carol }), { alice: 'carol', carol: 'alice' });
  await over(s, alice, carol);
});

test('a caller that hangs up during the beep is told of as an error of the bridge', async () => {
  const s = await queue({ carol: { beep: true } });
  const alice = await singer(s, 'alice');
  const carol = await singer(s, 'carol');
  await s.run(60);
  await s.stage.clock.settle(alice.hangup());
  await s.run(1_000);
  assert.equal(s.sentTo('/dequeued')[0]?.dequeue_result, 'hangup');
  assert.equal(s.sentTo('/enqueued')[0]?.queue_result, 'hangup');
  assert.ok(isHeard(s, carol, 2_200));
  await over(s, carol);
});

test('a wait hook that fails is asked again, later each time, until it answers; an empty answer ends the asking', async () => {
  let answer: Json | unknown[] = { status: 503 };
  const s = await queue({ alice: { waitHook: '/wait' } }, { '/wait': () => answer });
  const alice = await singer(s, 'alice');
  const began = s.stage.clock.now();
  await s.run(60_000);
  const asked = s.hooks.filter(({ path }) => path === '/wait').map(({ at }) => Math.floor((at - began) / 1_000));
  assert.deepEqual(asked, [0, 5, 15, 35]);
  answer = [{ verb: 'play', url: toneUrl(1_900, 1_000) }];
  await s.run(6_000);
  assert.ok(isHeard(s, alice, 1_900), 'the application is there again, and so is the music');
  answer = [];
  await s.run(2_000);
  const before = s.sentTo('/wait').length;
  await s.run(60_000);
  assert.equal(s.sentTo('/wait').length, before);
  await over(s, alice);
});

test('a taker that goes before the two hear each other: the log says so, and the verb ends as an error', async () => {
  const s = await queue({ alice: {}, carol: { beep: true } });
  // As on a real clock, which has fractions of a ms.
  await s.run(0.25);
  const alice = await singer(s, 'alice');
  await s.run(500);
  const carol = await singer(s, 'carol');
  await s.run(60);
  await s.stage.clock.settle(carol.hangup());
  await s.run(500);
  assert.equal(s.sentTo('/enqueued')[0]?.queue_result, 'error');
  for (const { join_time, leave_time } of s.sentTo('/events'))
    assert.ok(Number.isInteger(join_time ?? leave_time), 'whole ms');
  const words = s.stage.events.flatMap(({ callSid, event }) =>
    callSid === sidOf(alice) && event.type === 'queue' ? [explain(event)] : [],
  );
  assert.equal(words.at(-1), 'was taken from queue support, but who took it was gone before the two heard each other');
  await over(s, alice);
});
