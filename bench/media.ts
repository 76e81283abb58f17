// How many playing ports one media worker carries: RTP both ways over loopback, the worker's CPU, and packets late at its send.
// node bench/media.ts [ports,ports,...] [seconds] [url]
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { writeWav } from '../src/audio/index.ts';
import { isRefusal, makeLog, realClock, realRandom } from '../src/base/index.ts';
import { createMediaPool, type MediaPool, processWorker } from '../src/media/client.ts';

const clock = realClock();
const clockTicksPerSecond = 100;

/** User and system time of a process, ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / clockTicksPerSecond;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** Time that a process was ready to run and had no core, ms: the machine's lateness, not ours. */
const waitedMs = (pid: number): number => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The far ends, in a process of their own: one socket, 50 packets a second to each port, and what comes is counted. */
function farEnds(): void {
  const socket = createSocket({
    type: 'udp4',
    recvBufferSize: 8 << 20,
    lookup: ((_: string, __: unknown, done: (e: null, a: string, f: number) => void) =>
      done(null, '127.0.0.1', 4)) as never,
  });
  let ports: number[] = [];
  let received = 0;
  let sequence = 0;
  let due = performance.now();
  const packet = Buffer.alloc(172, 0xff);
  packet.set([0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
  socket.on('message', () => received++);
  const slots = 10;
  let slot = 0;
  const tick = (): void => {
    while (due <= performance.now()) {
      due += 20 / slots;
      slot = (slot + 1) % slots;
      if (slot === 0) {
        packet.writeUInt16BE(++sequence & 0xffff, 2);
        packet.writeUInt32BE((sequence * 160) >>> 0, 4);
      }
      for (let i = slot; i < ports.length; i += slots) socket.send(packet, ports[i]!, '127.0.0.1');
    }
    setTimeout(tick, Math.max(0, due - performance.now()));
  };
  socket.bind(0, '127.0.0.1', () => {
    process.send?.({ port: socket.address().port });
    tick();
  });
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: { ports: number[] } | 'count') => {
    if (message === 'count') process.send?.({ received });
    else ports = message.ports;
  });
}

/** A tone of ten seconds on a web server; gives its address. */
async function serveTone(): Promise<{ url: string; close(): void }> {
  const wav = writeWav(
    Int16Array.from({ length: 80_000 }, (_, i) => Math.round(8000 * Math.sin(i / 10))),
    8000,
  );
  const headers = { 'content-type': 'audio/wav', 'cache-control': 'max-age=600' };
  const web = createServer((_, response) => response.writeHead(200, headers).end(wav));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(web.address() as AddressInfo).port}/prompt.wav`,
    close: () => void web.close(),
  };
}

function openPool(): MediaPool {
  return createMediaPool({
    clock,
    random: realRandom(),
    log: makeLog((level, message, fields) => level !== 'debug' && console.error(level, message, fields)),
    advertise: '127.0.0.1',
    ports: { min: 22_000, max: 31_999 },
    workers: 1,
    startWorker: processWorker({
      clock,
      entry: new URL('../src/worker.ts', import.meta.url),
      settings: { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: '/tmp' },
    }),
  });
}

interface FarEnds {
  port: number;
  sendTo(ports: readonly number[]): void;
  received(): Promise<number>;
  close(): void;
}

async function startFarEnds(): Promise<FarEnds> {
  const child = fork(fileURLToPath(import.meta.url), ['far-ends']);
  const hear = (): Promise<Record<string, number>> =>
    new Promise((resolve) => child.once('message', (message) => resolve(message as Record<string, number>)));
  const { port } = await hear();
  return {
    port: port!,
    sendTo: (ports) => void child.send({ ports }),
    async received() {
      child.send('count');
      return (await hear()).received!;
    },
    close: () => void child.kill(),
  };
}

/** What one run of `seconds` shows, as a row. */
async function measure(pool: MediaPool, far: FarEnds, seconds: number): Promise<string[]> {
  const pid = pool.workers[0]!.pid!;
  const [before, cpu, waited, at] = [pool.stats(), cpuMs(pid), waitedMs(pid), clock.now()];
  const heardBefore = await far.received();
  let worstDelay = 0;
  for (let i = 0; i < seconds; i++) {
    await sleep(1000);
    worstDelay = Math.max(worstDelay, pool.stats().loopDelayP99Ms);
  }
  const elapsed = (clock.now() - at) / 1000;
  const after = pool.stats();
  const heard = (await far.received()) - heardBefore;
  const sent = after.packetsSent - before.packetsSent;
  return [
    ((cpuMs(pid) - cpu) / elapsed / 10).toFixed(1),
    (sent / elapsed).toFixed(0),
    ((after.packetsReceived - before.packetsReceived) / elapsed).toFixed(0),
    ((100 * (after.packetsLate - before.packetsLate)) / sent).toFixed(3),
    ((waitedMs(pid) - waited) / elapsed / 10).toFixed(1),
    worstDelay.toFixed(1),
    ((100 * heard) / sent).toFixed(2),
  ];
}

async function main(): Promise<void> {
  const sizes = (process.argv[2] ?? '100,300,500').split(',').map(Number);
  const seconds = Number(process.argv[3] ?? 10);
  const web = await serveTone();
  const url = process.argv[4] ?? web.url;
  const far = await startFarEnds();
  const pool = openPool();
  const offer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${far.port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n`;
  const ports: number[] = [];
  await sleep(1000);
  const pid = pool.workers[0]!.pid!;
  const restMb = residentMb(pid);
  console.log(
    'ports | CPU % of a core | sent/s | received/s | late % | waited for a core % | loop delay p99 ms | heard % | KB a port',
  );
  for (const size of sizes) {
    while (ports.length < size) {
      const port = await pool.open({ callSid: `c${ports.length}`, group: `g${ports.length}`, inactivityMs: 0 });
      const answer = await port.answer(offer);
      if (isRefusal(answer)) throw new Error(answer.reason);
      port.play([{ kind: 'url', url }], { layer: 'prompt', loop: Number.POSITIVE_INFINITY });
      ports.push(port.local.port);
    }
    far.sendTo(ports);
    await sleep(3000);
    const row = await measure(pool, far, seconds);
    const kbEach = ((residentMb(pid) - restMb) * 1024) / size;
    console.log([size, ...row, kbEach.toFixed(0)].join(' | '));
  }
  await pool.close();
  far.close();
  web.close();
}

if (process.argv[2] === 'far-ends') farEnds();
else await main();
