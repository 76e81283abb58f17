// dial's confirmHook: the called party hears verbs of its own and decides, while the caller goes on hearing ringing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertHears, calledHz, callerHz, type DialScene, dialScene, sidOf } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

function answerWithDial(s: DialScene, uris: string[], more: Json = {}): void {
  const target = uris.map((sipUri) => ({ type: 'sip', sipUri }));
  s.answers['/'] = [
    { verb: 'dial', target, actionHook: '/done', ...more },
    { verb: 'play', url: toneUrl(900, 300) },
  ];
}

async function finish(s: DialScene, call: Awaited<ReturnType<DialScene['dial']>>): Promise<void> {
  if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.end();
}

for (const [name, verbs, taken] of [
  ['answers nothing', undefined, true],
  ['answers an empty application', [], true],
  ['plays and is over', [{ verb: 'play', url: toneUrl(1_700, 800) }], true],
  ['hangs up', [{ verb: 'play', url: toneUrl(1_700, 800) }, { verb: 'hangup' }], false],
  ['fails', { status: 500 }, false],
  ['answers a verb that cannot be there', [{ verb: 'dial', target: [{ type: 'sip', sipUri: 'sip:x@y' }] }], false],
] as [string, unknown, boolean][]) {
  test(`confirmHook ${name}: the leg is ${taken ? 'joined' : 'hung up'}`, async () => {
    const s = await dialScene({ '/confirm': verbs });
    const bob = await s.callee();
    answerWithDial(s, [bob.uri], { confirmHook: '/confirm' });
    const call = await s.dial();
    await s.run(750);
    const [asked] = s.sentTo('/confirm');
    assert.deepEqual([asked?.call_sid, asked?.parent_call_sid], [s.childSid(), sidOf(call)]);
    if (Array.isArray(verbs) && verbs.length > 0 && verbs[0].verb === 'play') {
      assertHears(s, bob.call(), { 1700: 'loud', [callerHz]: 'quiet' });
      assertHears(s, call, { 440: 'there', [calledHz]: 'quiet' });
    }
    await s.run(1_500);
    if (taken) {
      assertHears(s, bob.call(), { [callerHz]: 'loud', 1700: 'quiet' });
      assertHears(s, call, { [calledHz]: 'loud', 440: 'quiet' });
    } else {
      assert.ok(bob.call().ended);
      assert.equal(s.sentTo('/done').length, 1);
    }
    await finish(s, call);
  });
}

test('confirmHook of a target wins; a gather in it decides; the other leg wins meanwhile', async () => {
  const s = await dialScene({
    '/confirm': [{ verb: 'gather', numDigits: 1, timeout: 10, actionHook: '/pressed' }],
    '/pressed': (body: Json) => (body.digits === '1' ? [] : [{ verb: 'hangup' }]),
  });
  const a = await s.callee({ name: 'a', hz: 1_100 });
  const b = await s.callee({ name: 'b', hz: 1_300 });
  answerWithDial(s, [a.uri, b.uri], { confirmHook: '/confirm' });
  const call = await s.dial();
  await s.run(1_000);
  a.call().press('2');
  await s.run(500);
  assert.ok(a.call().ended, 'declined');
  b.call().press('1');
  await s.run(1_000);
  assertHears(s, call, { 1300: 'loud' });
  await finish(s, call);
});

test('early media of a leg that is asked: the caller hears ringing while it is, then the leg', async () => {
  const s = await dialScene({ '/confirm': [{ verb: 'play', url: toneUrl(1_700, 1_000) }] });
  const bob = await s.callee({
    take(call, invite) {
      call.audio.aim(Buffer.from(invite.request.body).toString());
      const body = { contentType: 'application/sdp', content: call.audio.sdp() };
      s.stage.clock.after(100, () => invite.progress(183, undefined, { body }));
      s.stage.clock.after(1_100, () => call.accept(invite));
    },
  });
  answerWithDial(s, [bob.uri], { confirmHook: '/confirm' });
  const call = await s.dial();
  await s.run(1_000);
  assertHears(s, call, { [calledHz]: 'loud' });
  await s.run(700);
  assertHears(s, call, { [calledHz]: 'quiet', 440: 'there' });
  assertHears(s, bob.call(), { 1700: 'loud', [callerHz]: 'quiet' });
  await s.run(1_200);
  assertHears(s, call, { [calledHz]: 'loud', 440: 'quiet' });
  assertHears(s, bob.call(), { [callerHz]: 'loud', 1700: 'quiet' });
  await finish(s, call);
});

test('an update while a leg is asked: a whisper to it, call_status, and a redirect of the caller', async () => {
  const s = await dialScene({
    '/confirm': [{ verb: 'pause', length: 20 }],
    '/next': [{ verb: 'play', url: toneUrl(700) }],
  });
  const bob = await s.callee();
  answerWithDial(s, [bob.uri], { confirmHook: '/confirm' });
  const call = await s.dial();
  await s.run(1_000);
  assert.equal(
    (await s.updateSid(s.childSid(), { whisper: { verb: 'play', url: toneUrl(1_900, 400) } }, true)).status,
    200,
  );
  await s.run(300);
  assertHears(s, bob.call(), { 1900: 'loud' }, 200);
  assert.equal((await s.updateSid(sidOf(call), { child_call_hook: '/next' })).status, 422);
  assert.equal((await s.updateSid(sidOf(call), { call_hook: '/next' }, true)).status, 200);
  await s.run(600);
  assert.ok(bob.call().ended);
  assertHears(s, call, { 700: 'loud' });
  await finish(s, call);
});
