// Simulated web servers and names: what they can do to a client, and that nothing is left open.
import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import type { HttpRequest, WsConnectOptions } from '../index.ts';
import { type SimHost, SimNet, type SimServerState, type SimWsPeer, seededRandom, VirtualClock } from './index.ts';

let clock: VirtualClock;
let net: SimNet;
let client: SimHost;

beforeEach(() => {
  clock = new VirtualClock();
  net = new SimNet({ clock, random: seededRandom('web') });
  client = net.host('10.0.0.1');
});

const url = 'http://app.example/hook';
const ask = (more: Partial<HttpRequest> = {}): Promise<{ status: number; body: Uint8Array }> =>
  clock.settle(client.http({ method: 'GET', url, timeoutMs: 500, maxBodyBytes: 1000, ...more }));
const socketUrl = 'ws://app.example/socket';
const open: WsConnectOptions = {
  url: socketUrl,
  protocols: ['p'],
  handshakeTimeoutMs: 500,
  maxRedirects: 0,
  maxMessageBytes: 1000,
};

it('behaves badly in every way it is told, at any moment', async () => {
  const server = net.serveHttp('http://app.example', () => ({ body: { ok: true } }));
  assert.equal(Buffer.from((await ask()).body).toString(), '{"ok":true}');
  const expected: [SimServerState, string][] = [
    ['refusing', 'http-refused'],
    ['resetting', 'http-reset'],
    ['hanging', 'http-timeout'],
    ['garbage', 'http-failed'],
  ];
  for (const [state, code] of expected) {
    server.state = state;
    await assert.rejects(ask(), { code });
  }
  server.state = 'up';
  assert.equal((await ask()).status, 200);
  assert.equal(server.requests, 2);
  server.close();
  await assert.rejects(ask(), { code: 'http-dns' });
  net.dns.set('app.example', { a: ['10.0.0.7'] });
  await assert.rejects(ask(), { code: 'http-refused' });
  assert.equal(net.open().web, 0);
  assert.equal(clock.pendingTimers, 0);
});

it('takes its time in virtual time', async () => {
  const server = net.serveHttp('http://app.example', () => ({ bodyDelayMs: 200 }));
  server.latencyMs = 100;
  const start = clock.now();
  await ask();
  assert.equal(clock.now() - start, 300);
});

it('answers 500 when the handler throws', async () => {
  net.serveHttp('http://app.example', () => {
    throw new Error('broken application');
  });
  const answer = await ask();
  assert.equal(answer.status, 500);
  assert.equal(Buffer.from(answer.body).toString(), 'broken application');
});

it('ends what is under way when the client closes', async () => {
  net.serveHttp('http://app.example', () => new Promise(() => {}));
  net.serveWs(socketUrl, () => {});
  const socket = await clock.settle(client.ws(open));
  const codes: number[] = [];
  socket.onClose = (code) => codes.push(code);
  const pending = client.http({ method: 'GET', url, timeoutMs: 500, maxBodyBytes: 1000 });
  const ended = assert.rejects(pending, { code: 'http-failed' });
  await clock.runFor(10);
  assert.equal(net.open().web, 2);
  await client.close();
  await ended;
  await clock.runUntilIdle();
  assert.deepEqual(codes, [1006]);
  assert.equal(net.open().web, 0);
});

it('kills, refuses and hangs WebSockets', async () => {
  const peers: SimWsPeer[] = [];
  const server = net.serveWs(socketUrl, (peer) => peers.push(peer));
  const socket = await clock.settle(client.ws(open));
  const codes: string[] = [];
  socket.onClose = (code) => codes.push(`near ${code}`);
  peers[0]!.onClose = (code) => codes.push(`far ${code}`);
  assert.equal(server.connections.size, 1);
  server.kill();
  await clock.runFor(10);
  assert.deepEqual(codes.sort(), ['far 1006', 'near 1006']);
  assert.equal(server.connections.size, 0);
  const expected: [SimServerState | number, string][] = [
    ['refusing', 'http-refused'],
    ['resetting', 'http-reset'],
    ['garbage', 'http-failed'],
    ['hanging', 'http-timeout'],
    [503, 'ws-status'],
  ];
  for (const [state, code] of expected) {
    server.state = state;
    await assert.rejects(clock.settle(client.ws(open)), { code });
  }
  server.close();
  await assert.rejects(clock.settle(client.ws(open)), { code: 'http-dns' });
  assert.equal(clock.pendingTimers, 0);
});

it('lets the sender see that a server does not read', async () => {
  const heard: (string | Uint8Array)[] = [];
  const server = net.serveWs(socketUrl, (peer) => {
    peer.onMessage = (data) => heard.push(data);
  });
  const socket = await clock.settle(client.ws(open));
  server.stalled = true;
  for (let i = 0; i < 10; i++) socket.send('x'.repeat(100));
  await clock.runFor(1000);
  assert.equal(socket.bufferedBytes, 1000);
  assert.equal(heard.length, 0);
  server.stalled = false;
  await clock.runFor(100);
  assert.equal(socket.bufferedBytes, 0);
  assert.equal(heard.length, 10);
  server.stalled = true;
  let code = 0;
  socket.onClose = (ended) => {
    code = ended;
  };
  socket.close(1000);
  await clock.runUntilIdle();
  assert.equal(code, 1006);
});

it('has names, outages and delays', async () => {
  net.dns.set('Sip.Example.', { a: ['10.0.0.5'], srv: [{ name: 'sip.example', port: 5060, priority: 1, weight: 1 }] });
  net.dns.delayMs = 30;
  const start = clock.now();
  assert.deepEqual(await clock.settle(client.resolver.a('sip.example')), ['10.0.0.5']);
  assert.equal(clock.now() - start, 30);
  assert.equal((await clock.settle(client.resolver.srv('sip.example')))[0]?.port, 5060);
  assert.deepEqual(await clock.settle(client.resolver.aaaa('sip.example')), []);
  assert.deepEqual(await clock.settle(client.resolver.a('absent.example')), []);
  net.dns.failing = true;
  await assert.rejects(clock.settle(client.resolver.a('sip.example')), { code: 'dns-failed' });
  assert.deepEqual(await clock.settle(client.resolver.a('127.0.0.1')), ['127.0.0.1']);
  net.dns.failing = false;
  net.dns.delete('sip.example');
  assert.deepEqual(await clock.settle(client.resolver.a('sip.example')), []);
});
