// Bridges over real sockets in a worker process: the round trip, forwarded and processed, and a bridge over two workers.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isRefusal, realClock, realRandom, silentLog, type UdpSocket } from '../../base/index.ts';
import { realNetwork } from '../../base/net/index.ts';
import { makeRtpView, readRtp, writeRtpHeader } from '../../rtp/index.ts';
import { createMediaPool, type MediaPool, type MediaPort, processWorker } from '../client.ts';

const clock = realClock();
const network = realNetwork({ clock });
/** What is surely wrong, also on a machine busy with other tests; alone it is 0.3 and 30 ms, which bench (h) judges. */
const mostMs = { forwarded: 15, processed: 300 };
let folder = '';
let pool: MediaPool;
const sockets: UdpSocket[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridge-'));
  pool = createMediaPool({
    clock,
    random: realRandom(),
    log: silentLog,
    advertise: '127.0.0.1',
    localHost: '127.0.0.1',
    ports: { min: 0, max: 0 },
    workers: 2,
    startWorker: processWorker({
      clock,
      entry: new URL('../../worker.ts', import.meta.url),
      settings: { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: folder },
    }),
  });
});

after(async () => {
  for (const socket of sockets) socket.close();
  await pool.close();
  await network.close();
  await rm(folder, { recursive: true });
});

interface FarEnd {
  port: MediaPort;
  send(payload: Uint8Array): void;
  onPayload: (payload: Uint8Array) => void;
}

async function farEnd(group: string): Promise<FarEnd> {
  const socket = await network.udp({ host: '127.0.0.1', port: 0 });
  sockets.push(socket);
  const port = await pool.open({ callSid: group, group, inactivityMs: 0 });
  const answer = await port.answer(
    `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${socket.local.port} RTP/AVP 0\r\n`,
  );
  assert.ok(!isRefusal(answer));
  const view = makeRtpView();
  let sequence = 0;
  const one: FarEnd = {
    port,
    onPayload: () => {},
    send(payload) {
      const packet = new Uint8Array(12 + payload.length);
      const header = {
        marker: false,
        payloadType: 0,
        sequence: ++sequence,
        timestamp: sequence * 160,
        ssrc: port.local.port,
      };
      packet.set(payload, writeRtpHeader(packet, header));
      socket.send(packet, port.local.port, '127.0.0.1');
    },
  };
  socket.onMessage = (data) => {
    if (readRtp(data, view)) one.onPayload(data.subarray(view.payloadStart, view.payloadEnd));
  };
  return one;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
const isLoud = (payload: Uint8Array): boolean => payload.some((byte) => (byte & 0x7f) < 0x40);

/** One packet in ten is loud; the other side sends back at once what it hears. Milliseconds until it is heard again. */
async function roundTrips(near: FarEnd, far: FarEnd, packets: number): Promise<number[]> {
  const found: number[] = [];
  let loudAt = 0;
  far.onPayload = (payload) => far.send(payload.slice());
  near.onPayload = (payload) => {
    if (loudAt === 0 || !isLoud(payload)) return;
    found.push(clock.now() - loudAt);
    loudAt = 0;
  };
  const begun = clock.now();
  for (let n = 0; n < packets; n++) {
    const loud = n % 10 === 9;
    if (loud) loudAt = clock.now();
    near.send(new Uint8Array(160).fill(loud ? 0x10 : 0xff));
    await wait(Math.max(0, begun + (n + 1) * 20 - clock.now()));
  }
  return found.sort((a, b) => a - b);
}

test('there and back: at once when packets are forwarded, within two frames when they are processed', {
  timeout: 30_000,
}, async () => {
  const [near, far] = [await farEnd('one'), await farEnd('one')];
  const bridge = await pool.bridge(near.port, far.port);
  await roundTrips(near, far, 60);
  const forwarded = await roundTrips(near, far, 150);
  assert.deepEqual(await bridge.modes(), { aToB: 'forwarded', bToA: 'forwarded' });
  assert.ok(forwarded.length >= 13 && forwarded[4]! < mostMs.forwarded, `${forwarded}`);
  await Promise.all([near, far].map(({ port }) => port.setGain(0.01)));
  await roundTrips(near, far, 60);
  const processed = await roundTrips(near, far, 150);
  assert.deepEqual(await bridge.modes(), { aToB: 'processed', bToA: 'processed' });
  assert.ok(processed.length >= 8 && processed[4]! < mostMs.processed, `${processed}`);
  await Promise.all([near, far].map(({ port }) => port.setGain(0)));
  await roundTrips(near, far, 60);
  const again = await roundTrips(near, far, 150);
  assert.deepEqual(await bridge.modes(), { aToB: 'forwarded', bToA: 'forwarded' });
  assert.ok(again[4]! < mostMs.forwarded, `${again}`);
  await bridge.close();
  await Promise.all([near.port.close(), far.port.close()]);
});

test('legs in two processes hear each other', { timeout: 30_000 }, async () => {
  const [near, far] = [await farEnd('here'), await farEnd('there')];
  const before = pool.workers.map(({ ports }) => ports);
  const bridge = await pool.bridge(near.port, far.port);
  await roundTrips(near, far, 60);
  const found = await roundTrips(near, far, 100);
  assert.deepEqual(await bridge.modes(), { aToB: 'forwarded', bToA: 'forwarded' });
  assert.ok(found.length >= 8 && found[2]! < mostMs.forwarded, `${found}`);
  await bridge.close();
  assert.deepEqual(
    pool.workers.map(({ ports }) => ports),
    before,
    'the pipe is gone',
  );
  await Promise.all([near.port.close(), far.port.close()]);
});
