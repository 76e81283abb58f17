// dial: two calls joined, from the first ring to the last hook.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../src/observers/index.ts';
import { assertHears, assertUnbroken, calledHz, callerHz, type DialScene, dialScene, sidOf } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

const after = { verb: 'play', url: toneUrl(700, 500) };
const dialTo = (uri: string, more: Json = {}): Json => ({
  verb: 'dial',
  target: [{ type: 'sip', sipUri: uri }],
  actionHook: '/done',
  ...more,
});
const done = (s: DialScene): Json => s.sentTo('/done')[0] ?? {};

for (const [status, expected] of [
  [486, 'busy'],
  [600, 'busy'],
  [603, 'failed'],
  [487, 'no-answer'],
  [404, 'failed'],
  [500, 'failed'],
] as const) {
  test(`a leg that answers ${status} ends the dial as ${expected}; the next verb runs`, async () => {
    const s = await dialScene({});
    const bob = await s.callee({
      take(call, invite) {
        invite.reject(status);
        call.refused(status);
      },
    });
    s.answers['/'] = [dialTo(bob.uri), after];
    const call = await s.dial();
    await s.run(2_000);
    const { dial_call_status, dial_status, dial_sip_status, dial_call_sid, dial_sbc_callid } = done(s);
    assert.deepEqual([dial_call_status, dial_status, dial_sip_status], [expected, expected, status]);
    assert.deepEqual([dial_call_sid, dial_sbc_callid], [s.childSid(), bob.invites[0]?.callId]);
    const child = s.sentTo('/status').filter((b) => b.call_sid === dial_call_sid);
    assert.deepEqual(
      child.map((b) => [b.call_status, b.direction, b.parent_call_sid]),
      [
        ['trying', 'outbound', sidOf(call)],
        [expected, 'outbound', sidOf(call)],
      ],
    );
    assert.ok(call.ended, 'the play is over, and with it the application');
    await s.end();
  });
}

test('a leg that answers is bridged: both hear each other; it hangs up, the hook is told, the next verb runs', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  s.answers['/'] = [dialTo(bob.uri), after];
  const call = await s.dial();
  await s.run(1_000);
  assertHears(s, call, { [calledHz]: 'loud', [callerHz]: 'quiet' });
  assertHears(s, bob.call(), { [callerHz]: 'loud', [calledHz]: 'quiet' });
  const from = s.stage.clock.now();
  await s.run(2_000);
  assertUnbroken(call, from, s.stage.clock.now());
  assertUnbroken(bob.call(), from, s.stage.clock.now());
  const calls = await s.stage.house.calls.list(s.stage.account.account_sid, {});
  assert.deepEqual(
    calls.map((c) => [c.call_sid, c.parent_call_sid, c.direction, c.call_status]),
    [
      [sidOf(call), undefined, 'inbound', 'in-progress'],
      [s.childSid(), sidOf(call), 'outbound', 'in-progress'],
    ],
  );
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(300);
  assertHears(s, call, { [calledHz]: 'quiet', 700: 'loud' }, 200);
  assert.deepEqual(
    [done(s).dial_call_status, done(s).dial_sip_status, done(s).dial_call_sid],
    ['completed', 200, s.childSid()],
  );
  await s.run(1_000);
  assert.deepEqual(s.statusesOf(s.childSid()), ['trying', 'ringing', 'in-progress', 'completed']);
  assert.deepEqual(s.statusesOf(sidOf(call)), ['trying', 'in-progress', 'completed']);
  await s.end();
});

test('the caller hangs up: the leg gets BYE, each has one final status, the hook is told and its answer ignored', async () => {
  const s = await dialScene({ '/done': [after] });
  const bob = await s.callee();
  s.answers['/'] = [dialTo(bob.uri, { hangupHeaders: { 'X-Why': 'over' } })];
  const call = await s.dial();
  await s.run(1_000);
  await s.stage.clock.settle(call.hangup({ 'X-Mine': 'bye' }));
  await s.run(1_000);
  const end = bob.call().ended;
  assert.ok(end?.by === 'remote');
  assert.deepEqual([end.request.header('X-Why'), end.request.header('X-Mine')], ['over', 'bye']);
  assert.deepEqual(s.statusesOf(s.childSid()), ['trying', 'ringing', 'in-progress', 'completed']);
  assert.deepEqual(s.statusesOf(sidOf(call)), ['trying', 'in-progress', 'completed']);
  assert.deepEqual([done(s).dial_call_status, done(s).call_status], ['completed', 'completed']);
  await s.end();
});

test('the caller hangs up while it rings: CANCEL', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ answerMs: 60_000 });
  s.answers['/'] = [dialTo(bob.uri)];
  const call = await s.dial();
  await s.run(1_000);
  await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  assert.equal(bob.invites[0]?.state, 'cancelled');
  assert.deepEqual(s.statusesOf(s.childSid()), ['trying', 'ringing', 'no-answer']);
  assert.deepEqual([done(s).dial_call_status, done(s).dial_sip_status], ['no-answer', 487]);
  await s.end();
});

test('nobody answers within timeout: no-answer', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ answerMs: 60_000 });
  s.answers['/'] = [dialTo(bob.uri, { timeout: 5 }), after];
  const call = await s.dial();
  await s.run(4_800);
  assert.equal(bob.invites[0]?.state, 'proceeding');
  await s.run(1_500);
  assert.equal(bob.invites[0]?.state, 'cancelled');
  assert.deepEqual([done(s).dial_call_status, done(s).dial_sip_status], ['no-answer', 487]);
  assert.ok(call.ended);
  await s.end();
});

test("the caller's log says in words who was called and why nobody took it; statuses carry the Reason header", async () => {
  const s = await dialScene({});
  const bob = await s.callee({
    take(call, invite) {
      invite.reject(500, 'Trouble', { headers: { Reason: 'Q.850;cause=34', 'X-Reason': 'no circuit' } });
      call.refused(500);
    },
  });
  const carol = await s.callee({ name: 'carol', take: (_, invite) => invite.progress(180) });
  const nowhere = 'sip:x@nowhere.invalid';
  s.answers['/'] = [
    dialTo(bob.uri, { target: [bob.uri, carol.uri, nowhere].map((sipUri) => ({ type: 'sip', sipUri })), timeout: 3 }),
  ];
  const call = await s.dial();
  await s.run(5_000);
  const words = s.stage.events.flatMap(({ callSid, event }) =>
    callSid === sidOf(call) && event.type === 'dial' ? [explain(event)] : [],
  );
  assert.deepEqual(
    words.toSorted(),
    [
      `calls ${bob.uri}, which is call ${s.childSid()}`,
      `calls ${carol.uri}, which is call ${s.childSid(1)}`,
      `calls ${nowhere}, which is call ${s.childSid(2)}`,
      `${bob.uri} did not take the call: failed: 500 (Trouble), saying: no circuit`,
      `${nowhere} did not take the call: failed: 503 (no address found for nowhere.invalid)`,
      'nobody took the call within 3 s',
      `${carol.uri} did not take the call: nobody answered: 487 (Request Terminated)`,
    ].toSorted(),
  );
  const finals = s.sentTo('/status').filter((body) => ['failed', 'no-answer'].includes(String(body.call_status)));
  const final = (n: number): unknown[] => {
    const body = finals.find((one) => one.call_sid === s.childSid(n));
    return [body?.sip_reason_header, body?.call_termination_by];
  };
  assert.deepEqual(
    [final(0), final(1), final(2)],
    [
      ['Q.850;cause=34', 'caller'],
      [undefined, 'jambonz'],
      [undefined, 'jambonz'],
    ],
  );
  const log = s.stage.events.flatMap(({ callSid, event }) =>
    callSid === s.childSid(2) && event.type === 'status' ? [explain(event)] : [],
  );
  assert.equal(log.at(-1), 'the call failed: 503 (no address found for nowhere.invalid)');
  await s.end();
});
