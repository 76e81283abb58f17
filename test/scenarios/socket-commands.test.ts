// What only the socket can say: a config verb beside the one that runs, and a new call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calledHz, heard, openCallee, quiet } from '../kit/dialled.ts';
import { toneUrl } from '../kit/scene.ts';
import { type SocketScene, socketScene } from '../kit/socket-scene.ts';

const play = { verb: 'play', url: toneUrl(440) };
const sidOf = (s: SocketScene): string => String(s.of('session:new')[0]!.data.call_sid);

async function finish(s: SocketScene): Promise<void> {
  if (!s.call.ended) await s.stage.clock.settle(s.call.hangup());
  await s.stage.clock.runFor(40_000);
  await s.end();
}

test('config changes the call at once, and what plays goes on', async () => {
  const s = await socketScene([play]);
  await s.stage.clock.runFor(2_000);
  const before = heard(s, s.call, 440);
  s.command('config', { boostAudioSignal: '-12 dB', onHoldMusic: toneUrl(300) });
  await s.stage.clock.runFor(2_000);
  assert.ok(Math.abs(before - heard(s, s.call, 440) - 12) < 0.5, `from ${before} to ${heard(s, s.call, 440)} dBov`);
  assert.equal(s.stage.eventsOf(sidOf(s), 'verb-finished').length, 0);
  assert.equal(s.stage.eventsOf(sidOf(s), 'effect').length, 1);
  await finish(s);
});

test('config that cannot be right is refused with its path, and nothing changes', async () => {
  const s = await socketScene([play]);
  for (const data of [{ boostAudioSignal: 'loud' }, { nonsense: 1 }, { record: { action: 'dance' } }, 'nonsense'])
    s.command('config', data);
  await s.stage.clock.runFor(1_000);
  const refused = s.stage.eventsOf(sidOf(s), 'command-refused').map(({ reason }) => String(reason));
  assert.equal(refused.length, 4);
  for (const [i, path] of ['config.boostAudioSignal', 'config.nonsense', 'config.record'].entries())
    assert.ok(refused[i]!.startsWith(path), refused[i]);
  await finish(s);
});

test('dial places a call of the same application, which goes its own way', async () => {
  const s = await socketScene([play]);
  const bob = await openCallee(s, {});
  const to = { type: 'sip', sipUri: bob.uri };
  s.command('dial', { from: '+15551230000', to, call_hook: '/ws', tag: { why: 'told' } });
  await s.stage.clock.runFor(5_000);
  const second = s.of('session:new')[1]!;
  assert.equal(second.data.direction, 'outbound');
  assert.deepEqual(second.data.customerData, { why: 'told' });
  assert.notEqual(second.call_sid, sidOf(s));
  // Neither hears the other; bob hears what his own call's verbs play.
  const called = bob.call();
  assert.ok(heard(s, called, 440) > -30);
  assert.ok(heard(s, s.call, calledHz) < quiet);
  await s.stage.clock.settle(s.call.hangup());
  await s.stage.clock.runFor(1_000);
  assert.ok(!called.ended);
  await s.stage.clock.settle(called.hangup());
  await finish(s);
});

test('a call that cannot be placed is told, in the log and to the application', async () => {
  const s = await socketScene([play]);
  s.command('dial', { from: '+15551230000', to: { type: 'nobody' }, call_hook: '/ws' });
  s.command('dial', { from: '+15551230000', to: { type: 'sip', sipUri: 'sip:bob@10.0.0.9' } });
  await s.stage.clock.runFor(1_000);
  const told = s.of('jambonz:error').map(({ data }) => String(data.details));
  assert.equal(told.length, 2);
  assert.ok(told[0]!.startsWith('to'), told[0]);
  assert.ok(told[1]!.startsWith('call_hook'), told[1]);
  assert.equal(s.stage.eventsOf(sidOf(s), 'error').length, 2);
  await finish(s);
});
