// Calls between two stacks on a simulated network.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SipRig, sdp } from '../../test/kit/sip.ts';
import { realClock, realRandom, silentLog } from '../base/index.ts';
import { realNetwork } from '../base/net/index.ts';
import { createSipStack } from './stack.ts';
import type { Dialog, DialogEnd } from './types.ts';

for (const transport of ['udp', 'tcp'] as const) {
  test(`a call over ${transport}: INVITE, 180, 200, ACK, BYE, and nothing left behind`, async () => {
    const rig = new SipRig();
    const alice = await rig.stack('10.0.0.1');
    const bob = await rig.stack('10.0.0.2');
    let callee: Dialog | undefined;
    const ends: string[] = [];
    bob.onInvite = (invite) => {
      invite.progress(180);
      callee = invite.accept({ body: sdp('answer') });
      callee.onEnd = (end: DialogEnd) => ends.push(`bob ${end.by}`);
    };
    const suffix = transport === 'tcp' ? ';transport=tcp' : '';
    const call = alice.invite({ uri: bob.uri('bob', suffix), from: { uri: 'sip:alice@10.0.0.1' }, body: sdp('offer') });
    const caller = await rig.clock.settle(
      new Promise<Dialog>((resolve, reject) => {
        call.onAnswer = resolve;
        call.onFailure = reject;
      }),
    );
    caller.onEnd = (end) => ends.push(`alice ${end.by}`);
    await rig.clock.runFor(1000);
    await rig.clock.settle(caller.bye());
    assert.deepEqual(alice.log, [
      '> INVITE',
      '< 100 INVITE',
      '< 180 INVITE',
      '< 200 INVITE',
      '> ACK',
      '> BYE',
      '< 200 BYE',
    ]);
    assert.deepEqual(ends, ['alice local', 'bob remote']);
    await rig.end();
    for (const stack of rig.stacks) {
      assert.equal(stack.stats().transactions, 0);
      assert.equal(stack.stats().dialogs, 0);
      assert.equal(stack.stats().connections, 0);
    }
    await rig.close();
  });
}

test('a call over IPv6', async () => {
  const rig = new SipRig();
  const alice = await rig.stack('2001:db8::1');
  const bob = await rig.stack('2001:db8::2');
  bob.onInvite = (invite) => void invite.accept({ body: sdp('answer') });
  for (const suffix of ['', ';transport=tcp']) {
    const call = alice.invite({ uri: `sip:bob@[2001:db8::2]${suffix}`, from: { uri: 'sip:alice@[2001:db8::1]' } });
    const caller = await rig.clock.settle(
      new Promise<Dialog>((resolve, reject) => {
        call.onAnswer = resolve;
        call.onFailure = reject;
      }),
    );
    assert.equal(caller.remoteTarget, `sip:bob@[2001:db8::2]:5060${suffix}`);
    await rig.clock.settle(caller.bye());
  }
  await rig.end();
  for (const stack of rig.stacks) assert.equal(stack.stats().transactions + stack.stats().dialogs, 0);
  await rig.close();
});

test('a call over real sockets', async () => {
  const options = { clock: realClock(), random: realRandom(), log: silentLog, userAgent: 'crosspoint-test' };
  const networks = [realNetwork({ clock: options.clock }), realNetwork({ clock: options.clock })];
  const [alice, bob] = networks.map((network) =>
    createSipStack({ ...options, network, bind: { host: '127.0.0.1', port: 0 } }),
  ) as [ReturnType<typeof createSipStack>, ReturnType<typeof createSipStack>];
  await alice.start();
  await bob.start();
  assert.equal(bob.udp.port, bob.tcp.port);
  for (const suffix of ['', ';transport=tcp']) {
    const ended = new Promise<DialogEnd>((resolve) => {
      bob.onInvite = (invite) => {
        invite.accept({ body: sdp('answer') }).onEnd = resolve;
      };
    });
    const call = alice.invite({
      uri: `sip:bob@127.0.0.1:${bob.udp.port}${suffix}`,
      from: { uri: 'sip:alice@127.0.0.1' },
      body: sdp('offer'),
    });
    const dialog = await new Promise<Dialog>((resolve, reject) => {
      call.onAnswer = resolve;
      call.onFailure = reject;
    });
    await dialog.bye();
    assert.equal((await ended).by, 'remote');
  }
  await alice.close();
  await bob.close();
  for (const network of networks) await network.close();
});
