// Redirects by update and by verb while other things happen: the newest wins, none is lost, none lies about its effect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import { sleep } from '../../src/base/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';

const play = (hz: number, ms?: number): Json => ({ verb: 'play', url: toneUrl(hz, ms) });
const later = (s: () => Scene, ms: number, reply: unknown) => async () => {
  await sleep(s().stage.clock, ms);
  return reply as never;
};
const hasEnded = (call: PhoneCall): boolean => call.ended?.by === 'remote';
const hears = (s: Scene, call: PhoneCall, hz: number): boolean =>
  toneLevelDbov(call.audio.between(s.stage.clock.now() - 400, s.stage.clock.now()), hz, 8_000) > -25;

test('of two redirects the later one stays, also when its hook answers first', async () => {
  const s: Scene = await scene({
    '/': [play(440)],
    '/slow': later(() => s, 2_000, [play(660)]),
    '/quick': [play(880)],
  });
  const call = await s.dial();
  const slow = s.updating(call, { call_hook: '/slow' }, true);
  await s.run(200);
  assert.equal((await s.update(call, { call_hook: '/quick' }, true)).status, 200);
  const outcome = await s.stage.clock.settle(slow);
  assert.equal(outcome.status, 422);
  assert.match(outcome.reason ?? '', /later redirect/);
  await s.run(1_000);
  assert.ok(hears(s, call, 880));
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('a redirect whose hook still thinks when the verbs run out keeps the call', async () => {
  const s: Scene = await scene({
    '/': [play(440, 500)],
    '/slow': later(() => s, 2_000, [play(880)]),
    '/broken': later(() => s, 1_000, { status: 500 }),
  });
  const call = await s.dial();
  assert.equal((await s.update(call, { call_hook: '/slow' })).status, 202);
  await s.run(3_000);
  assert.ok(!call.ended && hears(s, call, 880));
  await s.stage.clock.settle(call.hangup());
  const other = await s.dial();
  await s.update(other, { call_hook: '/broken' });
  await s.run(700);
  assert.ok(!hasEnded(other));
  await s.run(1_000);
  assert.ok(hasEnded(other), 'and when it fails, the call ends');
  await s.end();
});

test('a hook that answers wrong verbs: with wait the update says so, and no effect is ever noted', async () => {
  const s = await scene({ '/': [play(440, 2_000)], '/wrong': [{ verb: 'nonsense' }], '/text': { a: 1 } });
  const call = await s.dial();
  for (const path of ['/wrong', '/text']) {
    const outcome = await s.update(call, { call_hook: path }, true);
    assert.equal(outcome.status, 422, JSON.stringify(outcome));
  }
  await s.run(3_000);
  const sid = s.stage.events[0]!.callSid;
  assert.deepEqual(s.stage.eventsOf(sid, 'effect'), []);
  assert.equal(s.stage.alerts.filter((a) => a.type === 'error-updating-call').length, 2);
  await s.end();
});

test('a redirect to verbs without sound takes effect when they begin; a whisper is not taken for it', async () => {
  const s: Scene = await scene({
    '/': [play(440)],
    '/gather': [{ verb: 'gather', numDigits: 1, timeout: 30 }],
    '/pause': later(() => s, 1_000, [{ verb: 'pause', length: 30 }]),
  });
  const call = await s.dial();
  const gather = await s.update(call, { call_hook: '/gather' }, true);
  assert.ok(gather.status === 200 && Number(gather.body?.applied_ms) < 100, JSON.stringify(gather));
  const pause = s.updating(call, { call_hook: '/pause' }, true);
  await s.run(500);
  await s.update(call, { whisper: play(880, 2_000) }, true);
  const applied = Number((await s.stage.clock.settle(pause)).body?.applied_ms);
  assert.ok(applied >= 1_000 && applied < 1_100, `${applied} ms`);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('a redirect while the application still thinks about the new call is not undone by its first answer', async () => {
  const s: Scene = await scene({ '/': later(() => s, 2_000, [play(440)]), '/next': [play(880)] });
  const phone = await s.stage.phone();
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(300);
  const { calls } = s.stage.house;
  const sid = s.stage.events[0]!.callSid;
  const update = calls.update(s.stage.account.account_sid, sid, { call_hook: `${appOrigin}/next` }, { wait: false });
  assert.deepEqual(await s.stage.clock.settle(update), { status: 202 });
  await s.run(4_000);
  assert.ok(hears(s, call, 880) && !hears(s, call, 440));
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('an outgoing call that still rings cannot be redirected: its application starts with the answer', async () => {
  const s = await scene({ '/': [play(440)], '/next': [{ verb: 'sip:decline', status: 486 }] });
  const bob = await s.stage.phone('bob');
  bob.onCall = (incoming, invite) => {
    invite.progress(180);
    s.stage.clock.after(2_000, () => incoming.accept(invite));
  };
  const { calls } = s.stage.house;
  const account = s.stage.account.account_sid;
  const to = { type: 'sip', sipUri: bob.uri };
  const created = await s.stage.clock.settle(
    calls.create(account, { from: '1', to, application_sid: s.app.application_sid }),
  );
  assert.ok('sid' in created);
  await s.run(500);
  const update = calls.update(account, created.sid, { call_hook: '/next' }, { wait: false });
  const outcome = await s.stage.clock.settle(update);
  assert.ok('refused' in outcome && outcome.http === undefined, JSON.stringify(outcome));
  await s.run(3_000);
  assert.deepEqual(s.statuses(), ['trying', 'ringing', 'in-progress']);
  await s.end();
});

test('a redirect verb that is replaced while its hook thinks does not move later relative hooks', async () => {
  const s: Scene = await scene({
    '/': [{ verb: 'answer' }, { verb: 'redirect', actionHook: 'http://other.example/slow' }],
    '/next': [{ verb: 'gather', numDigits: 1, actionHook: '/digit' }],
    '/digit': [{ verb: 'hangup' }],
  });
  s.stage.net.serveHttp('http://other.example', async () => {
    await sleep(s.stage.clock, 1_000);
    return { body: JSON.stringify([play(660)]), headers: { 'content-type': 'application/json' } };
  });
  const call = await s.dial();
  await s.run(200);
  await s.update(call, { call_hook: `${appOrigin}/next` });
  await s.run(2_000);
  call.press('5');
  await s.run(1_000);
  assert.equal(s.sentTo('/digit')[0]?.digits, '5');
  assert.equal(call.ended?.by, 'remote');
  await s.end();
});

test('a verb that is replaced while its audio opens does not answer the call', async () => {
  const s = await scene({
    '/': [play(440)],
    '/next': [
      { verb: 'pause', length: 1 },
      { verb: 'sip:decline', status: 486 },
    ],
  });
  const { media } = s.stage;
  const open = media.open.bind(media);
  media.open = async (options) => {
    await sleep(s.stage.clock, 500);
    return open(options);
  };
  const phone = await s.stage.phone();
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(100);
  const { calls } = s.stage.house;
  const sid = s.stage.events[0]!.callSid;
  const update = calls.update(s.stage.account.account_sid, sid, { call_hook: '/next' }, { wait: false });
  assert.deepEqual(await s.stage.clock.settle(update), { status: 202 });
  assert.equal(await s.stage.clock.settle(call.answered), 486);
  await s.run(500);
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  await s.end();
});
