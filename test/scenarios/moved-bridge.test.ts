// A media worker dies under a bridge, and the ports it had are taken: both far ends are told the new ones, also while they change the session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UdpSocket } from '../../src/base/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { serverHost } from '../../src/rehearsal/stage.ts';
import { assertHears, type Callee, calledHz, callerHz, type DialScene, dialScene, sidOf } from '../kit/dialled.ts';

interface Talk {
  s: DialScene;
  caller: PhoneCall;
  bob: Callee;
  /** The worker dies, and others take its ports before the next one runs. */
  fail(): void;
  end(): Promise<void>;
}

const portOf = (call: PhoneCall): number => call.audio.remote?.port ?? 0;

async function talk(): Promise<Talk> {
  const taken: Promise<UdpSocket>[] = [];
  let ports: number[] = [];
  const s: DialScene = await dialScene(
    {},
    {
      onWorkerStart() {
        for (const port of ports) taken.push(s.stage.net.host(serverHost).udp({ host: serverHost, port }));
        ports = [];
      },
    },
  );
  const bob = await s.callee();
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }] }];
  const caller = await s.dial();
  await s.run(1_000);
  const own = [portOf(caller), portOf(bob.call())];
  return {
    s,
    caller,
    bob,
    fail() {
      ports = own;
      s.stage.killWorker(0);
    },
    async end() {
      await s.stage.clock.settle(caller.hangup());
      await s.run(1_000);
      for (const socket of await Promise.all(taken)) socket.close();
      await s.end();
    },
  };
}

async function bothHear({ s, caller, bob }: Talk): Promise<void> {
  await s.run(1_000);
  assertHears(s, caller, { [calledHz]: 'loud' });
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
}

const outcomes = (s: DialScene): unknown[] =>
  s.stage.events.filter(({ event }) => event.what === 'worker-lost').map(({ event }) => event.outcome);

for (const path of ['full-media', 'partial-media'] as const) {
  test(`${path}: both are re-INVITEd to the new ports, one of them while it holds the call`, async () => {
    const t = await talk();
    const { s, caller, bob } = t;
    if (path !== 'full-media') await s.updateSid(sidOf(caller), { media_path: path }, true);
    const before = [portOf(caller), portOf(bob.call())];
    t.fail();
    const holding = bob.call().reinvite('sendonly');
    assert.equal((await s.stage.clock.settle(holding, 60_000)).status, 200);
    await s.run(5_000);
    assert.deepEqual(outcomes(s), ['moved', 'moved']);
    assert.notDeepEqual([portOf(caller), portOf(bob.call())], before);
    assert.equal((await s.stage.clock.settle(bob.call().reinvite('sendrecv'), 60_000)).status, 200);
    await bothHear(t);
    await t.end();
  });
}

test('no-media: nobody is disturbed, and who comes back is told the new ports', async () => {
  const t = await talk();
  const { s, caller, bob } = t;
  await s.updateSid(sidOf(caller), { media_path: 'no-media' }, true);
  t.fail();
  await s.run(3_000);
  assert.deepEqual(outcomes(s), ['moved', 'moved']);
  assert.equal(portOf(caller), bob.call().audio.local.port);
  await bothHear(t);
  const recent = caller.audio.heard.filter((p) => p.at > s.stage.clock.now() - 900);
  assert.equal(new Set(recent.map((p) => p.ssrc)).size, 1, 'the next worker sends nothing');
  assert.equal((await s.updateSid(sidOf(caller), { media_path: 'full-media' }, true)).status, 200);
  await bothHear(t);
  await t.end();
});
