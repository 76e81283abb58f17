// Beeps of a bridged leg: told once each, packets forwarded all the same, also by the worker that follows one that died.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bridgeStage, tone } from '../../../test/kit/bridge-stage.ts';

const quiet = new Int16Array(160);

test('beeps are told while somebody wants to know, over a forwarded bridge and over a worker’s death', async () => {
  const stage = await bridgeStage();
  const { clock, a, bridge, links } = stage;
  let beeping = false;
  const sound = tone(1000);
  a.peer.stream(a.port.local, (n) => (beeping ? sound(n) : quiet));
  const told: string[] = [];
  const beep = async (ms = 400): Promise<string[]> => {
    beeping = true;
    await clock.runFor(ms);
    beeping = false;
    await clock.runFor(300);
    return told.splice(0);
  };
  const stop = a.port.beeps.watch(({ frequencyHz, durationMs }) =>
    told.push(`${Math.round(frequencyHz)} ${Math.round(durationMs / 50) * 50}`),
  );
  await clock.runFor(500);
  assert.deepEqual(await beep(), ['1000 400']);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
  links[0]!.kill();
  await clock.runFor(1_000);
  assert.deepEqual(await beep(), ['1000 400'], 'the next worker looks too');
  stop();
  assert.deepEqual(await beep(), [], 'nobody wants to know');
  const again = a.port.beeps.watch(({ frequencyHz }) => told.push(`${Math.round(frequencyHz)}`));
  assert.deepEqual(await beep(), ['1000']);
  again();
  await stage.end();
});
