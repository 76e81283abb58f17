// dial's options: what the caller hears until somebody answers, who wins a race, and what goes along with the legs.
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
  heard,
  sidOf,
  sing,
} from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

const sip = (callee: Callee, more: Json = {}): Json => ({ type: 'sip', sipUri: callee.uri, ...more });
const done = (s: DialScene): Json => s.sentTo('/done')[0] ?? {};

function answerWithDial(s: DialScene, targets: Json[], more: Json = {}): void {
  s.answers['/'] = [
    { verb: 'dial', target: targets, actionHook: '/done', ...more },
    { verb: 'play', url: toneUrl(900, 300) },
  ];
}

/** Calls and does not wait for an answer. */
async function ring(s: DialScene, headers: Record<string, string> = {}): Promise<PhoneCall> {
  const phone = await s.stage.phone('caller');
  const call = await phone.call(s.stage.uriOf(s.app), { headers });
  sing(call, callerHz);
  return call;
}

const statuses = (call: PhoneCall): number[] => call.provisionals.map((p) => p.status).filter((status) => status > 100);

async function finish(s: DialScene, ...calls: PhoneCall[]): Promise<void> {
  for (const call of calls) if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.end();
}

test('answerOnBridge: the caller rings with 180 and is answered when the leg is', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ answerMs: 2_000 });
  answerWithDial(s, [sip(bob)], { answerOnBridge: true });
  const call = await ring(s);
  await s.run(1_500);
  assert.deepEqual([statuses(call), call.dialog], [[180], undefined]);
  await s.run(1_500);
  assert.equal(call.finalResponse?.status, 200);
  assertHears(s, call, { [calledHz]: 'loud' });
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  await finish(s, call);
});

test('answerOnBridge: nobody answers; the caller is refused when no verb answers it', async () => {
  const s = await dialScene({});
  const bob = await s.callee({
    take(call, invite) {
      invite.reject(486);
      call.refused(486);
    },
  });
  s.answers['/'] = [{ verb: 'dial', target: [sip(bob)], answerOnBridge: true }];
  const call = await ring(s);
  await s.run(1_000);
  assert.equal(call.finalResponse?.status, 603);
  assert.deepEqual(s.statusesOf(s.stage.events[0]?.callSid ?? ''), ['trying', 'failed']);
  await s.end();
});

test('answerOnBridge: the caller gives up while it rings: CANCEL goes on to the leg', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ answerMs: 60_000 });
  answerWithDial(s, [sip(bob)], { answerOnBridge: true });
  const call = await ring(s);
  await s.run(1_000);
  call.outgoing?.cancel();
  await s.run(1_000);
  assert.equal(bob.cancels[0]?.header('Reason'), undefined);
  assert.deepEqual(s.statusesOf(s.childSid()), ['trying', 'ringing', 'no-answer']);
  assert.deepEqual(s.statusesOf(s.stage.events[0]?.callSid ?? ''), ['trying', 'no-answer']);
  await s.end();
});

test("answerOnBridge: the leg's own early media is heard, and goes on without a break when it answers", async () => {
  const s = await dialScene({});
  const bob = await s.callee({
    take(call, invite) {
      call.audio.aim(Buffer.from(invite.request.body).toString());
      const body = { contentType: 'application/sdp', content: call.audio.sdp() };
      s.stage.clock.after(100, () => invite.progress(183, undefined, { body }));
      s.stage.clock.after(2_100, () => call.accept(invite));
    },
  });
  answerWithDial(s, [sip(bob)], { answerOnBridge: true });
  const call = await ring(s);
  await s.run(1_500);
  assert.deepEqual([statuses(call), call.dialog], [[183], undefined]);
  assertHears(s, call, { [calledHz]: 'loud' });
  const from = s.stage.clock.now();
  await s.run(1_500);
  assert.equal(call.finalResponse?.status, 200);
  assertUnbroken(call, from, s.stage.clock.now());
  assertHears(s, call, { [calledHz]: 'loud' });
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  assert.deepEqual(s.statusesOf(s.childSid()).slice(0, 3), ['trying', 'early-media', 'in-progress']);
  await finish(s, call);
});

test('an answered caller hears ringing while the leg rings, and the leg at once when it answers', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ answerMs: 3_000 });
  answerWithDial(s, [sip(bob)]);
  const call = await s.dial();
  await s.run(1_000);
  assertHears(s, call, { 440: 'there', 480: 'there', [calledHz]: 'quiet' });
  await s.run(2_500);
  assertHears(s, call, { 440: 'quiet', [calledHz]: 'loud' });
  await finish(s, call);
});

for (const answerOnBridge of [false, true]) {
  test(`dialMusic, answerOnBridge ${answerOnBridge}: it is heard until the leg answers, over its early media`, async () => {
    const s = await dialScene({});
    const bob = await s.callee({
      take(call, invite) {
        call.audio.aim(Buffer.from(invite.request.body).toString());
        const body = { contentType: 'application/sdp', content: call.audio.sdp() };
        s.stage.clock.after(100, () => invite.progress(183, undefined, { body }));
        s.stage.clock.after(2_600, () => call.accept(invite));
      },
    });
    answerWithDial(s, [sip(bob)], { answerOnBridge, dialMusic: toneUrl(620, 700) });
    const call = await ring(s);
    await s.run(2_500);
    assert.deepEqual(statuses(call), answerOnBridge ? [183] : []);
    assertHears(s, call, { 620: 'loud', [calledHz]: 'quiet' });
    await s.run(1_000);
    assertHears(s, call, { 620: 'quiet', [calledHz]: 'loud' });
    await finish(s, call);
  });
}

test('three ring at once: the first to answer is joined, the others are cancelled', async () => {
  const s = await dialScene({});
  const callees = [
    await s.callee({ name: 'a', hz: 1_100, answerMs: 5_000 }),
    await s.callee({ name: 'b', hz: 1_300, answerMs: 1_000 }),
    await s.callee({ name: 'c', hz: 1_500, answerMs: 5_000 }),
  ];
  answerWithDial(s, [sip(callees[0]!), sip(callees[1]!), sip(callees[0]!), sip(callees[2]!)]);
  const call = await s.dial();
  await s.run(2_500);
  assertHears(s, call, { 1300: 'loud', 1100: 'quiet', 1500: 'quiet' });
  assert.deepEqual(
    callees.map((c) => [c.invites.length, c.invites[0]?.state]),
    [
      [1, 'cancelled'],
      [1, 'accepted'],
      [1, 'cancelled'],
    ],
  );
  assert.match(callees[0]!.cancels[0]?.header('Reason') ?? '', /cause=200;text="Call completed elsewhere"/);
  await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  assert.equal(done(s).dial_call_sid, s.childSid(1));
  assert.deepEqual(
    [0, 1, 2].map((n) => s.statusesOf(s.childSid(n)).at(-1)),
    ['no-answer', 'completed', 'no-answer'],
  );
  await s.end();
});

test('two answer at the same moment: one is joined, the other hung up, each with one final status', async () => {
  const s = await dialScene({});
  const a = await s.callee({ name: 'a', hz: 1_100, answerMs: 500 });
  const b = await s.callee({ name: 'b', hz: 1_300, answerMs: 500 });
  answerWithDial(s, [sip(a), sip(b)]);
  const call = await s.dial();
  await s.run(1_500);
  const levels = [heard(s, call, 1_100), heard(s, call, 1_300)];
  assert.equal(levels.filter((level) => level > -25).length, 1, levels.join());
  await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  for (const n of [0, 1])
    assert.equal(
      s.statusesOf(s.childSid(n)).filter((status) => ['completed', 'no-answer', 'failed', 'busy'].includes(status))
        .length,
      1,
    );
  assert.ok([a, b].every((c) => c.call().ended || c.invites[0]?.state === 'cancelled'));
  await s.end();
});

test('all fail: the last to fail decides', async () => {
  const s = await dialScene({});
  const refuse = (status: number, afterMs: number) => (call: PhoneCall, invite: Callee['invites'][number]) =>
    void s.stage.clock.after(afterMs, () => {
      invite.reject(status);
      call.refused(status);
    });
  const a = await s.callee({ name: 'a', take: refuse(486, 900) });
  const b = await s.callee({ name: 'b', take: refuse(404, 300) });
  answerWithDial(s, [sip(a), sip(b)]);
  const call = await s.dial();
  await s.run(2_500);
  assert.deepEqual(
    [done(s).dial_call_status, done(s).dial_sip_status, done(s).dial_call_sid],
    ['busy', 486, s.childSid(0)],
  );
  assert.ok(call.ended);
  await s.end();
});

test('callerId, callerName, headers, From, identity, tag and codec go with the leg', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  answerWithDial(s, [sip(bob, { headers: { 'X-Target': 'bob' } })], {
    callerId: '+15550001',
    callerName: 'Ann "the" Caller'.replaceAll('"', "'"),
    headers: { 'X-All': 7, 'x-cid': 'mine' },
    tag: { order: 1 },
  });
  const call = await s.dial({ 'P-Asserted-Identity': '<sip:anna@example.com>', Privacy: 'id' });
  await s.run(1_000);
  const { request } = bob.invites[0]!;
  assert.deepEqual(
    [request.from.uri.user, request.from.displayName, request.header('X-Target'), request.header('X-All')],
    ['+15550001', "Ann 'the' Caller", 'bob', '7'],
  );
  assert.deepEqual(
    [request.values('X-CID'), request.header('X-Call-Sid'), request.header('X-Account-Sid')],
    [['mine'], s.childSid(), s.stage.account.account_sid],
  );
  assert.deepEqual(
    [request.header('P-Asserted-Identity'), request.header('Privacy')],
    ['<sip:anna@example.com>', 'id'],
  );
  assert.match(Buffer.from(request.body).toString(), /m=audio \d+ RTP\/AVP 0 /);
  const [status] = s.sentTo('/status').filter((b) => b.call_sid === s.childSid());
  assert.deepEqual([status?.from, status?.to, status?.customerData], ['+15550001', bob.uri, { order: 1 }]);
  assert.equal(s.sentTo('/status').find((b) => b.call_sid === sidOf(call))?.customerData, undefined);
  await finish(s, call);
});

test('forwardPAI false, a From of the target, codecs in their order; a codec that is none is an alert', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  const from = { user: 'desk', host: 'office.example' };
  answerWithDial(s, [sip(bob, { from })], { forwardPAI: false, codecs: ['g722', 'PCMA', 'PCMU'] });
  let call = await s.dial({ 'P-Asserted-Identity': '<sip:anna@example.com>' });
  await s.run(500);
  const { request } = bob.invites[0]!;
  assert.deepEqual([request.from.uri.user, request.from.uri.host], ['desk', 'office.example']);
  assert.equal(request.header('P-Asserted-Identity'), undefined);
  assert.match(Buffer.from(request.body).toString(), /m=audio \d+ RTP\/AVP 9 8 0 /);
  await s.stage.clock.settle(call.hangup());
  answerWithDial(s, [sip(bob)], { codecs: ['PCMA', 'EVS'] });
  call = await s.dial();
  await s.run(500);
  assert.match(Buffer.from(bob.invites[1]!.request.body).toString(), /m=audio \d+ RTP\/AVP 0 8 /);
  assert.ok(s.stage.alerts.some((a) => a.type === 'invalid-app-payload' && a.message.includes('EVS')));
  await finish(s, call);
});

test('timeLimit: the leg gets BYE, the caller goes on with the next verb', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  answerWithDial(s, [sip(bob)], { timeLimit: 3 });
  const call = await s.dial();
  await s.run(3_000);
  assert.equal(bob.call().ended, undefined);
  await s.run(600);
  assert.ok(bob.call().ended?.by === 'remote');
  assert.equal(done(s).dial_call_status, 'completed');
  await s.run(1_000);
  assert.ok(call.ended);
  await s.end();
});

test('boostAudioSignal: the leg hears the caller louder, the caller hears the leg as it is', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  answerWithDial(s, [sip(bob)]);
  let call = await s.dial();
  await s.run(1_000);
  const plain = heard(s, bob.call(), callerHz);
  await s.stage.clock.settle(call.hangup());
  answerWithDial(s, [sip(bob)], { boostAudioSignal: '6 dB' });
  call = await s.dial();
  await s.run(1_000);
  assert.ok(Math.abs(heard(s, bob.call(), callerHz) - plain - 6) < 0.5);
  await finish(s, call);
});

for (const [capture, byCaller, byLeg] of [
  [['*1', '22'], ['*1', '22'], ['22']],
  [{ parentCall: ['*1'], childCall: ['22'] }, ['*1'], ['22']],
] as const) {
  test(`dtmfCapture ${JSON.stringify(capture)}`, async () => {
    const s = await dialScene({ '/keys': [{ verb: 'hangup' }] });
    const bob = await s.callee();
    answerWithDial(s, [sip(bob)], { dtmfCapture: capture, dtmfHook: '/keys' });
    const call = await s.dial();
    await s.run(1_000);
    call.press('9*122');
    bob.call().press('22');
    await s.run(3_000);
    const told = (sid: string) =>
      s
        .sentTo('/keys')
        .filter((b) => b.call_sid === sid)
        .map((b) => b.dtmf);
    assert.deepEqual([told(sidOf(call)), told(s.childSid())], [byCaller, byLeg]);
    assert.equal(call.ended, undefined, 'its answer is ignored');
    await finish(s, call);
  });
}

test('keys that come more than 3 s apart are no pattern', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  answerWithDial(s, [sip(bob)], { dtmfCapture: ['12'], dtmfHook: '/keys' });
  const call = await s.dial();
  await s.run(1_000);
  call.press('1');
  await s.run(3_500);
  call.press('2');
  await s.run(1_000);
  assert.equal(s.sentTo('/keys').length, 0);
  await finish(s, call);
});

test('a user without a registration, a number without a gateway: the leg fails and says why', async () => {
  const s = await dialScene({});
  answerWithDial(s, [{ type: 'user', name: 'bob' }]);
  await s.dial();
  await s.run(1_500);
  assert.deepEqual([done(s).dial_call_status, done(s).dial_sip_status], ['failed', 404]);
  assert.match(String(s.sentTo('/status').find((b) => b.call_sid === s.childSid())?.sip_reason), /not registered/);
  answerWithDial(s, [{ type: 'phone', number: '+49301' }]);
  await s.dial();
  await s.run(1_500);
  assert.deepEqual([s.sentTo('/done')[1]?.dial_call_status, s.sentTo('/done')[1]?.dial_sip_status], ['failed', 603]);
  assert.ok(s.stage.alerts.some((a) => a.type === 'no-carrier'));
  await s.end();
});
