// Updates of two joined calls, on either leg: whisper, mute, keys, gain, tag, requests, status; and what the other party hears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worstClick } from '../../src/audio/index.ts';
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
} from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

interface Talking {
  s: DialScene;
  call: PhoneCall;
  bob: Callee;
}

async function talking(dial: Json = {}, answers: Record<string, unknown> = {}): Promise<Talking> {
  const s = await dialScene(answers);
  const bob = await s.callee();
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done', ...dial }];
  const call = await s.dial();
  await s.run(1_000);
  assertHears(s, call, { [calledHz]: 'loud' });
  return { s, call, bob };
}

/** The addressed party, the other one, and what they sing. */
function sides({ s, call, bob }: Talking, whom: 'caller' | 'leg') {
  const caller = { sid: sidOf(call), phone: call, hz: callerHz };
  const leg = { sid: s.childSid(), phone: bob.call(), hz: calledHz };
  return whom === 'caller' ? { near: caller, far: leg } : { near: leg, far: caller };
}

const finish = async ({ s, call }: Talking): Promise<void> => {
  if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(1_000);
  await s.end();
};

for (const whom of ['caller', 'leg'] as const) {
  for (const hooked of [false, true]) {
    test(`whisper to the ${whom}${hooked ? ', by a hook' : ''}: only it hears it, the other hears it speak all the time`, async () => {
      const verbs = [{ verb: 'play', url: toneUrl(1_700, 1_000) }];
      const t = await talking({}, { '/whisper': verbs });
      const { s } = t;
      const { near, far } = sides(t, whom);
      const from = s.stage.clock.now();
      const outcome = await s.updateSid(near.sid, { whisper: hooked ? '/whisper' : verbs }, true);
      assert.equal(outcome.status, 200, JSON.stringify(outcome));
      assert.ok(Number(outcome.body?.applied_ms) <= 45, JSON.stringify(outcome));
      if (hooked) assert.equal(s.sentTo('/whisper')[0]?.call_sid, near.sid);
      await s.run(600);
      assertHears(s, near.phone, { 1700: 'loud', [far.hz]: 'quiet' }, 300);
      assertHears(s, far.phone, { 1700: 'quiet', [near.hz]: 'loud' }, 300);
      await s.run(1_000);
      assertHears(s, near.phone, { 1700: 'quiet', [far.hz]: 'loud' }, 300);
      assertUnbroken(far.phone, from, s.stage.clock.now());
      const pcm = near.phone.audio.between(from, s.stage.clock.now());
      assert.ok(worstClick(pcm, 8_000).ratio < 5, 'no click at its beginning and its end');
      await finish(t);
    });
  }

  test(`mute_status of the ${whom}: the other hears silence and no keys; unmute brings all back`, async () => {
    const t = await talking();
    const { s } = t;
    const { near, far } = sides(t, whom);
    assert.equal((await s.updateSid(near.sid, { mute_status: 'mute' }, true)).status, 200);
    near.phone.press('5');
    await s.run(700);
    assertHears(s, far.phone, { [near.hz]: 'quiet' });
    assertHears(s, near.phone, { [far.hz]: 'loud' });
    assert.deepEqual(far.phone.audio.digits, []);
    assert.equal((await s.updateSid(near.sid, { mute_status: 'unmute' }, true)).status, 200);
    near.phone.press('6');
    await s.run(700);
    assertHears(s, far.phone, { [near.hz]: 'loud' });
    assert.deepEqual(far.phone.audio.digits, ['6']);
    await finish(t);
  });

  test(`dtmf to the ${whom} reaches its phone alone, and stops nobody's voice`, async () => {
    const t = await talking();
    const { s } = t;
    const { near, far } = sides(t, whom);
    assert.equal((await s.updateSid(near.sid, { dtmf: { digit: '42', duration: 100 } }, true)).status, 200);
    await s.run(1_000);
    assert.deepEqual([near.phone.audio.digits, far.phone.audio.digits], [['4', '2'], []]);
    assertHears(s, near.phone, { [far.hz]: 'loud' });
    assertHears(s, far.phone, { [near.hz]: 'loud' });
    await finish(t);
  });

  test(`keys of the ${whom} reach the other, by RFC 4733 and by INFO`, async () => {
    const t = await talking();
    const { s } = t;
    const { near, far } = sides(t, whom);
    near.phone.press('7');
    await s.run(500);
    const body = { contentType: 'application/dtmf-relay', content: 'Signal=8\r\nDuration=120\r\n' };
    await s.stage.clock.settle(near.phone.dialog!.request('INFO', { body }));
    await s.run(500);
    assert.deepEqual(far.phone.audio.digits, ['7', '8']);
    assert.deepEqual(near.phone.audio.digits, []);
    await finish(t);
  });

  test(`boostAudioSignal of the ${whom} changes what it hears alone`, async () => {
    const t = await talking();
    const { s } = t;
    const { near, far } = sides(t, whom);
    // By then packets are handed on as they come: the delay, and with it the tone's phase, has settled.
    await s.run(1_000);
    const before = [heard(s, near.phone, far.hz), heard(s, far.phone, near.hz)] as const;
    assert.equal((await s.updateSid(near.sid, { boostAudioSignal: -8 }, true)).status, 200);
    await s.run(600);
    assert.ok(Math.abs(heard(s, near.phone, far.hz) - before[0] + 8) < 0.5);
    assert.ok(Math.abs(heard(s, far.phone, near.hz) - before[1]) < 0.2);
    await finish(t);
  });

  test(`sip_request and tag of the ${whom} mean that leg`, async () => {
    const t = await talking();
    const { s } = t;
    const { near, far } = sides(t, whom);
    const request = { method: 'INFO', content_type: 'text/plain', content: 'hello' };
    const outcome = await s.updateSid(near.sid, { sip_request: request });
    assert.deepEqual([outcome.status, outcome.body?.status], [200, 200]);
    const infos = (phone: PhoneCall): number => phone.requests.filter((r) => r.method === 'INFO').length;
    assert.deepEqual([infos(near.phone), infos(far.phone)], [1, 0]);
    assert.equal((await s.updateSid(near.sid, { tag: { a: 1 } })).status, 202);
    await finish(t);
    const last = (sid: string) =>
      s
        .sentTo('/status')
        .filter((b) => b.call_sid === sid)
        .at(-1);
    assert.deepEqual([last(near.sid)?.customerData, last(far.sid)?.customerData], [{ a: 1 }, undefined]);
  });
}

test('call_status completed on the leg hangs it up: the dial is over, the action hook is asked', async () => {
  const t = await talking({}, { '/done': [{ verb: 'play', url: toneUrl(900) }] });
  const { s, call, bob } = t;
  assert.equal((await s.updateSid(s.childSid(), { call_status: 'completed' })).status, 202);
  await s.run(600);
  assert.ok(bob.call().ended?.by === 'remote');
  assertHears(s, call, { 900: 'loud' });
  await finish(t);
});

test('call_status no-answer on a leg that rings cancels it', async () => {
  const s = await dialScene({ '/done': [{ verb: 'play', url: toneUrl(900) }] });
  const bob = await s.callee({ answerMs: 60_000 });
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done' }];
  const call = await s.dial();
  await s.run(500);
  assert.equal((await s.updateSid(s.childSid(), { call_status: 'completed' })).status, 422);
  assert.equal((await s.updateSid(s.childSid(), { call_status: 'no-answer' })).status, 202);
  await s.run(800);
  assert.equal(bob.invites[0]?.state, 'cancelled');
  assertHears(s, call, { 900: 'loud' });
  await finish({ s, call, bob });
});

test('ten different updates at the same moment on both legs: all act, nobody is lost', async () => {
  const t = await talking({}, { '/next': [{ verb: 'play', url: toneUrl(700) }] });
  const { s, call, bob } = t;
  const { calls } = s.stage.house;
  const update = (sid: string, body: Json) => calls.update(s.stage.account.account_sid, sid, body, { wait: true });
  const [caller, leg] = [sidOf(call), s.childSid()];
  const outcomes = await s.stage.clock.settle(
    Promise.all([
      update(caller, { mute_status: 'mute' }),
      update(leg, { mute_status: 'mute' }),
      update(caller, { whisper: { verb: 'play', url: toneUrl(1_700, 300) } }),
      update(leg, { whisper: { verb: 'play', url: toneUrl(1_900, 300) } }),
      update(caller, { boostAudioSignal: 3 }),
      update(leg, { dtmf: { digit: '1', duration: 80 } }),
      update(caller, { tag: { a: 1 } }),
      update(leg, { sip_request: { method: 'INFO', content_type: 'a/b', content: 'x' } }),
      update(leg, { mute_status: 'unmute' }),
      update(caller, { mute_status: 'unmute' }),
    ]),
  );
  assert.deepEqual(
    outcomes.map((o) => ('refused' in o ? o.reason : o.status)),
    outcomes.map(() => 200),
  );
  await s.run(1_500);
  assertHears(s, call, { [calledHz]: 'loud' });
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  await finish(t);
});
