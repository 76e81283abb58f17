// What the stack answers by itself, request by request (RFC 3261 8.2, 9.2, 11.2, 12.2.2).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  headerOf,
  message,
  RawPeer,
  type RawRequest,
  type RigStack,
  rawRequest,
  rawResponse,
  SipRig,
  tagOf,
} from '../../test/kit/sip.ts';

const ours = { host: '10.0.0.2', port: 5060 };

interface Facing {
  rig: SipRig;
  stack: RigStack;
  peer: RawPeer;
  /** Sends a request and gives the first final response to it. */
  ask(options: RawRequest): Promise<string>;
}

async function facing(): Promise<Facing> {
  const rig = new SipRig();
  const stack = await rig.stack(ours.host);
  const peer = await RawPeer.open(rig, '10.0.0.1');
  const ask = async (options: RawRequest): Promise<string> => {
    const before = peer.received.length;
    peer.send(ours, rawRequest(peer.address, options));
    await rig.clock.runFor(5);
    const found = peer.received.slice(before).find((text) => /^SIP\/2\.0 [2-6]/.test(text));
    assert.ok(found, 'no final response');
    return found;
  };
  return { rig, stack, peer, ask };
}

const statusOf = (response: string): number => Number(response.split(' ')[1]);

const refusals: { what: string; request: RawRequest; status: number; header?: [string, RegExp] }[] = [
  {
    what: 'a known method that is not allowed',
    request: { method: 'PUBLISH' },
    status: 405,
    header: ['Allow', /INVITE, ACK/],
  },
  { what: 'an unknown method', request: { method: 'DANCE' }, status: 501, header: ['Allow', /INVITE, ACK/] },
  { what: 'no hops left', request: { headers: { 'Max-Forwards': '0' } }, status: 483 },
  {
    what: 'an extension required that we lack',
    request: { headers: { Require: '100rel, gin' } },
    status: 420,
    header: ['Unsupported', /^100rel, gin$/],
  },
  { what: 'a scheme we cannot serve', request: { uri: 'http://example.com' }, status: 416 },
  {
    what: 'a body that is no session',
    request: { body: 'x', headers: { 'Content-Type': 'text/html' } },
    status: 415,
    header: ['Accept', /application\/sdp/],
  },
  {
    what: 'a compressed body',
    request: { body: 'x', headers: { 'Content-Encoding': 'gzip' } },
    status: 415,
    header: ['Accept-Encoding', /identity/],
  },
  { what: 'a modern INVITE without Contact', request: { headers: { Contact: '' } }, status: 400 },
  { what: 'a malformed CSeq', request: { headers: { CSeq: 'one INVITE' } }, status: 400 },
  { what: 'a missing Call-ID', request: { headers: { 'Call-ID': '' } }, status: 400 },
  { what: 'INVITE in an unknown dialog', request: { toTag: 'gone' }, status: 481 },
  { what: 'BYE in an unknown dialog', request: { method: 'BYE', toTag: 'gone' }, status: 481 },
  { what: 'BYE without To tag', request: { method: 'BYE' }, status: 481 },
  { what: 'UPDATE without To tag', request: { method: 'UPDATE' }, status: 481 },
  { what: 'INFO in an unknown dialog', request: { method: 'INFO', toTag: 'gone' }, status: 481 },
  { what: 'NOTIFY that nobody subscribed to', request: { method: 'NOTIFY' }, status: 481 },
  { what: 'REFER outside a call', request: { method: 'REFER' }, status: 403 },
  { what: 'CANCEL of nothing', request: { method: 'CANCEL' }, status: 481 },
  { what: 'MESSAGE that nobody takes', request: { method: 'MESSAGE' }, status: 405, header: ['Allow', /INVITE/] },
];

for (const { what, request, status, header } of refusals) {
  test(`${what}: ${status}`, async () => {
    const { rig, stack, peer, ask } = await facing();
    const response = await ask(request);
    assert.equal(statusOf(response), status);
    assert.ok(tagOf(response, 'To'), 'a To tag');
    if (header) assert.match(headerOf(response, header[0]) ?? '', header[1]);
    assert.equal(stack.invites.length, 0);
    await rig.end();
    assert.equal(stack.stats().transactions, 0);
    assert.equal(stack.stats().dialogs, 0);
    peer.close();
    await rig.close();
  });
}

test('an INVITE that nobody takes is 480, a throwing handler 500', async () => {
  const { stack, ask } = await facing();
  stack.onInvite = () => {
    throw new Error('a bug');
  };
  assert.equal(statusOf(await ask({})), 500);
  stack.onRequest = () => {
    throw new Error('a bug');
  };
  assert.equal(statusOf(await ask({ method: 'MESSAGE', callId: 'other' })), 500);
  const rig = new SipRig();
  const fresh = await rig.stack('10.0.0.2');
  fresh.onInvite = (invite) => invite.reject(480);
  const peer = await RawPeer.open(rig, '10.0.0.1');
  peer.send(ours, rawRequest(peer.address));
  await rig.clock.runFor(5);
  assert.deepEqual(peer.statuses, [100, 480]);
});

test('OPTIONS: 200 with what we can, also with no hops left', async () => {
  const { ask } = await facing();
  const response = await ask({ method: 'OPTIONS', headers: { 'Max-Forwards': '0' } });
  assert.equal(statusOf(response), 200);
  assert.match(headerOf(response, 'Allow')!, /INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, MESSAGE, NOTIFY/);
  assert.equal(headerOf(response, 'Accept'), 'application/sdp');
  assert.equal(headerOf(response, 'Supported'), '');
  assert.equal(headerOf(response, 'Server'), 'crosspoint-test');
});

test('a request that comes by two ways is merged: 482 for the second', async () => {
  const { stack, ask } = await facing();
  stack.onInvite = (invite) => invite.reject(486);
  assert.equal(statusOf(await ask({ branch: 'z9hG4bKa' })), 486);
  assert.equal(statusOf(await ask({ branch: 'z9hG4bKb' })), 482);
  assert.equal(statusOf(await ask({ branch: 'z9hG4bKc', cseq: 2 })), 486);
});

test('one branch from two senders makes two transactions', async () => {
  const { rig, peer, ask } = await facing();
  assert.equal(statusOf(await ask({ method: 'OPTIONS', branch: 'z9hG4bKsame', callId: 'one' })), 200);
  const other = await RawPeer.open(rig, '10.0.0.3');
  other.send(ours, rawRequest(other.address, { method: 'OPTIONS', branch: 'z9hG4bKsame', callId: 'two' }));
  await rig.clock.runFor(5);
  assert.match(other.last('SIP/2.0 200'), /^Call-ID: two\r$/m);
  assert.equal(peer.received.length, 1);
});

test('CANCEL: 200 to it, 487 to the INVITE with the same tag, and its Reason for the user; too late it changes nothing', async () => {
  const { rig, stack, peer, ask } = await facing();
  const reasons: (string | undefined)[] = [];
  peer.send(ours, rawRequest(peer.address, { branch: 'z9hG4bKa' }));
  await rig.clock.runFor(5);
  stack.invites[0]!.progress(180);
  stack.invites[0]!.onCancel = (cancel) => reasons.push(cancel.header('Reason'));
  const cancel = {
    method: 'CANCEL',
    branch: 'z9hG4bKa',
    headers: { Reason: 'SIP;cause=200;text="elsewhere"', Contact: '' },
  };
  const ok = await ask(cancel);
  assert.deepEqual(peer.statuses, [100, 180, 200, 487]);
  assert.equal(tagOf(ok, 'To'), tagOf(peer.last('SIP/2.0 487'), 'To'));
  assert.equal(tagOf(ok, 'To'), tagOf(peer.last('SIP/2.0 180'), 'To'));
  assert.deepEqual(reasons, ['SIP;cause=200;text="elsewhere"']);
  assert.equal(stack.invites[0]!.state, 'cancelled');
  // Rejecting after the fact does nothing, accepting is a bug.
  stack.invites[0]!.reject(486);
  assert.throws(() => stack.invites[0]!.accept({}));
  await rig.end();
  assert.equal(stack.stats().transactions, 0);

  peer.restart();
  stack.onInvite = (invite) => void invite.accept({});
  peer.send(ours, rawRequest(peer.address, { branch: 'z9hG4bKb', callId: 'call-2' }));
  await rig.clock.runFor(5);
  assert.equal(statusOf(await ask({ ...cancel, branch: 'z9hG4bKb', callId: 'call-2' })), 200);
  await rig.clock.runFor(5);
  assert.equal(peer.statuses.includes(487), false);
});

test('BYE in the early dialog: 200 to it, 487 to the INVITE', async () => {
  const { rig, stack, peer, ask } = await facing();
  peer.send(ours, rawRequest(peer.address));
  await rig.clock.runFor(5);
  stack.invites[0]!.progress(180);
  let told = '';
  stack.invites[0]!.onCancel = (request) => {
    told = request.method;
  };
  await rig.clock.runFor(5);
  await ask({ method: 'BYE', cseq: 2, toTag: tagOf(peer.last('SIP/2.0 180'), 'To')! });
  assert.deepEqual(peer.statuses, [100, 180, 200, 487]);
  assert.equal(told, 'BYE');
});

test('in the early dialog of a caller: our UPDATE, theirs without an offer, and 500 for theirs with one', async () => {
  const { rig, stack, peer, ask } = await facing();
  peer.send(ours, rawRequest(peer.address, { body: 'v=0' }));
  await rig.clock.runFor(5);
  const invite = stack.invites[0]!;
  invite.progress(180);
  const updated = invite.send('UPDATE');
  await rig.clock.runFor(5);
  peer.send(ours, rawResponse(peer.last('UPDATE'), '200 OK'));
  assert.equal((await rig.clock.settle(updated)).status, 200);
  const toTag = tagOf(peer.last('SIP/2.0 180'), 'To')!;
  assert.equal(statusOf(await ask({ method: 'UPDATE', cseq: 2, toTag })), 200);
  const refused = await ask({ method: 'UPDATE', cseq: 3, toTag, body: 'v=0' });
  assert.equal(statusOf(refused), 500);
  assert.ok(headerOf(refused, 'Retry-After'));
  assert.equal(statusOf(await ask({ method: 'INVITE', cseq: 4, toTag })), 500);
  assert.equal(invite.state, 'proceeding');
  invite.reject(486);
  await rig.end();
  assert.equal(stack.stats().dialogs, 0);
});

test('an INVITE that has said how long it stands is over after that: 487', async () => {
  const { rig, stack, peer } = await facing();
  peer.send(ours, rawRequest(peer.address, { headers: { Expires: '5' } }));
  await rig.clock.runFor(5);
  let cancelled = false;
  stack.invites[0]!.onCancel = () => {
    cancelled = true;
  };
  await rig.clock.runFor(4990);
  assert.equal(cancelled, false);
  await rig.clock.runFor(10);
  assert.equal(cancelled, true);
  assert.equal(peer.statuses[1], 487);
});

test('a ringing INVITE repeats its 180 every minute', async () => {
  const { rig, stack, peer } = await facing();
  peer.send(ours, rawRequest(peer.address));
  await rig.clock.runFor(5);
  stack.invites[0]!.progress(180);
  await rig.clock.runFor(125_000);
  assert.deepEqual(peer.timesOf('SIP/2.0 180').map(Math.round), [5, 60_005, 120_005]);
  stack.invites[0]!.reject(480);
  await rig.end();
  assert.equal(peer.timesOf('SIP/2.0 180').length, 3);
});

test('responses go back by rport, else to the port of the Via, with received where the address differs', async () => {
  const { rig, peer } = await facing();
  const via = (value: string): string => rawRequest(peer.address, { method: 'OPTIONS', headers: { Via: value } });
  const other = await RawPeer.open(rig, '10.0.0.1', 6000);
  other.send(ours, via('SIP/2.0/UDP 192.168.1.9:7000;branch=z9hG4bKa;rport'));
  await rig.clock.runFor(5);
  assert.match(
    other.received[0]!,
    /^Via: SIP\/2\.0\/UDP 192\.168\.1\.9:7000;branch=z9hG4bKa;rport=6000;received=10\.0\.0\.1\r$/m,
  );
  other.send(ours, via('SIP/2.0/UDP 192.168.1.9;branch=z9hG4bKb').replace('call-1', 'call-2'));
  await rig.clock.runFor(5);
  assert.equal(other.received.length, 1);
  assert.match(peer.received[0]!, /^Via: SIP\/2\.0\/UDP 192\.168\.1\.9;branch=z9hG4bKb;received=10\.0\.0\.1\r$/m);
});

test('maddr in a Via sends no response to a third party', async () => {
  const { rig, peer } = await facing();
  const victim = await RawPeer.open(rig, '10.0.0.9');
  const Via = 'SIP/2.0/UDP 10.0.0.1:5060;maddr=10.0.0.9;branch=z9hG4bKmaddr';
  peer.send(ours, rawRequest(peer.address, { method: 'OPTIONS', headers: { Via } }));
  await rig.clock.runFor(5);
  assert.deepEqual(victim.received, []);
  assert.equal(peer.received.length, 1);
});

test('Record-Route is copied in order, several Vias too, Timestamp into 100', async () => {
  const { rig, stack, peer } = await facing();
  const lines = [
    'INVITE sip:bob@10.0.0.2 SIP/2.0',
    'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKtop, SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKlow',
    'Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>',
    'Record-Route: <sip:p0.example.com;lr>',
    'From: <sip:a@b>;tag=1',
    'To: <sip:bob@10.0.0.2>',
    'Call-ID: rr',
    'CSeq: 1 INVITE',
    'Timestamp: 54',
    'Contact: <sip:raw@10.0.0.1>',
  ];
  peer.send(ours, message(lines));
  await rig.clock.runFor(5);
  stack.invites[0]!.progress(183);
  await rig.clock.runFor(5);
  assert.equal(headerOf(peer.received[0]!, 'Timestamp'), '54');
  assert.equal(headerOf(peer.received[0]!, 'Record-Route'), undefined);
  const routes = peer.received[1]!.match(/^Record-Route: .*$/gm)?.map((line) => line.trim());
  assert.deepEqual(routes, [lines[2], lines[3]]);
  assert.match(peer.received[1]!, /branch=z9hG4bKtop.*branch=z9hG4bKlow/s);
  stack.invites[0]!.reject(480);
});

test('garbage, keep-alives and half messages are counted, and never answered to nobody', async () => {
  const { rig, stack, peer } = await facing();
  for (const bytes of [
    '',
    '\r\n\r\n',
    '\0',
    'hello',
    'SIP/2.0 200\r\n',
    'INVITE\r\n\r\n',
    '\xff\xfe\r\n\r\n'.repeat(20),
  ]) {
    peer.send(ours, Buffer.from(bytes, 'latin1'));
  }
  await rig.clock.runFor(5);
  assert.equal(peer.received.length, 0);
  assert.equal(stack.stats().bad, 4);
  assert.equal(stack.stats().transactions, 0);
});
