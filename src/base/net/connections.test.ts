// What only the real network can get wrong: kept connections, slow readers, IPv6, bad peers, and the end.
import assert from 'node:assert/strict';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, it } from 'node:test';
import { type HttpRequest, type Network, realClock } from '../index.ts';
import { httpGatherBytes, tcpSendLimitBytes } from '../limits.ts';
import { realNetwork } from './index.ts';

let network: Network;
const servers: (Server | HttpServer)[] = [];
const sockets = new Set<Socket>();

before(() => {
  network = realNetwork({ clock: realClock() });
});

after(async () => {
  await network.close();
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
});

async function listen(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, more: Partial<HttpRequest> = {}): ReturnType<Network['http']> =>
  network.http({ method: 'GET', url: `http://127.0.0.1:${port}/`, timeoutMs: 2000, maxBodyBytes: 1000, ...more });

it('keeps HTTP connections and uses them again', async () => {
  const seen = new Set<unknown>();
  const port = await listen(
    createHttpServer((request, response) => {
      seen.add(request.socket);
      response.end('ok');
    }),
  );
  for (let i = 0; i < 10; i++) await ask(port);
  // undici rests a connection for one turn after each answer, so two take turns.
  assert.ok(seen.size <= 2, `${seen.size}`);
  await Promise.all(Array.from({ length: 5 }, () => ask(port)));
  assert.ok(seen.size <= 7, `${seen.size}`);
});

it('does not use a connection again after giving up on it', async () => {
  let hang = true;
  const port = await listen(
    createHttpServer((_request, response) => {
      if (!hang) response.end('second');
    }),
  );
  await assert.rejects(ask(port, { timeoutMs: 50 }), { code: 'http-timeout' });
  hang = false;
  assert.equal(Buffer.from((await ask(port)).body).toString(), 'second');
});

it('times out while connecting to a server that accepts nothing more', async () => {
  // TEST-NET-1 (RFC 5737): nobody answers there. Without any network the refusal comes at once, which is as good.
  const request = network.http({ method: 'GET', url: 'http://192.0.2.1/', timeoutMs: 80, maxBodyBytes: 10 });
  await assert.rejects(request, (fault: { code: string }) => ['http-timeout', 'http-refused'].includes(fault.code));
});

it('takes what is not HTTP for a failure, and too long a header too', async () => {
  const answers = ['HELLO I AM NOT HTTP\r\n\r\n', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`];
  for (const answer of answers) {
    const port = await listen(createServer((socket) => void socket.on('error', () => {}).write(answer)));
    await assert.rejects(ask(port), { code: 'http-failed' });
  }
});

it('gathers a large body, whether its length is stated, not stated, or stated of no body at all', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 4 * httpGatherBytes + 7 }, (_, i) => (i * 31) % 251));
  const port = await listen(
    createHttpServer(async ({ url }, response) => {
      if (url !== '/unstated') response.setHeader('content-length', bytes.length);
      response.statusCode = url === '/none' ? 304 : 200;
      for (let at = 0; url !== '/none' && at < bytes.length; at += 100_000) {
        response.write(bytes.subarray(at, at + 100_000));
        if (at % 3 === 0) await new Promise((done) => setImmediate(done));
      }
      response.end();
    }),
  );
  for (const path of ['stated', 'unstated', 'none']) {
    const url = `http://127.0.0.1:${port}/${path}`;
    const { body } = await ask(port, { url, maxBodyBytes: bytes.length });
    assert.ok(Buffer.from(body).equals(path === 'none' ? Buffer.alloc(0) : bytes), `${path}: ${body.length} bytes`);
    // No second copy of what is large: it was written where it stays.
    if (path === 'stated') assert.equal(body.buffer.byteLength, bytes.length);
  }
});

it('passes over interim answers', async () => {
  const port = await listen(
    createHttpServer((_request, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end('final');
    }),
  );
  const answer = await ask(port);
  assert.deepEqual([answer.status, Buffer.from(answer.body).toString()], [200, 'final']);
  assert.equal(answer.headers['set-cookie'], 'a=1, b=2');
  assert.equal(answer.headers.link, undefined);
});

it('rejects a request with a header that would smuggle another', async () => {
  const port = await listen(createHttpServer((_request, response) => void response.end()));
  await assert.rejects(ask(port, { headers: { 'x-a': 'b\r\nx-c: d' } }), { code: 'http-failed' });
});

it('cuts off a TCP peer that does not read', async () => {
  const port = await listen(createServer((socket) => void socket.on('error', () => {}).pause()));
  const connection = await network.tcpConnect({ host: '127.0.0.1', port }, { timeoutMs: 2000 });
  const end = new Promise<unknown>((done) => {
    connection.onClose = done;
  });
  let queued = 0;
  while (connection.send(Buffer.alloc(100_000))) {
    queued += 100_000;
    assert.ok(queued < 100 * tcpSendLimitBytes, 'it ends some time');
  }
  assert.equal(((await end) as { code?: string }).code, 'tcp-slow');
});

it('reports a reset by the peer once, with its code', async () => {
  const listener = await network.tcpListen({ host: '127.0.0.1', port: 0 });
  const ends: unknown[] = [];
  const ended = new Promise<void>((done) => {
    listener.onConnection = (connection) => {
      connection.onClose = (error) => {
        ends.push((error as { code?: string } | undefined)?.code);
        done();
      };
    };
  });
  const socket = connect(listener.local.port, '127.0.0.1', () => socket.resetAndDestroy());
  await ended;
  await listener.close();
  assert.deepEqual(ends, ['tcp-reset']);
});

it('gives up connecting in time', async () => {
  const work = network.tcpConnect({ host: '192.0.2.1', port: 5060 }, { timeoutMs: 50 });
  await assert.rejects(work, (fault: { code: string }) => ['tcp-timeout', 'tcp-refused'].includes(fault.code));
});

it('speaks IPv6, and keeps it apart from IPv4', async (t) => {
  const six = await network.udp({ host: '::1', port: 0 }).catch(() => undefined);
  if (!six) return t.skip('this machine has no IPv6');
  const other = await network.udp({ host: '::1', port: 0 });
  const heard = new Promise((done) => {
    six.onMessage = (data, from) => done([Buffer.from(data).toString(), from]);
  });
  other.send(Buffer.from('six'), six.local.port, '::1');
  assert.deepEqual(await heard, ['six', { host: '::1', port: other.local.port }]);
  const wide = await network.udp({ host: '::', port: 0 });
  const narrow = await network.udp({ host: '0.0.0.0', port: wide.local.port });
  for (const socket of [six, other, wide, narrow]) socket.close();
});

it('ends its HTTP requests and WebSockets when closed', async () => {
  const own = realNetwork({ clock: realClock() });
  const port = await listen(createHttpServer(() => {}));
  const url = `http://127.0.0.1:${port}/`;
  const pending = assert.rejects(own.http({ method: 'GET', url, timeoutMs: 60_000, maxBodyBytes: 10 }), {
    code: 'http-failed',
  });
  await new Promise((done) => setTimeout(done, 20));
  await own.close();
  await pending;
});
