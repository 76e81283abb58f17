// UDP and TCP: binding, connections and whose they are, keep-alives, limits of patience.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf, RawPeer, type RigStack, rawRequest, SipRig, sdp, tagOf } from '../../../test/kit/sip.ts';
import { type Address, isFault, silentLog, type TcpConnection } from '../../base/index.ts';
import { createSipStack } from '../stack.ts';

const ours = { host: '10.0.0.2', port: 5060 };

/** A raw TCP peer. */
class Stream {
  text = '';
  closed = false;
  readonly connection: TcpConnection;

  constructor(connection: TcpConnection) {
    this.connection = connection;
    connection.onData = (data) => {
      this.text += Buffer.from(data).toString('latin1');
    };
    connection.onClose = () => {
      this.closed = true;
    };
  }

  static async open(rig: SipRig, from: string, to: Address = ours): Promise<Stream> {
    return new Stream(await rig.clock.settle(rig.net.host(from).tcpConnect(to, { timeoutMs: 1000 })));
  }

  get lines(): string[] {
    return this.text.match(/^(?:SIP\/2\.0 \d+|[A-Z]+ sip:)/gm) ?? [];
  }
}

async function facing(): Promise<{ rig: SipRig; stack: RigStack }> {
  const rig = new SipRig();
  return { rig, stack: await rig.stack(ours.host) };
}

const overTcp = (request: string): string => request.replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
const from = { host: '10.0.0.1', port: 5070 };

test('port 0 gives UDP and TCP the same number; a taken address is a clear fault and leaves nothing open', async () => {
  const { rig, stack } = await facing();
  assert.equal(stack.udp.port, 5060);
  const free = await rig.stack('10.0.0.3', { bind: { host: '10.0.0.3', port: 0 } });
  assert.ok(free.udp.port > 0);
  assert.equal(free.tcp.port, free.udp.port);
  const open = rig.net.open();
  for (const protocol of ['udp', 'tcp'] as const) {
    const host = rig.net.host('10.0.0.4');
    const bind = { host: '10.0.0.4', port: 5060 };
    const taken = protocol === 'udp' ? await host.udp(bind) : await host.tcpListen(bind);
    const options = { clock: rig.clock, random: rig.random, log: silentLog, userAgent: 'x', network: host, bind };
    const started = createSipStack(options)
      .start()
      .catch((error: unknown) => error);
    const fault = await rig.clock.settle(started);
    assert.ok(isFault(fault) && fault.code === 'sip-bind');
    assert.match(fault.message, /10\.0\.0\.4 port 5060/);
    await taken.close();
  }
  assert.deepEqual(rig.net.open(), open);
  await rig.close();
  assert.deepEqual(rig.net.open(), { udp: 0, tcpListeners: 0, tcpConnections: 0, web: 0 });
});

test('an advertised host stands in Via and Contact', async () => {
  const rig = new SipRig();
  const stack = await rig.stack('10.0.0.2', { bind: { host: '0.0.0.0', port: 5060 }, advertise: '203.0.113.9' });
  const peer = await RawPeer.open(rig, '10.0.0.1');
  stack.invite({ uri: 'sip:raw@10.0.0.1', from: { uri: 'sip:us@example.com' } });
  await rig.clock.runFor(5);
  assert.match(headerOf(peer.received[0]!, 'Via')!, /^SIP\/2\.0\/UDP 203\.0\.113\.9:5060;/);
  assert.equal(headerOf(peer.received[0]!, 'Contact'), '<sip:203.0.113.9:5060>');
  await rig.close();
});

test('a double CRLF is answered by one, on TCP', async () => {
  const { rig } = await facing();
  const stream = await Stream.open(rig, '10.0.0.1');
  stream.connection.send('\r\n\r\n');
  await rig.clock.runFor(5);
  assert.equal(stream.text, '\r\n');
  await rig.close();
});

test('messages in pieces and several at once; answers go back over the same connection', async () => {
  const { rig, stack } = await facing();
  const stream = await Stream.open(rig, '10.0.0.1');
  const options = (callId: string): string => overTcp(rawRequest(from, { method: 'OPTIONS', callId }));
  for (const byte of options('one')) stream.connection.send(byte);
  await rig.clock.runFor(5);
  stream.connection.send(options('two') + options('three'));
  await rig.clock.runFor(5);
  assert.deepEqual(stream.lines, ['SIP/2.0 200', 'SIP/2.0 200', 'SIP/2.0 200']);
  assert.equal(stack.stats().connections, 1);
  await rig.close();
});

test('a stream that is no SIP gets 400 where possible, and is closed', async () => {
  const { rig, stack } = await facing();
  const noLength = await Stream.open(rig, '10.0.0.1');
  const lines = overTcp(rawRequest(from, { method: 'OPTIONS' })).split('\r\n');
  noLength.connection.send(lines.filter((line) => !line.startsWith('Content-Length')).join('\r\n'));
  const noise = await Stream.open(rig, '10.0.0.1');
  noise.connection.send(Buffer.alloc(70_000, 0x80));
  await rig.clock.runFor(50);
  assert.deepEqual(noLength.lines, ['SIP/2.0 400']);
  assert.ok(noLength.closed && noise.closed);
  assert.equal(noise.text, '');
  assert.equal(stack.stats().connections, 0);
  assert.equal(stack.stats().bad, 2);
  await rig.close();
});

test('a connection that never says a message is closed after 30 s, one that did after five idle minutes', async () => {
  const { rig } = await facing();
  const mute = await Stream.open(rig, '10.0.0.1');
  const slow = await Stream.open(rig, '10.0.0.1');
  const fine = await Stream.open(rig, '10.0.0.1');
  fine.connection.send(overTcp(rawRequest(from, { method: 'OPTIONS' })));
  for (let second = 0; second < 45; second++) {
    slow.connection.send('I');
    await rig.clock.runFor(1000);
  }
  assert.deepEqual([mute.closed, slow.closed, fine.closed], [true, true, false]);
  fine.connection.send('\r\n\r\n');
  await rig.clock.runFor(295_000);
  assert.equal(fine.closed, false);
  await rig.clock.runFor(20_000);
  assert.equal(fine.closed, true);
  await rig.close();
});

test('a call keeps its connection, however long nobody says anything, and BYE comes over it', async () => {
  const { rig, stack } = await facing();
  stack.onInvite = (invite) => void stack.invites.push(invite);
  const stream = await Stream.open(rig, '10.0.0.1');
  // The Contact's port is closed, as that of a phone behind NAT.
  stream.connection.send(overTcp(rawRequest(from, { headers: { Contact: '<sip:raw@10.0.0.1:5999;transport=tcp>' } })));
  await rig.clock.runFor(5);
  const dialog = stack.invites[0]!.accept({ body: sdp() });
  await rig.clock.runFor(5);
  const toTag = tagOf(/SIP\/2\.0 200[\s\S]*/.exec(stream.text)![0], 'To')!;
  stream.connection.send(overTcp(rawRequest(from, { method: 'ACK', toTag })));
  await rig.clock.runFor(3_600_000);
  assert.equal(stream.closed, false);
  void dialog.bye();
  await rig.clock.runFor(5);
  assert.equal(stream.lines.at(-1), 'BYE sip:');
  await rig.end();
  assert.equal(stream.closed, true);
  assert.equal(stack.stats().connections, 0);
  await rig.close();
});

test('a final response whose connection is gone goes over a new one to the address in the Via', async () => {
  const { rig, stack } = await facing();
  let back: Stream | undefined;
  const listener = await rig.clock.settle(rig.net.host('10.0.0.1').tcpListen(from));
  listener.onConnection = (connection) => {
    back = new Stream(connection);
  };
  const stream = await Stream.open(rig, '10.0.0.1');
  stream.connection.send(overTcp(rawRequest(from)));
  await rig.clock.runFor(5);
  stream.connection.destroy();
  await rig.clock.runFor(5);
  stack.invites[0]!.reject(486);
  await rig.clock.runFor(50);
  assert.deepEqual(back?.lines, ['SIP/2.0 486']);
  await listener.close();
  await rig.close();
});

test('requests to one address share one connection, a broken one is made again', async () => {
  const { rig, stack } = await facing();
  const bob = await rig.stack('10.0.0.3');
  const ask = (): Promise<unknown> =>
    rig.clock.settle(
      Promise.all(
        [1, 2, 3].map(() =>
          stack.request({ method: 'OPTIONS', uri: bob.uri('bob', ';transport=tcp'), from: { uri: 'sip:us@x' } }),
        ),
      ),
    );
  await ask();
  await ask();
  assert.deepEqual([stack.stats().connections, bob.stats().connections], [1, 1]);
  rig.net.host('10.0.0.3').resetTcp();
  await rig.clock.runFor(5);
  assert.deepEqual([stack.stats().connections, bob.stats().connections], [0, 0]);
  await ask();
  assert.deepEqual([stack.stats().connections, bob.stats().connections], [1, 1]);
  await rig.close();
});

test('a message of 64 KiB passes over TCP, a larger one does not', async () => {
  const { rig, stack } = await facing();
  let heard = 0;
  stack.onRequest = (request) => {
    heard = request.request.body.length;
    request.respond(200);
  };
  const stream = await Stream.open(rig, '10.0.0.1');
  const text = (length: number): string =>
    overTcp(rawRequest(from, { method: 'MESSAGE', callId: `c${length}`, body: 'x'.repeat(length) }));
  stream.connection.send(text(64_000));
  await rig.clock.runFor(50);
  assert.equal(heard, 64_000);
  stream.connection.send(text(65_500));
  await rig.clock.runFor(50);
  assert.deepEqual(stream.lines, ['SIP/2.0 200', 'SIP/2.0 513']);
  assert.equal(stream.closed, true);
  await rig.close();
});
