// Hold, REFER and changes of the session by either end of a bridge: what the other end hears, and from when.
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

const musicHz = 620;
const dialTo = (uri: string, more: Json = {}): Json => ({
  verb: 'dial',
  target: [{ type: 'sip', sipUri: uri }],
  actionHook: '/done',
  ...more,
});

interface Talk {
  s: DialScene;
  caller: PhoneCall;
  bob: Callee;
}

async function talk(before: Json[], more: Json = {}): Promise<Talk> {
  const s = await dialScene({});
  const bob = await s.callee();
  s.answers['/'] = [...before, dialTo(bob.uri, more)];
  const caller = await s.dial();
  await s.run(1_000);
  assertHears(s, caller, { [calledHz]: 'loud', [callerHz]: 'quiet' });
  return { s, caller, bob };
}

async function end({ s, caller }: Talk): Promise<void> {
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
}

const hold = async (s: DialScene, call: PhoneCall, direction: 'sendonly' | 'inactive' | 'sendrecv'): Promise<void> =>
  assert.equal((await s.stage.clock.settle(call.reinvite(direction))).status, 200);

/** When a phone first heard a packet with this tone in it. */
function heardFrom(call: PhoneCall, hz: number, after: number): number {
  const packets = call.audio.heard.filter(({ at }) => at > after);
  const found = packets.find(({ pcm }) => correlation(pcm, hz) > 1_000);
  return (found?.at ?? Number.POSITIVE_INFINITY) - after;
}

function correlation(pcm: Int16Array, hz: number): number {
  let [sine, cosine] = [0, 0];
  pcm.forEach((sample, i) => {
    sine += sample * Math.sin((2 * Math.PI * hz * i) / 8_000);
    cosine += sample * Math.cos((2 * Math.PI * hz * i) / 8_000);
  });
  return Math.hypot(sine, cosine) / pcm.length;
}

for (const who of ['the caller', 'the called'] as const) {
  test(`onHoldMusic: while ${who} holds, the other hears the music and nothing else, and both talk again after it`, async () => {
    const t = await talk([{ verb: 'config', onHoldMusic: toneUrl(musicHz, 2_000) }]);
    const { s, caller, bob } = t;
    const [holder, other] = who === 'the caller' ? [caller, bob.call()] : [bob.call(), caller];
    const [holderHz, otherHz] = who === 'the caller' ? [callerHz, calledHz] : [calledHz, callerHz];
    const at = s.stage.clock.now();
    await hold(s, holder, 'sendonly');
    await s.run(5_000);
    // The holder's own voice still comes in (sendonly): the music covers it, and begins anew when it is over.
    assertHears(s, other, { [musicHz]: 'loud', [holderHz]: 'quiet' }, 2_500);
    const music = heardFrom(other, musicHz, at);
    assert.ok(music <= 100, `music after ${music} ms`);
    assert.equal(holder.audio.heard.filter((p) => p.at > at + 100).length, 0, 'the holder is sent nothing');
    const resumed = s.stage.clock.now();
    await hold(s, holder, 'sendrecv');
    await s.run(1_000);
    assertHears(s, other, { [holderHz]: 'loud', [musicHz]: 'quiet' });
    assertHears(s, holder, { [otherHz]: 'loud', [musicHz]: 'quiet' });
    const voice = heardFrom(other, holderHz, resumed);
    assert.ok(voice <= 100, `voice after ${voice} ms`);
    assertUnbroken(other, resumed + 500, s.stage.clock.now());
    await end(t);
  });
}

test('without music the other end hears silence, its stream goes on, and a hundred quick holds leave the bridge as it was', async () => {
  const t = await talk([]);
  const { s, caller, bob } = t;
  const at = s.stage.clock.now();
  await hold(s, caller, 'inactive');
  caller.audio.speaking = false;
  await s.run(1_000);
  assertHears(s, bob.call(), { [callerHz]: 'quiet' });
  assert.ok(
    bob.call().audio.heard.filter((p) => p.at > at).length >= 38,
    `a far end with a media timer sees a stream: ${bob.call().audio.heard.filter((p) => p.at > at).length}`,
  );
  caller.audio.speaking = true;
  for (let i = 0; i < 100; i++) {
    await hold(s, i % 2 === 0 ? caller : bob.call(), i % 4 < 2 ? 'sendonly' : 'sendrecv');
    await s.run(i % 7);
  }
  await hold(s, caller, 'sendrecv');
  await hold(s, bob.call(), 'sendrecv');
  await s.run(1_000);
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  assertHears(s, caller, { [calledHz]: 'loud' });
  await end(t);
});

test('the music stops with the bridge: the held party hears what comes next', async () => {
  const t = await talk([{ verb: 'config', onHoldMusic: toneUrl(musicHz) }]);
  const { s, caller, bob } = t;
  t.s.answers['/done'] = [{ verb: 'play', url: toneUrl(880) }];
  await hold(s, bob.call(), 'inactive');
  await s.run(1_000);
  assertHears(s, caller, { [musicHz]: 'loud' });
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(1_000);
  assertHears(s, caller, { 880: 'loud', [musicHz]: 'quiet' });
  await end(t);
});

test('a phone that was on hold before it was joined: the other hears the music at once', async () => {
  const s = await dialScene({});
  const bob = await s.callee({ answerMs: 3_000 });
  s.answers['/'] = [{ verb: 'config', onHoldMusic: toneUrl(musicHz) }, dialTo(bob.uri)];
  const caller = await s.dial();
  await s.run(500);
  await hold(s, caller, 'inactive');
  await s.run(4_000);
  assertHears(s, bob.call(), { [musicHz]: 'loud' });
  await hold(s, caller, 'sendrecv');
  await s.run(1_000);
  assertHears(s, bob.call(), { [callerHz]: 'loud', [musicHz]: 'quiet' });
  await end({ s, caller, bob });
});

const referTo = (s: DialScene, call: PhoneCall) =>
  s.stage.clock.settle(
    call.dialog!.request('REFER', { headers: { 'Refer-To': '<sip:carol@example.com>', 'Referred-By': '<sip:x@y>' } }),
  );
const notified = (call: PhoneCall): string[] =>
  call.requests.filter((r) => r.method === 'NOTIFY').map((r) => Buffer.from(r.body).toString().trim());

test("a called phone's REFER replaces the caller's application; who talks to carol then", async () => {
  const t = await talk([], { referHook: '/refer' });
  const { s, caller, bob } = t;
  const carol = await s.callee({ name: 'carol', hz: 1_500 });
  s.answers['/refer'] = [dialTo(carol.uri)];
  const [child] = [s.childSid()];
  const transferor = bob.call();
  assert.equal((await referTo(s, transferor)).status, 202);
  const details = s.sentTo('/refer')[0]!.refer_details as Json;
  assert.deepEqual([details.referring_call_sid, details.referred_call_sid], [child, sidOf(caller)]);
  await s.run(1_500);
  assertHears(s, caller, { 1500: 'loud', [calledHz]: 'quiet' });
  assert.ok(transferor.ended, 'the dial that ran is over, and its leg with it');
  await end(t);
});

test("a caller's REFER makes the called phone a call of its own, which goes on with carol; the caller hears 200", async () => {
  const t = await talk([], { referHook: '/refer' });
  const { s, caller, bob } = t;
  const carol = await s.callee({ name: 'carol', hz: 1_500 });
  s.answers['/refer'] = [dialTo(carol.uri)];
  s.answers['/done'] = [{ verb: 'pause', length: 60 }];
  assert.equal((await referTo(s, caller)).status, 202);
  await s.run(2_000);
  assertHears(s, bob.call(), { 1500: 'loud', [callerHz]: 'quiet' });
  assert.deepEqual(notified(caller), ['SIP/2.0 100 Trying', 'SIP/2.0 200 OK']);
  await s.stage.clock.settle(caller.hangup());
  await s.run(500);
  assertHears(s, bob.call(), { 1500: 'loud' });
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(1_000);
  await s.end();
});
