// Conferences on the virtual clock: three phones that sing, who hears whom, at what level and from which packet on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, worstClick } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';
import { firstPacket, isHeard, levelNow, type SingerName, singer, song, songDbov, whoHears } from '../kit/singers.ts';

type Options = Partial<Record<SingerName, Json>>;

/** An application that sends each caller into one conference, with these options, and then plays 2200 Hz. */
const conference = (options: Options = {}, replies: Parameters<typeof scene>[0] = {}) =>
  scene({
    '/': ({ from }) => [
      { verb: 'conference', name: 'standup', actionHook: '/left', ...options[from as SingerName] },
      { verb: 'play', url: toneUrl(2_200) },
    ],
    ...replies,
  });

async function trio(s: Scene): Promise<Record<'alice' | 'bob' | 'carol', PhoneCall>> {
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(500);
  return { alice, bob, carol };
}

const all = { alice: 'bob carol', bob: 'alice carol', carol: 'alice bob' };

async function over(s: Scene, ...calls: PhoneCall[]): Promise<void> {
  for (const call of calls) if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.end();
}

test('each of three hears the others at their level, not itself, without a gap or a click', async () => {
  const s = await conference();
  const { alice, bob, carol } = await trio(s);
  await s.run(2_000);
  const [listed] = await s.stage.clock.settle(s.stage.house.calls.conferences(s.stage.account.account_sid));
  assert.deepEqual([listed?.name, listed?.durationSec], ['standup', 2]);
  const isNobody = { memberTag: null, isAgent: false };
  assert.deepEqual(
    listed?.participants,
    Object.entries({ alice, bob, carol }).map(([label, call]) => ({ call_sid: sidOf(call), label, ...isNobody })),
  );
  assert.deepEqual(whoHears(s, { alice, bob, carol }), all);
  for (const [call, name] of [
    [alice, 'bob'],
    [alice, 'carol'],
    [bob, 'alice'],
    [carol, 'bob'],
  ] as const)
    assert.ok(Math.abs(levelNow(s, call, song[name]) - songDbov) < 0.5, `${levelNow(s, call, song[name])} dBov`);
  const pcm = carol.audio.between(s.stage.clock.now() - 1_500, s.stage.clock.now());
  assert.deepEqual(gaps(pcm, 8_000, 5), []);
  assert.ok(worstClick(pcm, 8_000).ratio < 5);
  await s.stage.clock.settle(bob.hangup());
  await s.run(500);
  assert.deepEqual(whoHears(s, { alice, carol }), { alice: 'carol', carol: 'alice' });
  await over(s, alice, carol);
  assert.equal(s.sentTo('/left').length, 3, 'the action hook of each');
});

test('commands act on the member they name, or on all but moderators, from the next packet on', async () => {
  const s = await conference({ alice: { startConferenceOnEnter: true } });
  const { alice, bob, carol } = await trio(s);
  const hear = async (body: Json, call: PhoneCall) => {
    const { status, body: answer, reason } = await s.update(call, body, true);
    assert.equal(status, 200, `${JSON.stringify(body)}: ${reason}`);
    assert.ok(Number(answer?.applied_ms) <= 40, `${JSON.stringify(body)}: ${JSON.stringify(answer)}`);
    await s.run(400);
    return whoHears(s, { alice, bob, carol });
  };
  const noBob = { ...all, alice: 'carol', carol: 'alice' };
  const action = (fields: Json) => ({ conferenceParticipantAction: fields });
  assert.deepEqual(await hear({ mute_status: 'mute' }, bob), noBob);
  assert.deepEqual(await hear({ mute_status: 'unmute' }, bob), all);
  assert.deepEqual(await hear(action({ action: 'mute' }), bob), noBob);
  assert.deepEqual(await hear(action({ action: 'unmute' }), bob), all);
  assert.deepEqual(await hear({ conf_mute_status: 'mute' }, alice), { alice: '', bob: 'alice', carol: 'alice' });
  assert.deepEqual(await hear({ conf_mute_status: 'unmute' }, carol), all);
  assert.deepEqual(await hear({ conf_hold_status: 'hold' }, bob), { ...noBob, bob: '' });
  assert.deepEqual(await hear({ conf_hold_status: 'unhold' }, bob), all);
  // Coaching, by changes on both sides.
  assert.deepEqual(await hear(action({ action: 'coach', tag: 'agent' }), carol), {
    ...all,
    alice: 'bob',
    bob: 'alice',
  });
  assert.deepEqual(await hear(action({ action: 'tag', tag: 'agent' }), alice), { ...all, bob: 'alice' });
  assert.deepEqual(await hear(action({ action: 'tag', tag: 'boss' }), bob), { ...all, bob: 'alice' });
  assert.deepEqual(await hear(action({ action: 'coach', tag: 'boss' }), carol), { ...all, alice: 'bob' });
  assert.deepEqual(await hear(action({ action: 'uncoach' }), carol), all);
  assert.deepEqual(await hear(action({ action: 'untag' }), alice), all);
  await over(s, alice, bob, carol);
});

test('a member on hold hears its own wait audio, over and over, and another when told so', async () => {
  const s = await conference(
    {},
    {
      '/wait': [{ verb: 'play', url: toneUrl(1_900, 1_000) }],
      '/other': [
        { verb: 'pause', length: 0.1 },
        { verb: 'play', url: toneUrl(2_600, 1_000) },
      ],
      '/bad': [{ verb: 'gather', numDigits: 1 }],
    },
  );
  const { alice, bob, carol } = await trio(s);
  assert.equal((await s.update(bob, { conf_hold_status: 'hold', wait_hook: '/wait' })).status, 202);
  await s.run(500);
  assert.ok(isHeard(s, bob, 1_900));
  assert.deepEqual(whoHears(s, { alice, bob, carol }), { alice: 'carol', bob: '', carol: 'alice' });
  assert.ok(!isHeard(s, alice, 1_900));
  await s.run(3_000);
  assert.ok(s.sentTo('/wait').length >= 3, 'the hook is asked again and again');
  assert.equal(
    (await s.update(bob, { conferenceParticipantAction: { action: 'hold', waitHook: '/other' } })).status,
    202,
  );
  await s.run(600);
  assert.ok(isHeard(s, bob, 2_600) && !isHeard(s, bob, 1_900));
  await s.update(bob, { conf_hold_status: 'unhold' });
  await s.run(400);
  assert.deepEqual(whoHears(s, { alice, bob, carol }), all);
  assert.ok(!isHeard(s, bob, 2_600));
  const asked = s.sentTo('/other').length;
  await s.run(3_000);
  assert.equal(s.sentTo('/other').length, asked, 'nothing is asked after the hold');
  await s.update(bob, { conf_hold_status: 'hold', wait_hook: '/bad' });
  await s.run(3_000);
  assert.equal(s.sentTo('/bad').length, 1, 'an answer that may not run ends the loop');
  assert.ok(s.stage.alerts.some((a) => a.type === 'invalid-app-payload' && a.message.includes('gather')));
  await over(s, alice, bob, carol);
});

test('kick and redirect lead out of the room, and the call goes on with its next verbs', async () => {
  const s = await conference({}, { '/next': [{ verb: 'conference', name: 'other' }] });
  const { alice, bob, carol } = await trio(s);
  await s.update(bob, { conferenceParticipantAction: { action: 'kick' } });
  await s.run(500);
  assert.ok(isHeard(s, bob, 2_200), 'the next verb');
  assert.deepEqual(whoHears(s, { alice, bob, carol }), { alice: 'carol', bob: '', carol: 'alice' });
  for (const call of [carol, bob]) assert.equal((await s.update(call, { call_hook: '/next' })).status, 202);
  await s.run(500);
  assert.deepEqual(whoHears(s, { alice, bob, carol }), { alice: '', bob: 'carol', carol: 'bob' }, 'they met elsewhere');
  assert.equal(s.sentTo('/left').length, 2);
  const refused = await s.update(alice, { conferenceParticipantAction: { action: 'promote' } });
  assert.deepEqual([refused.status, refused.path], [400, 'conferenceParticipantAction.action']);
  await over(s, alice, bob, carol);
});

test('who comes too early waits with the waitHook; the moderator begins, and ends it for all', async () => {
  const s = await conference(
    {
      alice: { startConferenceOnEnter: true, endConferenceOnExit: true },
      bob: { startConferenceOnEnter: false, waitHook: '/wait' },
      carol: { startConferenceOnEnter: false },
    },
    { '/wait': [{ verb: 'play', url: toneUrl(1_900, 2_000) }] },
  );
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(1_500);
  assert.ok(isHeard(s, bob, 1_900) && !isHeard(s, carol, 1_900));
  assert.deepEqual(whoHears(s, { bob, carol }), { bob: '', carol: '' });
  assert.equal((s.sentTo('/wait')[0] as Json).call_sid, sidOf(bob));
  const mute = await s.update(bob, { conf_mute_status: 'mute' });
  assert.ok(mute.status === 422 && mute.reason?.includes('waits'), JSON.stringify(mute));
  const alice = await singer(s, 'alice');
  await s.run(500);
  assert.deepEqual(whoHears(s, { alice, bob, carol }), all);
  assert.ok(!isHeard(s, bob, 1_900));
  const asked = s.sentTo('/wait').length;
  const endedAt = s.stage.clock.now();
  await s.stage.clock.settle(alice.hangup());
  await s.run(600);
  for (const call of [bob, carol]) {
    assert.ok(isHeard(s, call, 2_200), 'the next verb');
    assert.ok(firstPacket(call, 2_200, endedAt, true) - endedAt < 100);
  }
  assert.equal(s.sentTo('/wait').length, asked);
  const after = await s.update(bob, { conf_mute_status: 'mute' });
  assert.ok(after.status === 422 && after.reason?.includes('not in a conference'), JSON.stringify(after));
  await over(s, bob, carol);
});

test('who still waits, or is being greeted, can be kicked, redirected, or hang up, and never comes in', async () => {
  const s = await conference(
    {
      bob: { startConferenceOnEnter: false, waitHook: '/wait' },
      carol: { startConferenceOnEnter: false, waitHook: '/wait' },
      dave: { startConferenceOnEnter: false },
      erin: { enterHook: '/greeting' },
      alice: { startConferenceOnEnter: true, statusHook: '/news', statusEvents: ['join', 'leave'] },
    },
    {
      '/wait': [{ verb: 'play', url: toneUrl(1_900, 2_000) }],
      '/greeting': [{ verb: 'play', url: toneUrl(2_600, 3_000) }],
      '/next': [{ verb: 'play', url: toneUrl(1_600) }],
    },
  );
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  const dave = await singer(s, 'dave');
  await s.run(1_500);
  const kicked = await s.update(bob, { conferenceParticipantAction: { action: 'kick' } }, true);
  assert.equal(kicked.status, 200, JSON.stringify(kicked));
  assert.equal((await s.update(carol, { call_hook: '/next' })).status, 202);
  await s.stage.clock.settle(dave.hangup());
  await s.run(500);
  assert.ok(isHeard(s, bob, 2_200) && isHeard(s, carol, 1_600));
  assert.equal(s.sentTo('/left').length, 3);
  const alice = await singer(s, 'alice');
  const erin = await singer(s, 'erin');
  await s.run(1_000);
  assert.ok(isHeard(s, erin, 2_600));
  await s.stage.clock.settle(erin.hangup());
  await s.run(500);
  assert.deepEqual(whoHears(s, { alice, bob, carol }), { alice: '', bob: '', carol: '' });
  assert.deepEqual(
    s.sentTo('/news').map((body) => `${body.event} ${body.from}`),
    ['join alice'],
  );
  await over(s, alice, bob, carol);
});

test('an eleventh announcement at once is refused as it comes; replace makes room', async () => {
  const s = await conference({ alice: {} });
  const alice = await singer(s, 'alice');
  await s.run(500);
  const room_play = { url: 'tone://?freq=1900&duration=3000' };
  const outcomes = await s.stage.clock.settle(
    Promise.all(Array.from({ length: 11 }, () => s.updating(alice, { room_play }))),
  );
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [...Array(10).fill(202), 422],
  );
  await s.run(500);
  const refused = await s.update(alice, { room_play });
  assert.deepEqual([refused.status, /too many announcements/.test(refused.reason ?? '')], [422, true]);
  assert.equal((await s.update(alice, { room_play: { ...room_play, replace: true } })).status, 202);
  await s.run(500);
  assert.equal((await s.update(alice, { room_play })).status, 202);
  await over(s, alice);
});
