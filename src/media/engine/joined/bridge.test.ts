// Bridges on the virtual clock: how packets go, and what each side hears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bridgeStage, checkStream, tone } from '../../../../test/kit/bridge-stage.ts';
import { gaps, levelDbov, toneLevelDbov, worstClick } from '../../../audio/index.ts';

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

/** Something that must be heard as it goes out, and changes nothing that can be heard: 0.001 dB. */
const inTheWay = 0.001;

for (const codec of ['PCMU', 'G722']) {
  for (const offset of [1, 6, 11, 16]) {
    test(`${codec}, ${offset} ms apart: a hundred switches lose no number, leave no hole and no click`, async () => {
      const stage = await bridgeStage({ codec, other: { codec } });
      const { clock, a, b, bridge } = stage;
      const rate = a.peer.codec.sampleRate;
      await clock.runFor(offset);
      a.peer.stream(a.port.local, tone(500, rate));
      await clock.runFor(1500);
      const from = b.peer.heard.length;
      const modes: string[] = [];
      for (let i = 0; i < 50; i++) {
        await clock.settle(b.port.setGain(inTheWay));
        await clock.runFor(60 + ((i * 37) % 100));
        modes.push((await clock.settle(bridge.modes())).aToB);
        await clock.settle(b.port.setGain(0));
        await clock.runFor(200 + ((i * 53) % 100));
        modes.push((await clock.settle(bridge.modes())).aToB);
      }
      assert.deepEqual(modes, Array.from({ length: 50 }, () => ['processed', 'forwarded']).flat());
      const heard = b.peer.heard.slice(from);
      checkStream(heard, { holeMs: 37 });
      const pcm = b.peer.audio().subarray(-heard.length * a.peer.codec.bytesPerMs * 20 * (rate / 8000));
      assert.ok(worstClick(pcm, rate).ratio < 3, JSON.stringify(worstClick(pcm, rate)));
      assert.deepEqual(gaps(pcm, rate, 3), []);
      for (let at = 0; at + rate / 10 < pcm.length; at += rate / 10) {
        const level = levelDbov(pcm.subarray(at, at + rate / 10));
        assert.ok(Math.abs(level + 15.26) < 0.5, `${level} dBov after ${at} samples`);
      }
      await stage.end();
    });
  }
}
