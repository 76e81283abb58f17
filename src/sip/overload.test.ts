// Too much: what is over a limit gets 503 and Retry-After, what is over that nothing, and all of it goes away again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, RawPeer, rawRequest, SipRig } from '../../test/kit/sip.ts';
import { MAX_REFUSALS_PER_SECOND } from './limits.ts';

const ours = { host: '10.0.0.2', port: 5060 };

test('no room for transactions: 503 without state, then silence, then room again', async () => {
  const rig = new SipRig();
  const stack = await rig.stack(ours.host, { limits: { transactions: 10 } });
  const peer = await RawPeer.open(rig, '10.0.0.1');
  const total = 10 + MAX_REFUSALS_PER_SECOND + 50;
  for (let i = 0; i < total; i++) peer.send(ours, rawRequest(peer.address, { method: 'OPTIONS', callId: `c${i}` }));
  await rig.clock.runFor(100);
  assert.equal(peer.statuses.filter((status) => status === 200).length, 10);
  assert.equal(peer.statuses.filter((status) => status === 503).length, MAX_REFUSALS_PER_SECOND);
  assert.match(headerOf(peer.last('SIP/2.0 503'), 'Retry-After')!, /^\d+$/);
  assert.equal(stack.stats().transactions, 10);
  await rig.end();
  assert.equal(stack.stats().transactions, 0);
  peer.restart();
  peer.send(ours, rawRequest(peer.address, { method: 'OPTIONS' }));
  await rig.clock.runFor(100);
  assert.deepEqual(peer.statuses, [200]);
  await rig.close();
});

test('no room for dialogs: 503 to new calls, those that live go on', async () => {
  const rig = new SipRig();
  const stack = await rig.stack(ours.host, { limits: { dialogs: 2 } });
  const peer = await RawPeer.open(rig, '10.0.0.1');
  for (let i = 0; i < 3; i++) peer.send(ours, rawRequest(peer.address, { callId: `c${i}` }));
  await rig.clock.runFor(5);
  assert.deepEqual(peer.statuses, [100, 100, 503]);
  assert.ok(headerOf(peer.last('SIP/2.0 503'), 'Retry-After'));
  for (const invite of stack.invites) invite.reject(486);
  peer.send(ours, rawRequest(peer.address, { callId: 'c9' }));
  await rig.clock.runFor(5);
  assert.equal(stack.invites.length, 3);
  stack.invites[2]!.reject(486);
  await rig.end();
  assert.equal(stack.stats().dialogs, 0);
  await rig.close();
});

test('one host cannot take every connection', async () => {
  const rig = new SipRig();
  const stack = await rig.stack(ours.host, { limits: { connectionsPerHost: 2 } });
  const closed: string[] = [];
  const open = async (ip: string, name: string) => {
    const connection = await rig.clock.settle(rig.net.host(ip).tcpConnect(ours, { timeoutMs: 1000 }));
    connection.onClose = () => closed.push(name);
    await rig.clock.runFor(5);
    return connection;
  };
  const first = await open('10.0.0.1', 'first');
  await open('10.0.0.1', 'second');
  await open('10.0.0.1', 'third');
  await open('10.0.0.3', 'other');
  assert.deepEqual(closed, ['third']);
  first.close();
  await rig.clock.runFor(5);
  await open('10.0.0.1', 'fourth');
  assert.equal(stack.stats().connections, 3);
  await rig.close();
});

test('no room for connections: the newest is closed, outgoing ones fail', async () => {
  const rig = new SipRig();
  const stack = await rig.stack(ours.host, { limits: { connections: 2 } });
  const host = rig.net.host('10.0.0.1');
  const closed: number[] = [];
  for (let i = 0; i < 3; i++) {
    const connection = await rig.clock.settle(host.tcpConnect(ours, { timeoutMs: 1000 }));
    connection.onClose = () => closed.push(i);
    await rig.clock.runFor(5);
  }
  assert.deepEqual(closed, [2]);
  assert.equal(stack.stats().connections, 2);
  const asked = stack.request({ method: 'OPTIONS', uri: 'sip:x@10.0.0.3;transport=tcp', from: { uri: 'sip:us@x' } });
  const outcome = asked.catch((error: { code?: string }) => error.code);
  await rig.clock.runFor(5);
  assert.equal(await outcome, 'sip-transport');
  await rig.close();
});
