// dial at its edges: hops, too many targets, callers that can hear nothing yet, headers that must not be taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertHears, type Callee, calledHz, callerHz, type DialScene, dialScene, sing } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

const sip = (callee: Callee, more: Json = {}): Json => ({ type: 'sip', sipUri: callee.uri, ...more });
const done = (s: DialScene): Json => s.sentTo('/done')[0] ?? {};

function answerWithDial(s: DialScene, targets: Json[], more: Json = {}): void {
  s.answers['/'] = [{ verb: 'dial', target: targets, actionHook: '/done', ...more }];
}

test('a call that goes through us has one hop less; one that has none left goes no further', async () => {
  for (const [hops, left] of [
    ['12', '11'],
    ['1', undefined],
  ]) {
    const s = await dialScene({});
    const bob = await s.callee();
    answerWithDial(s, [sip(bob)]);
    const call = await s.dial({ 'Max-Forwards': hops! });
    await s.run(1_000);
    assert.equal(bob.invites[0]?.request.header('Max-Forwards'), left);
    if (left === undefined) assert.deepEqual([done(s).dial_call_status, done(s).dial_sip_status], ['failed', 483]);
    if (!call.ended) await s.stage.clock.settle(call.hangup());
    await s.run(1_000);
    await s.end();
  }
});

test('of more than ten targets the first ten are called, and the log says so', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ take: (_, invite) => invite.progress(180) });
  const targets = Array.from({ length: 50 }, (_, i) => sip(bob, { sipUri: bob.uri.replace('bob', `b${i}`) }));
  answerWithDial(s, targets, { timeout: 1 });
  await s.dial();
  await s.run(2_000);
  assert.equal(bob.invites.length, 10);
  const said = s.stage.events.filter(({ event }) => event.type === 'error').map(({ event }) => event.what);
  assert.deepEqual(said, ['only the first 10 of 50 targets are called']);
  await s.end();
});

for (const [what, more] of [
  ['early media of the leg', {}],
  ['dialMusic', { dialMusic: toneUrl(1_500) }],
] as const) {
  test(`answerOnBridge, ${what}, and a caller that can hear nothing yet: its phone rings`, async () => {
    const s = await dialScene({});
    const bob = await s.callee({
      take(call, invite) {
        call.early(invite);
        s.stage.clock.after(1_000, () => call.accept(invite));
      },
    });
    answerWithDial(s, [sip(bob)], { answerOnBridge: true, ...more });
    const phone = await s.stage.phone('late');
    const call = await phone.call(s.stage.uriOf(s.app), { late: true });
    sing(call, callerHz);
    await s.run(500);
    assert.deepEqual(
      call.provisionals.map(({ status }) => status).filter((status) => status > 100),
      [180],
    );
    await s.run(1_500);
    assertHears(s, call, { [calledHz]: 'loud', 1500: 'quiet' });
    assertHears(s, bob.call(), { [callerHz]: 'loud' });
    await s.stage.clock.settle(call.hangup());
    await s.run(2_000);
    await s.end();
  });
}

test("a Contact among a dial's headers does not lead the leg's requests elsewhere", async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  answerWithDial(s, [sip(bob)], { headers: { Contact: '<sip:elsewhere@10.9.9.9>', 'X-A': 'b' } });
  await s.dial();
  await s.run(500);
  const invite = bob.invites[0]!.request;
  assert.deepEqual([invite.header('X-A'), invite.values('Contact').length], ['b', 1]);
  assert.doesNotMatch(invite.header('Contact')!, /elsewhere/);
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(500);
  assert.equal(done(s).dial_call_status, 'completed');
  await s.run(2_000);
  await s.end();
});
