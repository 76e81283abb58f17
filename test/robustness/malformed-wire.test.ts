// Malformed SIP, RTP and RTCP by the thousand, on real sockets, while calls are measured that must not notice.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Dice, mutated } from '../../fuzz/mutate.ts';
import { sipCorpus } from '../../fuzz/sip-corpus.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Live, openLive, sidOf } from '../kit/live.ts';
import { heapMb, type Measured, measureCalls, measuredVerbs } from '../kit/measured.ts';
import { pause, until } from '../kit/until.ts';

/** Transactions of requests that could be read are kept for 32 s, as RFC 3261 asks; about 3 KB each. */
const transactionMb = 0.004;
const noiseMb = 4;

async function open(t: TestContext): Promise<{ live: Live; measured: Measured }> {
  const live = await openLive({
    replies: {
      '/measured': measuredVerbs,
      '/gather': [{ verb: 'gather', actionHook: '/digits', numDigits: 4, timeout: 0 }],
      '/digits': [{ verb: 'pause', length: 60 }],
    },
  });
  t.after(() => live.end());
  return { live, measured: await measureCalls(live) };
}

const hostPort = (live: Live, kind: 'udp' | 'tcp') => live.server.house.sip[kind];

/** Sends datagrams in small groups, as fast as the far end can take them. */
async function sendAll(datagrams: Iterable<Uint8Array>, ports: readonly number[]): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  let i = 0;
  for (const datagram of datagrams) {
    // Larger than a datagram can be.
    if (datagram.length > 65_000) continue;
    socket.send(datagram, ports[i++ % ports.length]!, '127.0.0.1');
    if (i % 20 === 0) await pause(2);
  }
  await pause(50);
  socket.close();
}

function* spoiled(corpus: readonly Buffer[], count: number, seed: number): Generator<Uint8Array> {
  const dice = new Dice(seed);
  for (let i = 0; i < count; i++) {
    if (i % 10 > 0) yield mutated(corpus, dice);
    else yield Uint8Array.from({ length: dice.below(1_200) }, () => dice.below(256));
  }
}

function connectTo(live: Live): Promise<Socket> {
  const { host, port } = hostPort(live, 'tcp');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => {});
  });
}

const options = (live: Live, callId: string): string =>
  [
    `OPTIONS sip:127.0.0.1:${hostPort(live, 'tcp').port} SIP/2.0`,
    `Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK${callId}`,
    'From: <sip:a@127.0.0.1>;tag=1',
    'To: <sip:b@127.0.0.1>',
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');

test('spoiled SIP over UDP and TCP: measured calls do not notice, memory stays flat, the next call is answered', async (t) => {
  const { live, measured } = await open(t);
  const corpus = sipCorpus();
  const udp = hostPort(live, 'udp').port;
  await sendAll(spoiled(corpus, 500, 1), [udp]);
  const heapBefore = heapMb();
  const before = live.server.house.sip.stats();
  t.diagnostic(await measured.during(() => sendAll(spoiled(corpus, 6_000, 2), [udp])));
  t.diagnostic(
    await measured.during(async () => {
      for (let i = 0; i < 60; i++) {
        const socket = await connectTo(live);
        for (const piece of spoiled(corpus, 30, 100 + i)) socket.write(piece);
        socket.end();
        await pause(5);
      }
    }),
  );
  const after = live.server.house.sip.stats();
  const growth = heapMb() - heapBefore;
  const kept = after.transactions - before.transactions;
  t.diagnostic(
    `${after.received - before.received} messages, ${after.bad - before.bad} bad, ${kept} transactions, heap ${growth.toFixed(1)} MB`,
  );
  assert.ok(after.bad - before.bad > 2_000, 'the bad ones were seen');
  assert.ok(
    growth < noiseMb + kept * transactionMb,
    `the heap grew by ${growth.toFixed(1)} MB with ${kept} transactions`,
  );
  assert.ok((await live.dial('/measured')).dialog);
  t.diagnostic(await measured.end());
});

test('TCP connections that are silent, slow, oversized or many', async (t) => {
  const { live, measured } = await open(t);
  const sockets: Socket[] = [];
  t.diagnostic(
    await measured.during(async () => {
      for (let i = 0; i < 300; i++) sockets.push(await connectTo(live));
      await slowly(live);
      await oversized(live);
    }),
  );
  assert.ok(live.server.house.sip.stats().connections >= 300);
  for (const socket of sockets) socket.destroy();
  await until(() => live.server.house.sip.stats().connections === 0, { what: 'the connections to be forgotten' });
  t.diagnostic(await measured.end());
});

/** A request that comes one byte at a time is a request. */
async function slowly(live: Live): Promise<void> {
  const socket = await connectTo(live);
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
  });
  for (const byte of options(live, 'slow')) {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => answer.startsWith('SIP/2.0 200'), { what: () => `an answer, got ${answer}` });
  socket.destroy();
}

/** What never becomes a message, or would be too large for one, costs the connection and nothing else. */
async function oversized(live: Live): Promise<void> {
  const endings = [
    'x'.repeat(200_000),
    `${options(live, 'large').slice(0, -2)}X: ${'y'.repeat(200_000)}`,
    `${options(live, 'long').replace('h: 0', 'h: 99999999')}${'z'.repeat(200_000)}`,
  ];
  for (const text of endings) {
    const socket = await connectTo(live);
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    socket.write(text);
    await Promise.race([closed, pause(5_000).then(() => assert.fail(`still open: ${text.slice(0, 30)}`))]);
  }
}

/** RTP ports as the calls' answers name them. */
const portOf = (call: PhoneCall): number =>
  Number(/^m=audio (\d+)/m.exec(Buffer.from(call.finalResponse!.body).toString())?.[1]);

function* foreignRtp(count: number): Generator<Uint8Array> {
  const dice = new Dice(7);
  for (let i = 0; i < count; i++) {
    const kind = dice.below(4);
    const bytes = Buffer.from(Array.from({ length: kind === 0 ? dice.below(1_600) : 172 }, () => dice.below(256)));
    if (kind > 0) {
      bytes[0] = 0x80;
      // Audio, telephone events, RTCP sender reports and BYE.
      bytes[1] = [0, 101, 200, 203][dice.below(4)]!;
      bytes.writeUInt16BE(i & 0xffff, 2);
    }
    yield bytes;
  }
}

/** The key 9 as RFC 4733 has it: start, middle, end three times. */
const foreignDigit = Array.from({ length: 12 }, (_, i) =>
  Buffer.from([0x80, 101, 0, i, 0, 0, 0, 1, 9, 9, 9, 9, 9, i > 8 ? 0x8a : 0x0a, 0, Math.min(255, 16 * i)]),
);

test('foreign RTP and RTCP to the calls’ ports: nothing is heard of it, no call is taken over', async (t) => {
  const { live, measured } = await open(t);
  const gathering = await live.dial('/gather');
  await until(() => gathering.audio.heard.length > 20, { what: 'audio' });
  await pause(200);
  const ports = [...measured.calls, gathering].map(portOf);
  const all = [...ports, ...ports.map((port) => port + 1)];
  t.diagnostic(
    await measured.during(async () => {
      await sendAll(foreignRtp(8_000), all);
      await sendAll(foreignDigit, [ports.at(-1)!]);
    }),
  );
  gathering.press('1234', 80);
  assert.equal((await live.hooks.wait('/digits')).digits, '1234');
  assert.deepEqual(
    live.eventsOf(sidOf(gathering), 'digit').map((e) => e.digit),
    ['1', '2', '3', '4'],
  );
  await gathering.hangup();
  t.diagnostic(await measured.end());
});
