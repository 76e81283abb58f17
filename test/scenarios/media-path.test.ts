// The media path of a bridge: relayed, from phone to phone, and back while it lives; who is told what, who hears what, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import type { IncomingReinvite } from '../../src/sip/index.ts';
import { assertHears, calledHz, callerHz, dialScene, sidOf } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';
import { bothHear, end, type Talk, talk } from '../kit/talk.ts';

/** The SSRCs that a phone heard in the last `ms`. */
const sourcesOf = ({ s }: Talk, call: PhoneCall, ms: number): Set<number | undefined> =>
  new Set(call.audio.heard.filter((p) => p.at > s.stage.clock.now() - ms).map((p) => p.ssrc));

/** Longest time between two packets that a phone heard since `from`, ms. */
function longestHole(call: PhoneCall, from: number): number {
  const times = call.audio.heard.filter((p) => p.at >= from).map((p) => p.at);
  return times.reduce((worst, at, i) => Math.max(worst, i === 0 ? 0 : at - times[i - 1]!), 0);
}

/** What the server has sent to the phones: in the log of both calls. */
const invitesOf = (t: Talk): number =>
  t.s.stage.events.filter(({ event }) => event.direction === 'out' && /^INVITE/.test(String(event.summary))).length;

test('no-media: both phones are told of each other and hear each other; we send nothing; back again within 200 ms', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  const [ours] = sourcesOf(t, caller, 500);
  assert.equal((await go('no-media')).status, 200);
  assert.equal(caller.audio.remote?.port, bob.call().audio.local.port);
  assert.equal(bob.call().audio.remote?.port, caller.audio.local.port);
  await bothHear(t);
  await s.run(2_000);
  assert.equal(sourcesOf(t, caller, 1_000).size, 1, 'nothing is sent by us');
  assert.ok(!sourcesOf(t, caller, 1_000).has(ours), 'what comes is the other phone');
  const from = s.stage.clock.now();
  assert.equal((await go('full-media')).status, 200);
  await bothHear(t);
  for (const call of [caller, bob.call()]) assert.ok(longestHole(call, from) <= 200, `${longestHole(call, from)} ms`);
  assert.deepEqual(sourcesOf(t, caller, 500), new Set([ours]), 'our stream goes on as it was');
  await end(t);
});

test('each way to each other way, by either leg; what it is already is refused with the reason', async () => {
  const t = await talk();
  const { s, caller, go } = t;
  const ways = ['partial-media', 'no-media', 'partial-media', 'full-media', 'no-media', 'full-media', 'partial-media'];
  let [last, n] = ['full-media', 0];
  for (const way of ways) {
    const refused = await go(last);
    assert.equal(refused.status, 422);
    assert.match(refused.reason!, new RegExp(`is ${last} already`));
    assert.equal((await go(way, n++ % 2 === 0 ? s.childSid() : sidOf(caller))).status, 200, way);
    await bothHear(t);
    last = way;
  }
  await end(t);
});

test('refused at once: no bridge, nobody answered', async () => {
  const s = await dialScene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const caller = await s.dial();
  const outcome = await s.updateSid(sidOf(caller), { media_path: 'no-media' });
  assert.deepEqual([outcome.status, outcome.reason], [422, 'the call is not bridged with another one']);
  assert.equal((await s.updateSid(sidOf(caller), { media_path: 'elsewhere' })).status, 400);
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
});

for (const [name, refuses] of [
  ['the caller', (t: Talk) => [t.caller]],
  ['the called', (t: Talk) => [t.bob.call()]],
] as const) {
  test(`${name} refuses the re-INVITE: all stays as it was, with an alert and an event`, async () => {
    const t = await talk();
    const { s, go } = t;
    const [stubborn] = refuses(t) as [PhoneCall];
    const willing = stubborn.dialog!.onReinvite;
    stubborn.dialog!.onReinvite = (reinvite: IncomingReinvite) => reinvite.reject(488);
    const refused = await go('no-media');
    assert.equal(refused.status, 422);
    assert.match(refused.reason!, /488/);
    await bothHear(t);
    assert.ok(s.stage.alerts.some(({ type, message }) => type === 'error-updating-call' && /488/.test(message)));
    stubborn.dialog!.onReinvite = willing;
    assert.equal((await go('no-media')).status, 200);
    stubborn.dialog!.onReinvite = (reinvite: IncomingReinvite) => reinvite.reject(488);
    assert.equal((await go('full-media')).status, 422);
    await bothHear(t);
    assert.equal(sourcesOf(t, t.caller, 500).size, 1, 'phone to phone as before');
    assert.equal(t.caller.audio.remote?.port, t.bob.call().audio.local.port);
    await end(t);
  });
}

test('a command that needs the sound brings the media back first: whisper, mute, digits', async () => {
  for (const [body, judge] of [
    [
      { whisper: { verb: 'play', url: toneUrl(1_800, 3_000) } },
      (t: Talk) => assertHears(t.s, t.caller, { 1800: 'loud' }, 300),
    ],
    [{ mute_status: 'mute' }, (t: Talk) => assertHears(t.s, t.bob.call(), { [callerHz]: 'quiet' }, 300)],
    [{ dtmf: { digit: '5' } }, (t: Talk) => assert.deepEqual(t.caller.audio.digits, ['5'])],
    [{ boostAudioSignal: -20 }, (t: Talk) => assertHears(t.s, t.caller, { [calledHz]: 'quiet' }, 0)],
  ] as const) {
    for (const path of ['no-media', 'partial-media']) {
      const t = await talk();
      await t.go(path);
      await t.s.run(500);
      assert.equal(
        (await t.s.updateSid(sidOf(t.caller), body as Json, true)).status,
        200,
        JSON.stringify([path, body]),
      );
      await t.s.run(500);
      if (!('boostAudioSignal' in body)) judge(t);
      await end(t);
    }
  }
});

test('phone to phone, and one phone vanishes: the call ends within minutes, and not before; one that lives is only asked', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  await go('no-media');
  for (const call of [caller, bob.call()]) call.audio.speaking = false;
  await s.run(700_000);
  assert.equal(caller.requests.filter((request) => request.method === 'OPTIONS').length, 2);
  assert.equal(caller.ended, undefined);
  s.stage.net.link({ from: bob.phone.sip.udp.host }, { blackhole: true });
  s.stage.net.link({ to: bob.phone.sip.udp.host }, { blackhole: true });
  await s.run(340_000);
  assert.ok(caller.ended, 'the caller gets its BYE');
  const ended = s.stage.eventsOf(s.childSid(), 'status').at(-1);
  assert.deepEqual([ended?.status, ended?.sip_status], ['completed', 408]);
  await s.run(60_000);
  await s.end();
});

test('beside a whisper that brings the media back, sip_request still answers with what the far end said', async () => {
  const t = await talk();
  await t.go('no-media');
  const sip_request = { method: 'INFO', content_type: 'text/plain', content: 'x' };
  const whisper = { verb: 'play', url: toneUrl(1_800, 3_000) };
  const outcome = await t.s.updateSid(sidOf(t.caller), { sip_request, whisper });
  assert.deepEqual([outcome.status, outcome.body?.status], [200, 200]);
  await t.s.run(500);
  assertHears(t.s, t.caller, { 1800: 'loud' }, 300);
  await end(t);
});

test('updates on both legs while the media is on its way back wait for it: each is heard from its beginning', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  await go('no-media');
  await s.run(500);
  const whisper = (hz: number) => ({ whisper: { verb: 'play', url: toneUrl(hz, 1_000) } });
  const { update } = s.stage.house.calls;
  const put = (sid: string, body: Json) => update(s.stage.account.account_sid, sid, body, { wait: true });
  const all = [
    put(sidOf(caller), whisper(1_800)),
    put(sidOf(caller), whisper(2_300)),
    put(s.childSid(), { dtmf: { digit: '5' } }),
  ];
  for (const outcome of await s.stage.clock.settle(Promise.all(all)))
    assert.ok('status' in outcome && outcome.status === 200, JSON.stringify(outcome));
  await s.run(100);
  assertHears(s, caller, { 2300: 'loud', 1800: 'quiet' }, 60);
  await s.run(800);
  assertHears(s, caller, { 2300: 'loud' });
  assert.deepEqual(bob.call().audio.digits, ['5']);
  await end(t);
});

test('a bridge that ends while the media comes back for an update: the update acts on the leg that goes on', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  s.answers['/child'] = [{ verb: 'pause', length: 10 }];
  await go('no-media');
  await s.run(500);
  const { update } = s.stage.house.calls;
  const put = (sid: string, body: Json) => update(s.stage.account.account_sid, sid, body, { wait: true });
  const whisper = put(s.childSid(), { whisper: { verb: 'play', url: toneUrl(1_800, 2_000) } });
  const child = put(sidOf(caller), { child_call_hook: '/child' });
  for (const outcome of await s.stage.clock.settle(Promise.all([whisper, child])))
    assert.ok('status' in outcome && outcome.status === 200, JSON.stringify(outcome));
  await s.run(700);
  assertHears(s, bob.call(), { 1800: 'loud' });
  assert.deepEqual(s.stage.alerts, []);
  await s.stage.clock.settle(bob.call().hangup());
  await end(t);
});

test('a muted leg is not heard past us either: no-media is refused, also as the way back after a hold', async () => {
  const t = await talk({}, [{ verb: 'config', onHoldMusic: toneUrl(620) }]);
  const { s, caller, bob, go } = t;
  const mute = (mute_status: string) => s.updateSid(sidOf(caller), { mute_status }, true);
  await mute('mute');
  assert.equal((await go('partial-media')).status, 200);
  const refused = await go('no-media');
  assert.deepEqual([refused.status, refused.reason], [422, 'one of the two is muted, and would be heard']);
  await mute('unmute');
  assert.equal((await go('no-media')).status, 200);
  bob.call().audio.speaking = false;
  assert.equal((await s.stage.clock.settle(bob.call().reinvite('inactive'))).status, 200);
  await s.run(500);
  await mute('mute');
  bob.call().audio.speaking = true;
  assert.equal((await s.stage.clock.settle(bob.call().reinvite('sendrecv'))).status, 200);
  await s.run(1_000);
  assertHears(s, bob.call(), { [callerHz]: 'quiet' });
  assertHears(s, caller, { [calledHz]: 'loud' });
  assert.deepEqual(s.stage.alerts, []);
  await end(t);
});

test('phone to phone: a hold goes to the other phone; with music the media comes back, and leaves again after it', async () => {
  const plain = await talk();
  await plain.go('no-media');
  assert.equal((await plain.s.stage.clock.settle(plain.caller.reinvite('sendonly'))).status, 200);
  await plain.s.run(500);
  assert.equal(plain.bob.call().audio.remote?.port, plain.caller.audio.local.port, 'still from phone to phone');
  assert.equal((await plain.s.stage.clock.settle(plain.caller.reinvite('sendrecv'))).status, 200);
  await bothHear(plain);
  await end(plain);

  const t = await talk({}, [{ verb: 'config', onHoldMusic: toneUrl(620) }]);
  const { s, caller, bob, go } = t;
  await go('no-media');
  caller.audio.speaking = false;
  assert.equal((await s.stage.clock.settle(caller.reinvite('inactive'))).status, 200);
  await s.run(1_000);
  assertHears(s, bob.call(), { 620: 'loud' });
  caller.audio.speaking = true;
  assert.equal((await s.stage.clock.settle(caller.reinvite('sendrecv'))).status, 200);
  await bothHear(t);
  assertHears(s, bob.call(), { 620: 'quiet' });
  assert.equal(caller.audio.remote?.port, bob.call().audio.local.port);
  await end(t);
});

test('the bridge ends while the media goes past us: who lives on hears us again', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  s.answers['/done'] = [{ verb: 'play', url: toneUrl(880) }];
  await go('no-media');
  await s.stage.clock.settle(bob.call().hangup());
  await s.run(1_000);
  assertHears(s, caller, { 880: 'loud' });
  await end(t);
});

test('a redirect of both while the media goes past us: each hears its own application', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  s.answers['/parent'] = [{ verb: 'play', url: toneUrl(880) }];
  s.answers['/child'] = [{ verb: 'play', url: toneUrl(1_250) }];
  await go('no-media');
  const hooks = { call_hook: '/parent', child_call_hook: '/child' };
  assert.equal((await s.updateSid(sidOf(caller), hooks, true)).status, 200);
  await s.run(1_000);
  assertHears(s, caller, { 880: 'loud', [calledHz]: 'quiet' });
  assertHears(s, bob.call(), { 1250: 'loud', [callerHz]: 'quiet' });
  await s.stage.clock.settle(bob.call().hangup());
  await end(t);
});

test('exitMediaPath: phone to phone from the start', async () => {
  const t = await talk({ exitMediaPath: true });
  await bothHear(t);
  assert.equal(t.caller.audio.remote?.port, t.bob.call().audio.local.port);
  await end(t);
});

test('a session refresh while the media goes past us is answered with what the other phone said, and nobody else is asked', async () => {
  const t = await talk();
  const { s, caller, bob, go } = t;
  await go('no-media');
  const before = invitesOf(t);
  const refreshed = await s.stage.clock.settle(caller.reinvite('sendrecv'));
  assert.match(Buffer.from(refreshed.body).toString(), new RegExp(`m=audio ${bob.call().audio.local.port} `));
  assert.equal(invitesOf(t), before);
  await bothHear(t);
  await end(t);
});

test('both phones want a change at the same moment while the media goes past us: neither waits for the other', async () => {
  const t = await talk();
  await t.go('no-media');
  const both = [t.caller, t.bob.call()].map((call) => call.reinvite('sendonly'));
  const began = t.s.stage.clock.now();
  await t.s.stage.clock.settle(Promise.all(both), 60_000);
  assert.ok(t.s.stage.clock.now() - began < 15_000);
  await t.s.stage.clock.settle(t.caller.reinvite('sendrecv'), 60_000);
  await t.s.stage.clock.settle(t.bob.call().reinvite('sendrecv'), 60_000);
  await bothHear(t);
  await end(t);
});

test('a voice with noise isolation is heard on every way: past the engine as it is', async () => {
  const t = await talk();
  for (const sid of [sidOf(t.caller), t.s.childSid()])
    assert.equal((await t.s.updateSid(sid, { noise_isolation_status: 'enable' }, true)).status, 200);
  for (const path of ['partial-media', 'no-media', 'partial-media', 'full-media']) {
    assert.equal((await t.go(path)).status, 200, path);
    await bothHear(t);
  }
  await end(t);
});
