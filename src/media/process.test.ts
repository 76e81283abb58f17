// Worker processes over real loopback: a prompt is heard, and a kill -9 of one worker leaves the other's calls alone.
import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { codecByName, toneLevelDbov, writeWav } from '../audio/index.ts';
import { isRefusal, realClock, realRandom, silentLog, type UdpSocket, zeroOf } from '../base/index.ts';
import { realNetwork } from '../base/net/index.ts';
import { makeRtpView, readRtp } from '../rtp/index.ts';
import { createMediaPool, type MediaPool, type MediaPort, processWorker } from './client.ts';

const clock = realClock();
const network = realNetwork({ clock });
let folder = '';
let pool: MediaPool;
const sockets: UdpSocket[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'media-'));
  const tone = Int16Array.from({ length: 32_000 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 400 * i) / 8000)),
  );
  await writeFile(join(folder, 'tone.wav'), writeWav(tone, 8000));
  await symlink('/etc/hostname', join(folder, 'link.wav'));
  pool = createMediaPool({
    clock,
    random: realRandom(),
    log: silentLog,
    advertise: '127.0.0.1',
    ports: { min: 0, max: 0 },
    workers: 2,
    startWorker: processWorker({
      clock,
      entry: new URL('../worker.ts', import.meta.url),
      settings: { bindHost: '127.0.0.1', audioDirs: [folder], recordingsDir: folder },
      compileCacheDir: join(folder, 'compiled'),
    }),
  });
});

after(async () => {
  for (const socket of sockets) socket.close();
  await pool.close();
  await network.close();
  await rm(folder, { recursive: true });
});

interface Packet {
  at: number;
  port: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  payload: Uint8Array;
}

async function call(name: string): Promise<{ port: MediaPort; heard: Packet[]; socket: UdpSocket }> {
  const socket = await network.udp({ host: '127.0.0.1', port: 0 });
  sockets.push(socket);
  const heard: Packet[] = [];
  const view = makeRtpView();
  socket.onMessage = (data, from) => {
    if (!readRtp(data, view)) return;
    const { sequence, timestamp, ssrc, payloadStart } = view;
    heard.push({ at: clock.now(), port: from.port, sequence, timestamp, ssrc, payload: data.slice(payloadStart) });
  };
  const port = await pool.open({ callSid: name, group: name, inactivityMs: 0 });
  const offer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${socket.local.port} RTP/AVP 0\r\n`;
  const answer = await port.answer(offer);
  assert.ok(!isRefusal(answer));
  return { port, heard, socket };
}

const file = (name: string) => [{ kind: 'url' as const, url: pathToFileURL(join(folder, name)).href }];
const prompt = { layer: 'prompt', loop: 1 } as const;
const wait = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const start = clock.now();
  while (!condition() && clock.now() - start < limitMs) await wait(10);
  return condition();
}

test('a kill -9: the worker’s calls are back within 2 s on their ports, the other worker’s hear nothing', {
  timeout: 30_000,
}, async () => {
  const [a, b] = [await call('a'), await call('b')];
  assert.deepEqual(
    pool.workers.map(({ ports }) => ports),
    [1, 1],
  );
  const outcomes: string[] = [];
  a.port.onWorkerLoss = (outcome) => outcomes.push(`a ${outcome}`);
  b.port.onWorkerLoss = (outcome) => outcomes.push(`b ${outcome}`);
  const [playA, playB] = [a.port.play(file('tone.wav'), prompt), b.port.play(file('tone.wav'), prompt)];
  assert.ok(await until(() => a.heard.length > 60 && b.heard.length > 60, 5000));
  const { pid } = pool.workers[0]!;
  const killedAt = clock.now();
  process.kill(pid!, 'SIGKILL');
  assert.ok(await until(() => outcomes.length > 0, 5000));
  assert.deepEqual(outcomes, ['a restored']);
  const countAtLoss = a.heard.length;
  assert.ok(await until(() => a.heard.length > countAtLoss + 5, 5000));
  const last = a.heard.findLast(({ at }) => at <= killedAt + 5)!;
  const next = a.heard.find(({ at }) => at > last.at)!;
  assert.ok(next.at - killedAt < 2000, `back after ${next.at - killedAt} ms`);
  assert.equal(next.port, a.port.local.port);
  assert.equal(next.ssrc, last.ssrc);
  assert.ok(((next.sequence - last.sequence) & 0xffff) < 200);
  assert.ok((next.timestamp - last.timestamp) >>> 0 < 40_000);
  const [resultA, resultB] = await Promise.all([playA.done, playB.done]);
  assert.equal(resultA.reason, 'completed');
  assert.deepEqual(resultB, { reason: 'completed', playedMs: 4000, lastOffsetSamples: 32_000 });
  assert.ok(b.heard.every(({ sequence }, i) => i === 0 || sequence === ((b.heard[i - 1]!.sequence + 1) & 0xffff)));
  const decoded = new Int16Array(160);
  const pcm = Int16Array.from(
    b.heard.slice(5, 195).flatMap(({ payload }) => {
      codecByName('PCMU')!.makeDecoder().decode(payload, decoded);
      return [...decoded];
    }),
  );
  assert.ok(Math.abs(toneLevelDbov(pcm, 400, 8000) - 20 * Math.log10(8000 / 32_768 / Math.SQRT2)) < 0.2);
  assert.notEqual(pool.workers[0]!.pid, pid);
  for (const { port, socket } of [a, b]) {
    await port.close();
    socket.close();
  }
});

test('files are played from the allowed folders only', { timeout: 20_000 }, async () => {
  const { port, socket } = await call('files');
  const code = async (url: string): Promise<string | undefined> =>
    (await port.play([{ kind: 'url', url }], prompt).done).fault?.code;
  assert.equal(await code('file:///etc/hostname'), 'play-forbidden');
  assert.equal(await code(`${pathToFileURL(folder).href}/../../etc/hostname`), 'play-forbidden');
  assert.equal(await code(file('link.wav')[0]!.url), 'play-forbidden');
  assert.equal(await code('file:///nowhere/at/all.wav'), 'play-forbidden');
  assert.equal(await code(file('missing.wav')[0]!.url), 'play-notfound');
  await port.close();
  socket.close();
});

test('a worker goes when its parent goes', { timeout: 20_000 }, async () => {
  const entry = new URL('../worker.ts', import.meta.url);
  const link = processWorker({
    clock,
    entry,
    settings: { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: folder },
  })(0);
  const beating = new Promise<void>((resolve) => {
    link.end.onFrame = () => resolve();
  });
  await beating;
  await link.close();
  assert.throws(() => process.kill(link.pid!, 0), { code: 'ESRCH' });
});

test('a worker tells the time of its parent, though the wall clock was set in between', {
  timeout: 20_000,
}, async () => {
  // As in a parent that was started before its machine slept for an hour.
  const behind = realClock(zeroOf(clock) - 3_600_000);
  const own = createMediaPool({
    clock: behind,
    random: realRandom(),
    log: silentLog,
    advertise: '127.0.0.1',
    ports: { min: 0, max: 0 },
    workers: 1,
    startWorker: processWorker({
      clock: behind,
      entry: new URL('../worker.ts', import.meta.url),
      settings: { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: folder },
      compileCacheDir: join(folder, 'compiled'),
    }),
  });
  const port = await own.open({ callSid: 'c', group: 'c', inactivityMs: 0 });
  const before = behind.now();
  const { at } = await port.setGain(3);
  assert.ok(at >= before - 1 && at <= behind.now() + 1, `${at - before} ms`);
  await own.close();
});
