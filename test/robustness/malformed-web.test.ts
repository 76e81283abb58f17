// Malformed REST requests, audio files and WebSocket applications, on real sockets, while calls are measured that must not notice.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';
import { Dice, mutated } from '../../fuzz/mutate.ts';
import { sine } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Live, openLive, sidOf } from '../kit/live.ts';
import { heapMb, type Measured, measureCalls, measuredVerbs } from '../kit/measured.ts';
import { pause, until } from '../kit/until.ts';
import { wavFile } from '../kit/wav.ts';

async function open(t: TestContext, replies = {}): Promise<{ live: Live; measured: Measured }> {
  const live = await openLive({ replies: { '/measured': measuredVerbs, ...replies } });
  t.after(() => live.end());
  return { live, measured: await measureCalls(live) };
}

const nested = (depth: number): string => `${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}`;

/** Bodies that no request may have. */
const bodies = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '7',
  '{"a":1',
  nested(50_000),
  `{"x":"${'y'.repeat(3_000_000)}"}`,
  '\ud800',
  '{"a":"\\ud800"}',
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"x":1}}}',
  `{"tag":${nested(5_000)}}`,
  `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}`,
];

test('malformed REST requests: refused with a reason, and the next one is served', async (t) => {
  const { live, measured } = await open(t);
  const { account_sid: account } = live.server.seed.keys;
  const calls = `/Accounts/${account}/Calls`;
  const one = `${calls}/${sidOf(measured.calls[0]!)}`;
  const types = [
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'nonsense',
    '',
  ];
  const before = heapMb();
  const line = await measured.during(async () => {
    for (const body of bodies) {
      for (const type of types) {
        for (const [method, path] of [
          ['PUT', one],
          ['POST', calls],
          ['POST', '/Applications'],
        ] as const) {
          const response = await live.api(path, { method, body, headers: { 'content-type': type } });
          const text = await response.text();
          assert.ok(
            response.status >= 400 && response.status < 500,
            `${method} ${body.slice(0, 40)} as ${type}: ${response.status} ${text.slice(0, 200)}`,
          );
          assert.ok(
            text.length > 2 && text.length < 2_000,
            `${method} ${body.slice(0, 40)} as ${type}: ${text.length} ${text.slice(0, 200)}`,
          );
        }
      }
    }
    for (const path of [
      '/Accounts/%00/Calls',
      '/Accounts/%ff',
      `/${'a/'.repeat(3_000)}`,
      '/Accounts/../../etc/passwd',
      '/%2e%2e/%2e%2e',
      `${calls}/x?${'q=1&'.repeat(2_000)}`,
      `${calls}?direction[]=x&direction[$ne]=1&__proto__[x]=1`,
    ]) {
      const response = await live.api(path);
      await response.arrayBuffer();
      assert.ok(response.status < 500, `${path.slice(0, 60)}: ${response.status}`);
    }
    await rawRequests(live);
  });
  t.diagnostic(`${line}; heap ${(heapMb() - before).toFixed(1)} MB`);
  assert.ok(heapMb() - before < 12);
  assert.equal((await live.api(calls)).status, 200);
  assert.equal(({} as Record<string, unknown>).isAdmin, undefined);
  t.diagnostic(await measured.end());
});

/** What is no HTTP, or never ends. */
async function rawRequests(live: Live): Promise<void> {
  const { port } = live.server.http;
  const texts = [
    '\0\0\0\0',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
    'POST /v1/Accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /v1/Accounts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
    'POST /v1/Accounts HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{',
    `INVITE sip:x SIP/2.0\r\n\r\n`,
  ];
  const sockets = Array.from({ length: 60 }, (_, i) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(texts[i % texts.length]!));
    return socket.on('error', () => {}).resume();
  });
  await pause(500);
  for (const socket of sockets) socket.destroy();
}

const good = wavFile(sine({ hz: 500, amplitude: 8_000, samples: 800, sampleRate: 8_000 }), 8_000);

/** WAV headers that lie, each a file. */
function lyingWavs(): Buffer[] {
  const changed = (at: number, value: number, bytes = 4): Buffer => {
    const copy = Buffer.from(good);
    copy.writeUIntLE(value, at, bytes);
    return copy;
  };
  const channels = [0, 7, 65_535].map((n) => changed(22, n, 2));
  const rates = [0, 1, 4_294_967_295].map((n) => changed(24, n));
  const bits = [0, 1, 7, 64, 65_535].map((n) => changed(34, n, 2));
  const sizes = [0, 1, 4_294_967_295].flatMap((n) => [changed(4, n), changed(16, n), changed(40, n)]);
  const formats = [0, 2, 3, 6, 7, 17, 85, 65_534].map((n) => changed(20, n, 2));
  const blocks = [0, 1, 65_535].map((n) => changed(32, n, 2));
  return [
    ...channels,
    ...rates,
    ...bits,
    ...sizes,
    ...formats,
    ...blocks,
    Buffer.from(good).subarray(0, 20),
    Buffer.alloc(0),
  ];
}

function spoiledFiles(count: number): Buffer[] {
  const dice = new Dice(5);
  const mp3 = Buffer.concat([
    Buffer.from('ID3\x04\0\0\0\0\0\0'),
    Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i % 144 < 2 ? [0xff, 0xfb][i % 144]! : dice.below(256)))),
  ]);
  return Array.from({ length: count }, () => mutated([Buffer.from(good), mp3], dice));
}

type Handler = (response: ServerResponse) => void;

const wav = { 'content-type': 'audio/wav' };

/** Servers of audio that misbehave. */
const misbehaved: Record<string, Handler> = {
  missing: (r) => r.writeHead(404).end(),
  broken: (r) => r.writeHead(500).end(),
  loop: (r) => r.writeHead(302, { location: '/loop' }).end(),
  nowhere: (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  script: (r) => r.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  html: (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  huge: (r) => r.writeHead(200, { ...wav, 'content-length': '99999999999' }).write(good),
  short: (r) => {
    r.writeHead(200, { ...wav, 'content-length': '5000' }).write(good);
    r.destroy();
  },
  cut: (r) => r.destroy(),
  bomb: (r) => r.writeHead(200, { ...wav, 'content-encoding': 'gzip' }).end(bomb),
  endless: (r) => {
    r.writeHead(200, wav);
    const more = (): void => {
      while (!r.destroyed && r.write(Buffer.alloc(65_536)));
    };
    r.on('drain', more);
    more();
  },
  loris: (r) => {
    r.writeHead(200, wav);
    const timer = setInterval(() => (r.destroyed ? clearInterval(timer) : r.write('R')), 500);
  },
  silent: () => {},
};

const bomb = gzipSync(Buffer.alloc(50_000_000));

async function serveAudio(files: Buffer[]): Promise<Server> {
  const server = createServer((request, response) => {
    response.on('error', () => {});
    const name = (request.url ?? '').slice(1);
    const file = files[Number(name)];
    if (file) response.writeHead(200, { 'content-type': 'audio/wav' }).end(file);
    else misbehaved[name]?.(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

test('malformed audio and servers that misbehave: the next verb runs, measured calls do not notice, memory stays flat', async (t) => {
  const files = [...lyingWavs(), ...spoiledFiles(240)];
  const audio = await serveAudio(files);
  t.after(() => audio.close().closeAllConnections());
  const origin = `http://127.0.0.1:${(audio.address() as AddressInfo).port}`;
  const perCall = 45;
  const lists = Array.from({ length: Math.ceil(files.length / perCall) }, (_, i) =>
    files.slice(i * perCall, (i + 1) * perCall).map((_, k) => i * perCall + k),
  );
  const playAll = (names: readonly (string | number)[]) => [
    ...names.map((name) => ({ verb: 'play', url: `${origin}/${name}` })),
    { verb: 'redirect', actionHook: '/after' },
  ];
  const replies: Record<string, unknown[]> = { '/after': [{ verb: 'pause', length: 60 }] };
  for (const [i, names] of lists.entries()) replies[`/files${i}`] = playAll(names);
  for (const name of Object.keys(misbehaved)) replies[`/server-${name}`] = playAll([name]);
  const { live, measured } = await open(t, replies);
  const before = heapMb();
  const line = await measured.during(async () => {
    const bad: PhoneCall[] = [];
    for (const path of Object.keys(replies)) if (path !== '/after') bad.push(await live.dial(path));
    await until(() => new Set(live.hooks.sentTo('/after').map((body) => body.call_sid)).size === bad.length, {
      what: () => `the verb after all that, ${live.hooks.sentTo('/after').length} of ${bad.length}`,
      withinMs: 40_000,
    });
    for (const call of bad) {
      assert.equal(call.ended, undefined);
      await call.hangup();
    }
  });
  t.diagnostic(
    `${files.length} files, ${Object.keys(misbehaved).length} servers: ${line}; heap ${(heapMb() - before).toFixed(1)} MB`,
  );
  assert.ok(heapMb() - before < 12);
  t.diagnostic(await measured.end());
});

/** Frames that no WebSocket may send, and messages that no application should; each for a call of its own. */
const frames: Record<string, (socket: Duplex) => void> = {
  'reserved bits': (s) => s.write(Buffer.from([0xf1, 1, 0x61])),
  'unknown opcode': (s) => s.write(Buffer.from([0x83, 0])),
  masked: (s) => s.write(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 0x60])),
  'a length of 2^63': (s) => s.write(Buffer.from([0x81, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255])),
  'invalid UTF-8': (s) => s.write(Buffer.from([0x81, 2, 0xff, 0xfe])),
  'a long ping': (s) => s.write(Buffer.concat([Buffer.from([0x89, 126, 0, 200]), Buffer.alloc(200)])),
  'a bad close code': (s) => s.write(Buffer.from([0x88, 2, 0, 1])),
  'a continuation of nothing': (s) => s.write(Buffer.from([0x80, 1, 0x61])),
  'fragments without end': (s) => {
    s.write(Buffer.from([0x01, 1, 0x61]));
    for (let i = 0; i < 5_000; i++) s.write(Buffer.from([0x00, 1, 0x61]));
  },
  'pings without end': (s) => {
    for (let i = 0; i < 5_000; i++) s.write(Buffer.from([0x89, 0]));
  },
  'no WebSocket at all': (s) => s.write('HTTP/1.1 200 OK\r\n\r\nhello'),
  'a reset': (s) => s.destroy(),
};

const messages: Record<string, (send: (text: string | Buffer) => void) => void> = {
  'no JSON': (send) => {
    for (let i = 0; i < 3_000; i++) send('{"type":');
  },
  binary: (send) => send(Buffer.alloc(1_000)),
  'deep JSON': (send) => send(nested(30_000)),
  'a megabyte': (send) => send(JSON.stringify({ type: 'command', command: 'redirect', data: 'x'.repeat(1_000_000) })),
  'prototype keys': (send) => {
    send(
      '{"type":"command","command":"tag","data":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
    );
    send('{"__proto__":{"type":"command"},"constructor":1}');
    send('{"type":"command","command":"__proto__","data":{}}');
    send('{"type":"command","command":"constructor","data":{}}');
  },
  'a flood of commands': (send) => {
    for (let i = 0; i < 20_000; i++) send('{"type":"command","command":"mute:status","data":"mute"}');
  },
  'acks of nothing': (send) => {
    for (let i = 0; i < 3_000; i++) send(`{"type":"ack","msgid":"${i}","data":[{"verb":"hangup"}]}`);
  },
  'wrong types': (send) => {
    for (const text of [
      '7',
      'null',
      '[]',
      '{"type":7}',
      '{"type":{}}',
      '{"type":"ack","msgid":{}}',
      '{"type":"command","command":["tag"],"data":1}',
      '{"type":"command","command":"redirect","data":{"call_hook":7}}',
      '{"type":"command","command":"dtmf","data":{"digit":{}}}',
      '{"type":"command","command":"whisper","data":[[[]]]}',
    ])
      send(text);
  },
};

test('WebSocket applications that send what they must not: measured calls do not notice, every call ends once', async (t) => {
  const { live, measured } = await open(t);
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'ws.jambonz.org' });
  t.after(() => server.close());
  await once(server, 'listening');
  const kinds = [...Object.keys(frames), ...Object.keys(messages)];
  server.on('connection', (socket, request) => {
    const kind = kinds[Number((request.url ?? '').slice(1))]!;
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const { type, msgid } = JSON.parse(String(data)) as { type: string; msgid: string };
      if (type === 'session:new' || type === 'session:reconnect')
        socket.send(
          JSON.stringify({ type: 'ack', msgid, data: [{ verb: 'play', url: 'tone_stream://%(60000,0,600)' }] }),
        );
    });
    setTimeout(() => {
      messages[kind]?.((text) => socket.send(text));
      // The raw connection below the socket.
      frames[kind]?.((socket as unknown as { _socket: Duplex })._socket);
    }, 300);
  });
  const { port } = server.address() as AddressInfo;
  const before = heapMb();
  const calls: PhoneCall[] = [];
  const line = await measured.during(async () => {
    for (const i of kinds.keys()) calls.push(await live.dial(`ws://127.0.0.1:${port}/${i}`));
    await pause(3_000);
    for (const call of calls) if (!call.ended) await call.hangup();
    await pause(500);
  });
  for (const [i, call] of calls.entries()) {
    const finals = live
      .eventsOf(sidOf(call), 'status')
      .filter((e) => /completed|failed|no-answer|busy/.test(String(e.status)));
    assert.equal(finals.length, 1, kinds[i]);
    assert.ok(!live.eventsOf(sidOf(call), 'error').some((e) => /internal/.test(String(e.what))), kinds[i]);
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  t.diagnostic(`${kinds.length} applications: ${line}; heap ${(heapMb() - before).toFixed(1)} MB`);
  assert.ok(heapMb() - before < 25);
  t.diagnostic(await measured.end());
});
