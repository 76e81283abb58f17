// Bridges on the virtual clock: how packets go, and what each side hears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bridgeStage, checkStream, tone } from '../../../../test/kit/bridge-stage.ts';
import { toneLevelDbov, worstClick } from '../../../audio/index.ts';

test('two alike legs: packets go on as they come, as the target’s own stream', async () => {
  const stage = await bridgeStage();
  const { clock, a, b, bridge } = stage;
  a.peer.stream(a.port.local, tone(500));
  b.peer.stream(b.port.local, tone(700));
  await clock.runFor(2000);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
  for (const [leg, hz] of [
    [a, 700],
    [b, 500],
  ] as const) {
    checkStream(leg.peer.heard);
    const pcm = leg.peer.audio().subarray(-8000);
    assert.ok(Math.abs(toneLevelDbov(pcm, hz, 8000) + 15.26) < 0.3);
    assert.ok(worstClick(pcm, 8000).ratio < 3);
  }
  await stage.end();
});
