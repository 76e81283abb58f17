// Redirects of two joined calls: the caller, the leg it dialled, or both; the leg becomes a call of its own and survives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import {
  assertHears,
  assertUnbroken,
  type Callee,
  calledHz,
  callerHz,
  type DialScene,
  dialScene,
  sidOf,
} from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

const tone = (hz: number, ms = 60_000): Json => ({ verb: 'play', url: toneUrl(hz, ms) });

/** Two who talk. */
async function talking(
  answers: Record<string, unknown>,
  dial: Json = {},
): Promise<{ s: DialScene; call: PhoneCall; bob: Callee }> {
  const s = await dialScene({ '/parent': [tone(700)], '/child': [tone(1_500)], ...answers });
  const bob = await s.callee();
  s.answers['/'] = [
    { verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done', ...dial },
    tone(900),
  ];
  const call = await s.dial();
  await s.run(1_000);
  assertHears(s, call, { [calledHz]: 'loud' });
  return { s, call, bob };
}

const finish = async (s: DialScene, ...calls: PhoneCall[]): Promise<void> => {
  for (const call of calls) if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  await s.end();
};

for (const whose of ['caller', 'leg'] as const) {
  test(`call_hook by the ${whose}'s call_sid replaces the caller's application; the leg is hung up`, async () => {
    const { s, call, bob } = await talking({ '/done': [tone(1_900)] });
    const sid = whose === 'caller' ? sidOf(call) : s.childSid();
    assert.equal((await s.updateSid(sid, { call_hook: '/parent' }, true)).status, 200);
    await s.run(500);
    assertHears(s, call, { 700: 'loud', [calledHz]: 'quiet', 1900: 'quiet' });
    assert.ok(bob.call().ended?.by === 'remote');
    assert.deepEqual([s.sentTo('/done').length, s.sentTo('/parent')[0]?.call_sid], [1, sidOf(call)]);
    assert.deepEqual(s.statusesOf(s.childSid()), ['trying', 'ringing', 'in-progress', 'completed']);
    await finish(s, call);
  });
}

test('child_call_hook: the leg runs verbs of its own and survives; the action hook decides what the caller hears', async () => {
  const { s, call, bob } = await talking({ '/done': [tone(1_900)] });
  const outcome = await s.updateSid(sidOf(call), { child_call_hook: '/child' }, true);
  assert.equal(outcome.status, 200);
  assert.ok(Number(outcome.body?.applied_ms) < 100, JSON.stringify(outcome));
  await s.run(500);
  assertHears(s, bob.call(), { 1500: 'loud', [callerHz]: 'quiet' });
  assertHears(s, call, { 1900: 'loud', [calledHz]: 'quiet' });
  const [adulting] = s.sentTo('/adulting');
  assert.equal(adulting?.call_sid, s.childSid());
  assert.equal((adulting?.parent_call_info as Json | undefined)?.call_sid, sidOf(call));
  assert.equal(s.sentTo('/child')[0]?.call_sid, s.childSid());
  assert.equal(s.sentTo('/done')[0]?.dial_call_status, 'completed');
  // The caller goes; the leg stays, and may be changed on its own.
  await s.stage.clock.settle(call.hangup());
  await s.run(500);
  assert.equal(bob.call().ended, undefined);
  s.answers['/again'] = [tone(2_300)];
  assert.equal((await s.updateSid(s.childSid(), { call_hook: '/again' }, true)).status, 200);
  await s.run(500);
  assertHears(s, bob.call(), { 2300: 'loud', 1500: 'quiet' });
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(500);
  assert.deepEqual(s.statusesOf(s.childSid()), ['trying', 'ringing', 'in-progress', 'completed']);
  assert.deepEqual(s.statusesOf(sidOf(call)), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('child_call_hook without an action hook that answers: the next verb runs', async () => {
  const { s, call, bob } = await talking({});
  assert.equal((await s.updateSid(s.childSid(), { child_call_hook: '/child' })).status, 202);
  await s.run(500);
  assertHears(s, call, { 900: 'loud' });
  assertHears(s, bob.call(), { 1500: 'loud' });
  await finish(s, call, bob.call());
});

test('both hooks: each goes on with its own verbs, and is a call of its own', async () => {
  const { s, call, bob } = await talking({ '/done': [tone(1_900)] });
  const from = s.stage.clock.now() - 200;
  const outcome = await s.updateSid(sidOf(call), { call_hook: '/parent', child_call_hook: '/child' }, true);
  assert.equal(outcome.status, 200, JSON.stringify(outcome));
  await s.run(500);
  // From what they heard of each other to what they hear now.
  assertUnbroken(call, from, s.stage.clock.now());
  assertUnbroken(bob.call(), from, s.stage.clock.now());
  assertHears(s, call, { 700: 'loud', [calledHz]: 'quiet', 1900: 'quiet' });
  assertHears(s, bob.call(), { 1500: 'loud', [callerHz]: 'quiet' });
  assert.deepEqual([sidOf(call), s.childSid()], [s.sentTo('/parent')[0]?.call_sid, s.sentTo('/child')[0]?.call_sid]);
  await finish(s, call, bob.call());
  assert.deepEqual(s.statusesOf(s.childSid()).slice(-1), ['completed']);
});

for (const bad of ['/parent', '/child']) {
  test(`both hooks, ${bad} fails: neither part is carried out, an alert says so`, async () => {
    const { s, call, bob } = await talking({ [bad]: { status: 500 } });
    const outcome = await s.updateSid(sidOf(call), { call_hook: '/parent', child_call_hook: '/child' }, true);
    assert.equal(outcome.status, 422);
    await s.run(500);
    assertHears(s, call, { [calledHz]: 'loud', 700: 'quiet' });
    assertHears(s, bob.call(), { [callerHz]: 'loud', 1500: 'quiet' });
    assert.ok(s.stage.alerts.some((a) => a.type === 'error-updating-call'));
    await finish(s, call);
  });
}

test('call_hook that answers nothing ends the dial: its action hook decides, the queue goes on without verbs of it', async () => {
  for (const answer of [undefined, [tone(1_900)]]) {
    const { s, call, bob } = await talking({ '/parent': undefined, '/done': answer });
    assert.equal((await s.updateSid(sidOf(call), { call_hook: '/parent' })).status, 202);
    await s.run(500);
    assert.ok(bob.call().ended);
    assertHears(s, call, answer ? { 1900: 'loud', 900: 'quiet' } : { 900: 'loud' });
    await finish(s, call);
  }
});

test('while it rings: child_call_hook is refused, call_hook cancels the leg', async () => {
  const s = await dialScene({ '/parent': [tone(700)] });
  const bob = await s.callee({ answerMs: 60_000 });
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done' }];
  const call = await s.dial();
  await s.run(500);
  for (const body of [{ child_call_hook: '/child' }, { call_hook: '/parent', child_call_hook: '/child' }]) {
    const refused = await s.updateSid(sidOf(call), body);
    assert.deepEqual([refused.status, /no dialled leg/.test(refused.reason ?? '')], [422, true]);
  }
  assert.equal((await s.updateSid(s.childSid(), { call_hook: '/parent' }, true)).status, 200);
  await s.run(500);
  assert.equal(bob.invites[0]?.state, 'cancelled');
  assertHears(s, call, { 700: 'loud' });
  assert.deepEqual(s.sentTo('/done').length, 1);
  await finish(s, call);
});

test('a leg that hangs up while its hook thinks: the caller goes on with its own part', async () => {
  const { promise: answer, resolve } = Promise.withResolvers<unknown>();
  const { s, call, bob } = await talking({ '/child': () => answer });
  await s.updateSid(sidOf(call), { call_hook: '/parent', child_call_hook: '/child' });
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(200);
  resolve([tone(1_500)]);
  await s.run(500);
  assertHears(s, call, { 700: 'loud' });
  await finish(s, call);
});

test('an update twice in a row: the leg that is its own call is redirected once more, the caller too', async () => {
  const { s, call, bob } = await talking({ '/a': [tone(1_700)], '/b': [tone(2_100)] });
  await s.updateSid(sidOf(call), { call_hook: '/parent', child_call_hook: '/child' }, true);
  for (const [sid, hook] of [
    [sidOf(call), '/a'],
    [s.childSid(), '/b'],
  ] as const)
    assert.equal((await s.updateSid(sid, { call_hook: hook }, true)).status, 200);
  await s.run(500);
  assertHears(s, call, { 1700: 'loud', 700: 'quiet' });
  assertHears(s, bob.call(), { 2100: 'loud', 1500: 'quiet' });
  await finish(s, call, bob.call());
});
