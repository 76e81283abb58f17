// Where a request goes and what it survives: names, dead targets, 503, large messages, challenges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, RawPeer, type RigStack, rawResponse, SipRig, sdp } from '../../test/kit/sip.ts';
import { addressText, type Fault, isFault } from '../base/index.ts';
import { parseCredentials, verifyCredentials } from './digest.ts';
import type { SipResponse } from './message/index.ts';

const ours = { host: '10.0.0.2', port: 5060 };
const from = { uri: 'sip:us@10.0.0.2' };

async function rigged(): Promise<{ rig: SipRig; stack: RigStack }> {
  const rig = new SipRig(5);
  return { rig, stack: await rig.stack(ours.host) };
}

async function finish(rig: SipRig): Promise<void> {
  await rig.end();
  for (const stack of rig.stacks) {
    const { transactions, dialogs, connections } = stack.stats();
    assert.deepEqual({ transactions, dialogs, connections }, { transactions: 0, dialogs: 0, connections: 0 });
  }
  await rig.close();
}

/** The outcome of a call as text: 'answered', the status, or the fault's code. */
async function outcome(
  rig: SipRig,
  stack: RigStack,
  options: { uri: string; large?: boolean; auth?: { username: string; password: string } },
): Promise<string> {
  const headers: Record<string, string> = options.large ? { 'X-Large': 'x'.repeat(1300) } : {};
  const call = stack.invite({ from, body: sdp(), ...options, headers });
  const done = new Promise<string>((resolve) => {
    call.onAnswer = (dialog) => {
      dialog.onEnd = (end) => resolve(`answered, ended by ${end.by}`);
      void dialog.bye();
    };
    call.onFailure = (failure: SipResponse | Fault) =>
      resolve(isFault(failure) ? failure.code : String(failure.status));
  });
  return rig.clock.settle(done);
}

const answering = (stack: RigStack): void => {
  stack.onInvite = (invite) => void invite.accept({ body: sdp() });
};

test('SRV: the next target after silence, after a refused connection, and after 503', async () => {
  const { rig, stack } = await rigged();
  const [busy, good] = [await rig.stack('10.0.0.4'), await rig.stack('10.0.0.5')];
  busy.onInvite = (invite) => invite.reject(503);
  answering(good);
  rig.net.dns.set('dead.example', { a: ['10.0.0.3'] });
  rig.net.dns.set('busy.example', { a: ['10.0.0.4'] });
  rig.net.dns.set('good.example', { a: ['10.0.0.5'] });
  const record = (name: string, priority: number) => ({ name, port: 5060, priority, weight: 1 });
  for (const transport of ['udp', 'tcp']) {
    rig.net.dns.set(`_sip._${transport}.example.com`, {
      srv: [record('good.example', 30), record('busy.example', 20), record('dead.example', 10)],
    });
  }
  for (const [uri, limit] of [
    ['sip:bob@example.com', 33_000],
    ['sip:bob@example.com;transport=tcp', 5000],
  ] as const) {
    const before = rig.clock.now();
    assert.equal(await outcome(rig, stack, { uri }), 'answered, ended by local');
    assert.ok(rig.clock.now() - before < limit);
  }
  assert.equal(busy.log.filter((line) => line === '< INVITE').length, 2);
  assert.equal(good.log.filter((line) => line === '< INVITE').length, 2);
  const branches = stack.traces.filter(
    (t) => t.direction === 'out' && t.summary.startsWith('INVITE') && !t.retransmission,
  );
  assert.equal(new Set(branches.map((t) => t.message.header('Via'))).size, branches.length);
  await finish(rig);
});

test('when every target fails the last failure is told', async () => {
  const { rig, stack } = await rigged();
  const busy = await rig.stack('10.0.0.4');
  busy.onInvite = (invite) => invite.reject(503);
  rig.net.dns.set('two.example', { a: ['10.0.0.3', '10.0.0.4'] });
  assert.equal(await outcome(rig, stack, { uri: 'sip:bob@two.example:5060' }), '503');
  rig.net.dns.set('dead.example', { a: ['10.0.0.3'] });
  assert.equal(await outcome(rig, stack, { uri: 'sip:bob@dead.example' }), 'sip-timeout');
  assert.equal(await outcome(rig, stack, { uri: 'sip:bob@dead.example;transport=tcp' }), 'sip-transport');
  await finish(rig);
});

test('names that cannot be found, and URIs that cannot be reached', async () => {
  const { rig, stack } = await rigged();
  for (const uri of [
    'sip:bob@nowhere.example',
    'sips:bob@10.0.0.1',
    'tel:+15551234',
    'sip:bob@10.0.0.1;transport=tls',
  ]) {
    assert.equal(await outcome(rig, stack, { uri }), 'sip-dns', uri);
  }
  assert.equal(await outcome(rig, stack, { uri: 'sip:bob@[2001:db8::1]' }), 'sip-transport');
  rig.net.dns.failing = true;
  assert.equal(await outcome(rig, stack, { uri: 'sip:bob@somewhere.example' }), 'sip-dns');
  await finish(rig);
});

test('what no peer could read is refused before it is sent', async () => {
  const { rig, stack } = await rigged();
  for (const uri of ['nonsense', '', 'sip:a b@10.0.0.3', 'sip:a@10.0.0.3>;tag=x', 'sip:a@10.0.0.3\r\nX-Evil: yes']) {
    assert.equal(await outcome(rig, stack, { uri }), 'sip-bad-request', uri);
    const call = stack.invite({ uri: 'sip:x@10.0.0.3', from: { uri } });
    const failure = await rig.clock.settle(
      new Promise((resolve) => {
        call.onFailure = resolve;
      }),
    );
    assert.ok(isFault(failure) && failure.code === 'sip-bad-request');
    await assert.rejects(stack.request({ method: 'MESSAGE', uri, from }), { code: 'sip-bad-request' });
  }
  await assert.rejects(stack.request({ method: 'A B', uri: 'sip:x@10.0.0.3', from }), { code: 'sip-bad-request' });
  assert.deepEqual(stack.log, []);
  await finish(rig);
});

test('a call cancelled while its name is looked up is never sent', async () => {
  const { rig, stack } = await rigged();
  rig.net.dns.delayMs = 500;
  rig.net.dns.set('slow.example', { a: ['10.0.0.3'] });
  const call = stack.invite({ uri: 'sip:bob@slow.example:5060', from });
  let failure = 0;
  call.onFailure = (one) => {
    failure = isFault(one) ? -1 : one.status;
  };
  await rig.clock.runFor(100);
  call.cancel();
  await rig.clock.runFor(1000);
  assert.equal(failure, 487);
  assert.deepEqual(stack.log, []);
  await finish(rig);
});

test('a large request goes over TCP', async () => {
  const { rig, stack } = await rigged();
  const bob = await rig.stack('10.0.0.3');
  answering(bob);
  assert.equal(await outcome(rig, stack, { uri: bob.uri('bob'), large: true }), 'answered, ended by local');
  const invite = stack.traces[0]!;
  assert.equal(invite.peer.transport, 'tcp');
  assert.match(invite.message.header('Via')!, /^SIP\/2\.0\/TCP /);
  assert.equal(invite.message.header('Contact'), '<sip:10.0.0.2:5060>');
  await finish(rig);
});

test('a large request goes over UDP after all when TCP is refused, and the refusal is remembered', async () => {
  const { rig, stack } = await rigged();
  const peer = await RawPeer.open(rig, '10.0.0.3');
  const large = { method: 'MESSAGE', uri: 'sip:raw@10.0.0.3', from, headers: { 'X-Large': 'x'.repeat(1300) } };
  for (const expected of [['tcp', 'udp'], ['udp']]) {
    stack.traces.length = 0;
    peer.restart();
    const asked = stack.request(large);
    await rig.clock.runFor(100);
    assert.match(peer.received[0]!, /^MESSAGE [\s\S]*Via: SIP\/2\.0\/UDP /);
    peer.send(ours, rawResponse(peer.received[0]!, '200 OK'));
    assert.equal((await rig.clock.settle(asked)).status, 200);
    assert.deepEqual(
      stack.traces.filter((t) => t.direction === 'out').map((t) => t.peer.transport),
      expected,
    );
  }
  // A peer that swallows the connection costs one second.
  rig.net.link({ to: '10.0.0.4' }, { blackhole: true });
  const swallowed = stack.request({ ...large, uri: 'sip:raw@10.0.0.4' }).catch(() => {});
  await rig.clock.runFor(1100);
  assert.equal(stack.traces.at(-1)!.peer.transport, 'udp');
  await rig.clock.settle(swallowed);
  await finish(rig);
});

const challenge = (realm: string, nonce: string, more = ''): string =>
  `Digest realm="${realm}", nonce="${nonce}", algorithm=MD5, qop="auth"${more}`;

test('401 and 407 are answered once per realm, stale ones again; the ACK carries the credentials', async () => {
  const { rig, stack } = await rigged();
  const peer = await RawPeer.open(rig, '10.0.0.3');
  const call = stack.invite({
    uri: 'sip:raw@10.0.0.3',
    from,
    body: sdp(),
    auth: { username: 'u', password: 'secret' },
  });
  let answered = false;
  call.onAnswer = (dialog) => {
    answered = true;
    void dialog.bye();
  };
  await rig.clock.runFor(5);
  const answer = async (status: string, headers: Record<string, string> = {}): Promise<void> => {
    peer.send(ours, rawResponse(peer.last('INVITE'), status, { toTag: 'x', headers }));
    await rig.clock.runFor(5);
  };
  await answer('407 Proxy Authentication Required', { 'Proxy-Authenticate': challenge('proxy', 'n1') });
  await answer('407 Proxy Authentication Required', { 'Proxy-Authenticate': challenge('proxy', 'n2', ', stale=true') });
  await answer('401 Unauthorized', { 'WWW-Authenticate': challenge('home', 'n3') });
  const invites = peer.received.filter((text) => text.startsWith('INVITE'));
  assert.equal(invites.length, 4);
  const numbers = invites.map((text) => Number(headerOf(text, 'CSeq')!.split(' ')[0]));
  assert.deepEqual(
    numbers,
    [0, 1, 2, 3].map((n) => numbers[0]! + n),
  );
  assert.equal(new Set(invites.map((text) => headerOf(text, 'Call-ID'))).size, 1);
  assert.equal(new Set(invites.map((text) => headerOf(text, 'From'))).size, 1);
  for (const [name, nonce] of [
    ['Proxy-Authorization', 'n2'],
    ['Authorization', 'n3'],
  ] as const) {
    const credentials = parseCredentials(headerOf(invites[3]!, name)!)!;
    assert.equal(credentials.nonce, nonce);
    assert.ok(verifyCredentials(credentials, { method: 'INVITE', uri: 'sip:raw@10.0.0.3' }, { password: 'secret' }));
  }
  await answer('200 OK', { Contact: '<sip:raw@10.0.0.3>' });
  assert.ok(answered);
  const ack = peer.last('ACK');
  assert.equal(headerOf(ack, 'Authorization'), headerOf(invites[3]!, 'Authorization'));
  assert.equal(headerOf(ack, 'CSeq'), `${numbers[3]} ACK`);
  const bye = peer.last('BYE');
  assert.equal(headerOf(bye, 'CSeq'), `${numbers[3]! + 1} BYE`);
  peer.send(ours, rawResponse(bye, '401 Unauthorized', { headers: { 'WWW-Authenticate': challenge('home', 'n4') } }));
  await rig.clock.runFor(5);
  assert.ok(headerOf(peer.last('BYE'), 'Authorization'));
  peer.send(ours, rawResponse(peer.last('BYE'), '200 OK'));
  await finish(rig);
});

test('a wrong password, no password, and a challenge we do not understand are failures', async () => {
  const { rig, stack } = await rigged();
  const bob = await rig.stack('10.0.0.3');
  let asked = 0;
  let header = challenge('home', 'n');
  bob.onInvite = (invite) => {
    asked++;
    invite.reject(401, undefined, { headers: { 'WWW-Authenticate': header } });
  };
  const auth = { username: 'u', password: 'wrong' };
  assert.equal(await outcome(rig, stack, { uri: bob.uri('bob'), auth }), '401');
  assert.equal(asked, 2);
  assert.equal(await outcome(rig, stack, { uri: bob.uri('bob') }), '401');
  assert.equal(asked, 3);
  for (header of ['Basic realm="x"', 'Digest broken', 'Digest realm="x", nonce="y", algorithm=SHA-999']) {
    assert.equal(await outcome(rig, stack, { uri: bob.uri('bob'), auth }), '401');
  }
  // A server that calls every answer stale does not keep us busy for ever.
  asked = 0;
  header = challenge('home', 'n', ', stale=true');
  assert.equal(await outcome(rig, stack, { uri: bob.uri('bob'), auth }), '401');
  assert.equal(asked, 5);
  await finish(rig);
});

test('a proxy of our choice gets the request; the Request-URI stays', async () => {
  const { rig, stack } = await rigged();
  const peer = await RawPeer.open(rig, '10.0.0.3', 5080);
  const proxy = `sip:${addressText(peer.address)}`;
  void stack.request({ method: 'MESSAGE', uri: 'sip:bob@far.example', from, proxy }).catch(() => {});
  stack.invite({ uri: 'sip:bob@far.example', from, proxy });
  await rig.clock.runFor(5);
  for (const text of peer.received) {
    assert.match(text, /^\w+ sip:bob@far\.example SIP\/2\.0/);
    assert.equal(headerOf(text, 'Route'), `<${proxy};lr>`);
  }
  assert.equal(peer.received.length, 2);
  await finish(rig);
});
