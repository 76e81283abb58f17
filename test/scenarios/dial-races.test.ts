// Two things at once in a dial: whatever comes first, every leg is ended, has one final status, and nothing is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finalStatuses } from '../../src/calls/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { serveAudio } from '../kit/audio-server.ts';
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

const dialTo = (bob: Callee, more: Json = {}): Json => ({
  verb: 'dial',
  target: [{ type: 'sip', sipUri: bob.uri }],
  actionHook: '/done',
  ...more,
});

/** Ends the scene; every call had exactly one final status, and every phone is free. */
async function finish(s: DialScene, ...phones: (PhoneCall | undefined)[]): Promise<void> {
  await s.run(3_000);
  const finals = s.sentTo('/status').filter((body) => finalStatuses.has(String(body.call_status)));
  const sids = new Set(s.stage.events.map((e) => e.callSid));
  assert.deepEqual(finals.map((body) => body.call_sid).sort(), [...sids].sort());
  for (const phone of phones) assert.ok(!phone?.dialog || phone.ended, 'a phone was left in its call');
  for (const sid of sids)
    assert.deepEqual(
      s.stage.eventsOf(sid, 'error').filter((e) => String(e.what).startsWith('internal')),
      [],
    );
  await s.end();
}

const offsets = [-2, -1, -0.5, 0, 0.5, 1, 2, 5];

for (const offset of offsets) {
  test(`the caller hangs up ${offset} ms after the leg's 200 was sent`, async () => {
    const s = await dialScene({});
    const bob = await s.callee({ answerMs: 1_000 });
    s.answers['/'] = [dialTo(bob)];
    const call = await s.dial();
    await s.run(500);
    const answerIn = s.stage.eventsOf(s.childSid(), 'status').length;
    assert.ok(answerIn >= 2, 'it rings');
    const rang = s.stage.eventsOf(s.childSid(), 'status').at(-1)?.at ?? 0;
    s.stage.clock.after(rang + 1_000 + offset - s.stage.clock.now(), () => void call.hangup());
    await s.run(2_000);
    await finish(s, call, bob.calls[0]);
  });

  test(`the ring time is over ${offset} ms after the leg's 200 was sent`, async () => {
    const s = await dialScene({});
    const bob = await s.callee({ answerMs: 950 });
    s.answers['/'] = [dialTo(bob, { timeout: 1 + offset / 1000 })];
    const call = await s.dial();
    await s.run(3_000);
    if (!call.ended) await s.stage.clock.settle(call.hangup());
    await finish(s, call, bob.calls[0]);
  });

  test(`answerOnBridge: the caller gives up ${offset} ms after the leg's 200 was sent`, async () => {
    const s = await dialScene({});
    const bob = await s.callee({ answerMs: 1_000 });
    s.answers['/'] = [dialTo(bob, { answerOnBridge: true })];
    const phone = await s.stage.phone('caller');
    const call = await phone.call(s.stage.uriOf(s.app));
    await s.run(500);
    const rang = s.stage.eventsOf(s.childSid(), 'status').at(-1)?.at ?? 0;
    s.stage.clock.after(rang + 1_000 + offset - s.stage.clock.now(), () => void call.hangup());
    await s.run(2_000);
    if (call.dialog && !call.ended) await s.stage.clock.settle(call.hangup());
    await finish(s, call, bob.calls[0]);
  });

  test(`a redirect ${offset} ms after the leg's 200 was sent`, async () => {
    const s = await dialScene({ '/next': [{ verb: 'play', url: toneUrl(700) }] });
    const bob = await s.callee({ answerMs: 1_000 });
    s.answers['/'] = [dialTo(bob)];
    const call = await s.dial();
    await s.run(500);
    const rang = s.stage.eventsOf(s.childSid(), 'status').at(-1)?.at ?? 0;
    const sid = sidOf(call);
    const { calls } = s.stage.house;
    s.stage.clock.after(
      rang + 1_000 + offset - s.stage.clock.now(),
      () => void calls.update(s.stage.account.account_sid, sid, { call_hook: '/next' }, { wait: false }),
    );
    await s.run(2_000);
    assertHears(s, call, { 700: 'loud', [calledHz]: 'quiet' });
    await s.stage.clock.settle(call.hangup());
    await finish(s, call, bob.calls[0]);
  });

  test(`both hang up, ${offset} ms from each other`, async () => {
    const s = await dialScene({ '/done': [{ verb: 'play', url: toneUrl(700) }] });
    const bob = await s.callee();
    s.answers['/'] = [dialTo(bob)];
    const call = await s.dial();
    await s.run(1_000);
    s.stage.clock.after(100, () => void call.hangup());
    s.stage.clock.after(100 + offset, () => void bob.call().hangup());
    await finish(s, call, bob.call());
    assert.equal(s.sentTo('/done').length, 1);
  });

  test(`child_call_hook ${offset} ms from the end of the time limit`, async () => {
    const s = await dialScene({ '/child': [{ verb: 'play', url: toneUrl(700, 300) }] });
    const bob = await s.callee();
    s.answers['/'] = [dialTo(bob, { timeLimit: 2 })];
    const call = await s.dial();
    await s.run(1_000);
    const joined = s.stage.eventsOf(s.childSid(), 'bridged')[0]?.at ?? 0;
    const { calls } = s.stage.house;
    const sid = sidOf(call);
    s.stage.clock.after(
      joined + 2_000 + offset - s.stage.clock.now(),
      () => void calls.update(s.stage.account.account_sid, sid, { child_call_hook: '/child' }, { wait: false }),
    );
    await s.run(2_000);
    await finish(s, call, bob.call());
  });
}

test('a leg that answers with no codec of ours fails; the other one is joined', async () => {
  const s = await dialScene({});
  const content = 'v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n';
  const odd = await s.callee({
    name: 'odd',
    take: (call, invite) => call.adopt(invite.accept({ body: { contentType: 'application/sdp', content } })),
  });
  const bob = await s.callee({ answerMs: 500 });
  s.answers['/'] = [{ ...dialTo(bob), target: [odd, bob].map(({ uri }) => ({ type: 'sip', sipUri: uri })) }];
  const call = await s.dial();
  await s.run(1_500);
  assertHears(s, call, { [calledHz]: 'loud' });
  assert.deepEqual(s.statusesOf(s.childSid(0)), ['trying', 'failed']);
  await s.stage.clock.settle(call.hangup());
  await finish(s, call, bob.call(), odd.calls[0]);
});

for (const workers of [1, 2]) {
  test(`the media worker of both dies while they talk (${workers} in all): they hear each other again`, async () => {
    const s = await dialScene({}, { workers });
    const bob = await s.callee();
    s.answers['/'] = [dialTo(bob)];
    const call = await s.dial();
    await s.run(2_000);
    for (let i = 0; i < workers; i++) {
      if (s.stage.media.workers[i]?.ports === 2) s.stage.killWorker(i);
    }
    await s.run(3_000);
    assertHears(s, call, { [calledHz]: 'loud' });
    assertHears(s, bob.call(), { [callerHz]: 'loud' });
    await s.stage.clock.settle(call.hangup());
    await finish(s, call, bob.call());
  });
}

test('the server stops while two talk and a third rings: all are told', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  const carol = await s.callee({ name: 'carol', answerMs: 60_000 });
  s.answers['/'] = [dialTo(bob)];
  const first = await s.dial();
  await s.run(1_000);
  s.answers['/'] = [dialTo(carol)];
  const second = await s.dial();
  await s.run(1_000);
  await s.end();
  assert.ok([first, second, bob.call()].every((call) => call.ended?.by === 'remote'));
  assert.equal(carol.invites[0]?.state, 'cancelled');
});

test('an action hook that fails: the next verb runs', async () => {
  const s = await dialScene({ '/done': { status: 500 } });
  const bob = await s.callee();
  s.answers['/'] = [dialTo(bob), { verb: 'play', url: toneUrl(700) }];
  const call = await s.dial();
  await s.run(1_000);
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(600);
  assertHears(s, call, { 700: 'loud' });
  await s.stage.clock.settle(call.hangup());
  await finish(s, call);
});

test('a dial beside another in the queue: the second runs when the first is over; a leg that is its own call dials on', async () => {
  const s = await dialScene({});
  const bob = await s.callee();
  const carol = await s.callee({ name: 'carol', hz: 1_300 });
  s.answers['/'] = [dialTo(bob), dialTo(carol)];
  s.answers['/child'] = [dialTo(carol)];
  const call = await s.dial();
  await s.run(1_000);
  await s.updateSid(sidOf(call), { child_call_hook: '/child' });
  await s.run(1_500);
  // Carol was called twice: by the caller's next verb, and by Bob's own application.
  assert.equal(carol.calls.length, 2);
  assertHears(s, call, { 1300: 'loud', [calledHz]: 'quiet' });
  assertHears(s, bob.call(), { 1300: 'loud', [callerHz]: 'quiet' });
  const [, ofCaller, ofBob] = [0, 1, 2].map((n) => s.stage.house.directory.get(s.childSid(n))?.facts.parentCallSid);
  assert.deepEqual(new Set([ofCaller, ofBob]), new Set([sidOf(call), s.childSid(0)]));
  await s.stage.clock.settle(call.hangup());
  await s.stage.clock.settle(bob.call().hangup());
  await finish(s, call, bob.call(), ...carol.calls);
});

test('exitMediaPath: the two talk to each other directly; anchorMedia keeps us between them', async () => {
  for (const anchorMedia of [false, true]) {
    const s = await dialScene({});
    const bob = await s.callee();
    s.answers['/'] = [dialTo(bob, { exitMediaPath: true, anchorMedia })];
    const call = await s.dial();
    await s.run(3_000);
    assertHears(s, call, { [calledHz]: 'loud' });
    assertHears(s, bob.call(), { [callerHz]: 'loud' });
    const paths = s.stage.eventsOf(sidOf(call), 'media').filter((e) => e.what === 'path');
    assert.deepEqual(
      paths.map((e) => e.path),
      anchorMedia ? [] : ['no-media'],
    );
    await s.stage.clock.settle(bob.call().hangup());
    await s.run(500);
    if (!call.ended) await s.stage.clock.settle(call.hangup());
    await finish(s, call, bob.call());
  }
});

for (const channel of [1, 2]) {
  test(`nested listen, channel ${channel}: the server hears that party, is told of the leg, and is closed with the dial`, async () => {
    const s = await dialScene({ '/done': [{ verb: 'play', url: toneUrl(700) }] });
    const server = serveAudio(s.stage.net, 'ws://listener.example/audio');
    const bob = await s.callee();
    const listen = { url: 'ws://listener.example/audio', channel, actionHook: '/listened' };
    s.answers['/'] = [dialTo(bob, { listen })];
    s.answers['/listened'] = [{ verb: 'hangup' }];
    const call = await s.dial();
    await s.run(2_000);
    const from = s.stage.clock.now();
    await s.run(500);
    assert.equal(server.last.hello.callSid, s.childSid());
    assertUnbroken(call, from, s.stage.clock.now());
    await s.stage.clock.settle(bob.call().hangup());
    await s.run(800);
    assert.equal(server.last.closed, 1000);
    assert.equal(s.sentTo('/listened').length, 1);
    assertHears(s, call, { 700: 'loud' });
    await s.stage.clock.settle(call.hangup());
    await finish(s, call);
  });
}
