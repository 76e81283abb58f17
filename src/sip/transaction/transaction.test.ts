// The four machines on the virtual clock: when each repeats, when each ends, and what each absorbs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { message, RawPeer, type RigStack, rawRequest, rawResponse, SipRig, tagOf } from '../../../test/kit/sip.ts';
import { isFault } from '../../base/index.ts';

const ours = { host: '10.0.0.2', port: 5060 };
/** T1 doubling without end (timer A), and up to T2 (timers E, G and the repeats of a 2xx). */
const doubling = [0, 500, 1500, 3500, 7500, 15_500, 31_500];
const capped = [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];

async function facing(): Promise<{ rig: SipRig; stack: RigStack; peer: RawPeer }> {
  const rig = new SipRig();
  const stack = await rig.stack(ours.host);
  const peer = await RawPeer.open(rig, '10.0.0.1');
  return { rig, stack, peer };
}

/** Nothing may be left when all timers have run. */
async function finish(rig: SipRig): Promise<void> {
  await rig.end();
  for (const stack of rig.stacks) {
    const { transactions, dialogs } = stack.stats();
    assert.deepEqual({ transactions, dialogs }, { transactions: 0, dialogs: 0 });
  }
  await rig.close();
}

const call = { uri: 'sip:raw@10.0.0.1', from: { uri: 'sip:us@10.0.0.2' } };

test('INVITE client: timer A doubles, timer B ends it after 64*T1', async () => {
  const { rig, stack, peer } = await facing();
  const failures: [number, unknown][] = [];
  const start = rig.clock.now();
  stack.invite(call).onFailure = (failure) => failures.push([rig.clock.now() - start, failure]);
  await rig.clock.runFor(100_000);
  assert.deepEqual(peer.timesOf('INVITE'), doubling);
  assert.equal(failures.length, 1);
  assert.equal(failures[0]![0], 32_000);
  assert.ok(isFault(failures[0]![1]) && failures[0]![1].code === 'sip-timeout');
  await finish(rig);
});

test('INVITE client: a 1xx ends the repeats and the limit', async () => {
  const { rig, stack, peer } = await facing();
  const out = stack.invite(call);
  let failed = false;
  out.onFailure = () => {
    failed = true;
  };
  await rig.clock.runFor(600);
  peer.send(ours, rawResponse(peer.last('INVITE'), '180 Ringing', { toTag: 'x' }));
  await rig.clock.runFor(120_000);
  assert.deepEqual(peer.timesOf('INVITE'), [0, 500]);
  assert.equal(failed, false);
  peer.send(ours, rawResponse(peer.last('INVITE'), '486 Busy Here', { toTag: 'x' }));
  await rig.clock.runFor(10);
  assert.equal(failed, true);
  await finish(rig);
});

test('INVITE client: every repeat of a refusal is acknowledged until timer D ends, and told once', async () => {
  const { rig, stack, peer } = await facing();
  let told = 0;
  stack.invite(call).onFailure = () => {
    told++;
  };
  await rig.clock.runFor(10);
  const busy = rawResponse(peer.last('INVITE'), '486 Busy Here', { toTag: 'x' });
  peer.send(ours, busy);
  await rig.clock.runFor(1);
  const ack = peer.last('ACK');
  const invite = peer.last('INVITE');
  assert.equal(/Via:.*branch=(\S+?);/.exec(ack)![1], /Via:.*branch=(\S+?);/.exec(invite)![1]);
  assert.equal(tagOf(ack, 'To'), 'x');
  assert.match(ack, /^ACK sip:raw@10\.0\.0\.1 /);
  await rig.clock.runFor(31_900);
  peer.send(ours, busy);
  await rig.clock.runFor(1);
  assert.equal(peer.timesOf('ACK').length, 2);
  await rig.clock.runFor(200);
  peer.send(ours, busy);
  await rig.clock.runFor(1);
  assert.equal(peer.timesOf('ACK').length, 2);
  assert.equal(told, 1);
  await finish(rig);
});

test('non-INVITE client: timer E doubles to T2, timer F ends it', async () => {
  const { rig, stack, peer } = await facing();
  const asked = stack.request({ ...call, method: 'OPTIONS' });
  const outcome = asked.catch((error: unknown) => error);
  await rig.clock.runFor(40_000);
  assert.deepEqual(peer.timesOf('OPTIONS'), capped);
  const fault = await outcome;
  assert.ok(isFault(fault) && fault.code === 'sip-timeout');
  await finish(rig);
});

test('non-INVITE client: after a 1xx timer E is T2, and timer F goes on', async () => {
  const { rig, stack, peer } = await facing();
  const outcome = stack.request({ ...call, method: 'OPTIONS' }).catch((error: unknown) => error);
  await rig.clock.runFor(100);
  peer.send(ours, rawResponse(peer.last('OPTIONS'), '100 Trying'));
  await rig.clock.runFor(40_000);
  assert.deepEqual(peer.timesOf('OPTIONS'), [0, 500, 4500, 8500, 12_500, 16_500, 20_500, 24_500, 28_500]);
  assert.ok(isFault(await outcome));
  await finish(rig);
});

test('non-INVITE client: a repeat of the final response is absorbed while timer K runs', async () => {
  const { rig, stack, peer } = await facing();
  const asked = stack.request({ ...call, method: 'OPTIONS' });
  await rig.clock.runFor(10);
  const ok = rawResponse(peer.last('OPTIONS'), '200 OK', { toTag: 'x' });
  peer.send(ours, ok);
  assert.equal((await rig.clock.settle(asked)).status, 200);
  assert.equal(stack.stats().transactions, 1);
  peer.send(ours, ok);
  await rig.clock.runFor(4980);
  assert.equal(stack.stats().transactions, 1);
  assert.equal(stack.stats().retransmitted, 1);
  await rig.clock.runFor(20);
  assert.equal(stack.stats().transactions, 0);
  await finish(rig);
});

test('INVITE server: timer G repeats a refusal to T2, timer H ends it', async () => {
  const { rig, stack, peer } = await facing();
  stack.onInvite = (invite) => invite.reject(486);
  peer.send(ours, rawRequest(peer.address));
  await rig.clock.runFor(31_999);
  assert.deepEqual(peer.timesOf('SIP/2.0 100'), [0]);
  assert.deepEqual(peer.timesOf('SIP/2.0 486'), capped);
  assert.equal(stack.stats().transactions, 1);
  await rig.clock.runFor(1);
  assert.equal(stack.stats().transactions, 0);
  await finish(rig);
});

test('INVITE server: ACK ends the repeats, timer I absorbs more ACKs for T4', async () => {
  const { rig, stack, peer } = await facing();
  stack.onInvite = (invite) => invite.reject(486);
  peer.send(ours, rawRequest(peer.address, { branch: 'z9hG4bKone' }));
  await rig.clock.runFor(600);
  const toTag = tagOf(peer.last('SIP/2.0 486'), 'To')!;
  const ack = rawRequest(peer.address, { method: 'ACK', branch: 'z9hG4bKone', toTag });
  peer.send(ours, ack);
  await rig.clock.runFor(4000);
  peer.send(ours, ack);
  assert.deepEqual(peer.timesOf('SIP/2.0 486'), [0, 500]);
  assert.equal(stack.stats().transactions, 1);
  await rig.clock.runFor(1000);
  assert.equal(stack.stats().transactions, 0);
  await finish(rig);
});

test('INVITE server: repeats of the INVITE get the last response and reach nobody', async () => {
  const { rig, stack, peer } = await facing();
  const invite = rawRequest(peer.address, { branch: 'z9hG4bKone' });
  peer.send(ours, invite);
  await rig.clock.runFor(10);
  peer.send(ours, invite);
  await rig.clock.runFor(10);
  stack.invites[0]!.progress(183, 'Session Progress');
  peer.send(ours, invite);
  await rig.clock.runFor(10);
  assert.deepEqual(peer.statuses, [100, 100, 183, 183]);
  assert.equal(stack.invites.length, 1);
  assert.equal(stack.stats().retransmitted, 4);
  stack.invites[0]!.reject(480);
  await finish(rig);
});

test('INVITE server, accepted: INVITE repeats are absorbed until timer L, the 200 is repeated until ACK', async () => {
  const { rig, stack, peer } = await facing();
  stack.onInvite = (invite) => void invite.accept({});
  const invite = rawRequest(peer.address, { branch: 'z9hG4bKone' });
  peer.send(ours, invite);
  await rig.clock.runFor(1600);
  peer.send(ours, invite);
  await rig.clock.runFor(100);
  assert.deepEqual(peer.timesOf('SIP/2.0 200'), [0, 500, 1500]);
  const toTag = tagOf(peer.last('SIP/2.0 200'), 'To')!;
  peer.send(ours, rawRequest(peer.address, { method: 'ACK', toTag }));
  await rig.clock.runFor(30_299);
  assert.deepEqual(peer.timesOf('SIP/2.0 200'), [0, 500, 1500]);
  assert.equal(stack.stats().transactions, 1);
  await rig.clock.runFor(1);
  assert.equal(stack.stats().transactions, 0);
  peer.send(ours, rawRequest(peer.address, { method: 'BYE', toTag, cseq: 2 }));
  await finish(rig);
});

test('a 200 without ACK is repeated for 64*T1, then BYE and a fault', async () => {
  const { rig, stack, peer } = await facing();
  const ends: [number, string][] = [];
  const start = rig.clock.now();
  stack.onInvite = (invite) => {
    invite.accept({}).onEnd = (end) => {
      ends.push([rig.clock.now() - start, end.by === 'fault' ? end.fault.code : end.by]);
    };
  };
  peer.send(ours, rawRequest(peer.address));
  await rig.clock.runFor(32_100);
  assert.deepEqual(peer.timesOf('SIP/2.0 200'), capped);
  assert.deepEqual(ends, [[32_000, 'sip-no-ack']]);
  assert.match(peer.last('BYE'), /Reason: SIP;cause=200;text="ACK timeout"/);
  peer.send(ours, rawResponse(peer.last('BYE'), '200 OK'));
  await finish(rig);
});

test('non-INVITE server: repeats get the same response until timer J', async () => {
  const { rig, stack, peer } = await facing();
  const options = rawRequest(peer.address, { method: 'OPTIONS', branch: 'z9hG4bKone' });
  peer.send(ours, options);
  await rig.clock.runFor(31_990);
  peer.send(ours, options);
  await rig.clock.runFor(1);
  assert.deepEqual(peer.received[1], peer.received[0]);
  assert.equal(stack.stats().transactions, 1);
  await rig.clock.runFor(9);
  assert.equal(stack.stats().transactions, 0);
  await finish(rig);
});

test('non-INVITE server: repeats before the answer are absorbed, and silence becomes 500 without a 408', async () => {
  const { rig, stack, peer } = await facing();
  let asked = 0;
  stack.onRequest = () => {
    asked++;
  };
  const request = rawRequest(peer.address, { method: 'MESSAGE', branch: 'z9hG4bKone' });
  peer.send(ours, request);
  await rig.clock.runFor(500);
  peer.send(ours, request);
  await rig.clock.runFor(31_000);
  assert.deepEqual(peer.statuses, []);
  assert.equal(asked, 1);
  await rig.clock.runFor(1000);
  assert.deepEqual(peer.statuses, [500]);
  await finish(rig);
});

test('over TCP nothing is repeated but the 200, and finished transactions go at once', async () => {
  const rig = new SipRig();
  const alice = await rig.stack('10.0.0.1');
  const bob = await rig.stack('10.0.0.2');
  const tcp = { uri: bob.uri('bob', ';transport=tcp'), from: { uri: 'sip:alice@10.0.0.1' } };
  bob.onInvite = (invite) => invite.reject(486);
  const failed = new Promise((resolve) => {
    alice.invite(tcp).onFailure = resolve;
  });
  await rig.clock.settle(failed);
  await rig.clock.runFor(10);
  assert.equal(alice.stats().transactions, 0);
  assert.equal(bob.stats().transactions, 0);
  await rig.clock.settle(alice.request({ ...tcp, method: 'OPTIONS' }));
  await rig.clock.runFor(10);
  assert.equal(alice.stats().transactions, 0);
  assert.equal(bob.stats().transactions, 0);
  // A peer that goes silent: the request is sent once, and given up after 64*T1.
  rig.net.link({}, { blackhole: true });
  const outcome = alice.request({ ...tcp, method: 'OPTIONS' }).catch((error: unknown) => error);
  const before = alice.stats().sent;
  await rig.clock.runFor(31_990);
  assert.equal(alice.stats().transactions, 1);
  await rig.clock.runFor(10);
  assert.equal(alice.stats().transactions, 0);
  assert.equal(alice.stats().sent, before);
  assert.ok(isFault(await outcome));
  await rig.close();
});

test('an RFC 2543 peer: its INVITE, CANCEL and ACK are matched without a branch', async () => {
  const { rig, stack, peer } = await facing();
  const old = (method: string, toTag?: string): string =>
    message([
      `${method} sip:bob@10.0.0.2 SIP/2.0`,
      'Via: SIP/2.0/UDP 10.0.0.1:5060',
      'From: sip:old@10.0.0.1',
      `To: <sip:bob@10.0.0.2>${toTag ? `;tag=${toTag}` : ''}`,
      'Call-ID: old-1',
      `CSeq: 7 ${method}`,
    ]);
  peer.send(ours, old('INVITE'));
  peer.send(ours, old('INVITE'));
  await rig.clock.runFor(10);
  assert.equal(stack.invites.length, 1);
  peer.send(ours, old('CANCEL'));
  await rig.clock.runFor(10);
  assert.deepEqual(peer.statuses, [100, 100, 200, 487]);
  peer.send(ours, old('ACK', tagOf(peer.last('SIP/2.0 487'), 'To')));
  await rig.clock.runFor(2000);
  assert.deepEqual(peer.statuses, [100, 100, 200, 487]);
  await finish(rig);
});
