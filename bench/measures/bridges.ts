// (g) How many bridged calls one core of media carries, packets forwarded as they come, RTP both ways on both legs; (h) their round trip.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRefusal, realClock, realRandom, silentLog } from '../../src/base/index.ts';
import {
  createMediaPool,
  type MediaBridge,
  type MediaPool,
  type MediaPort,
  processWorker,
} from '../../src/media/client.ts';
import type { WorkerSettings } from '../../src/worker.ts';
import type { CrossAnswer, CrossAsk, Crossed } from '../crossings.ts';
import type { EchoAnswer, EchoAsk } from '../echoes.ts';
import { Asking } from '../subject/asking.ts';
import type { Options, Row } from '../subject/bench.ts';
import { cpuMeter, waitedMs } from '../subject/processes.ts';
import { sleep } from '../subject/server.ts';

const aimCalls = 400;
const aimLate = 0.1;
const aimForwardedMs = 3;
const aimProcessedMs = 45;
const settleMs = 4000;
/** Packets that may be under way when a window closes. */
const inFlight = 100;
/** Calls whose round trip is measured, and how often each. */
const roundTripCalls = 20;
const roundTrips = 30;

interface Bridged {
  legs: [MediaPort, MediaPort];
  bridge: MediaBridge;
}

interface Step {
  calls: number;
  workerCpu: number;
  workerWaited: number;
  generatorCpu: number;
  crossed: Crossed;
  loopDelayMs: number;
}

/** A pool of one worker process, its ports bridged in pairs. */
class Stage {
  readonly calls: Bridged[] = [];
  readonly pool: MediaPool;
  readonly #folder: string;
  #port = 0;

  constructor(nodeOptions: readonly string[]) {
    const clock = realClock();
    this.#folder = mkdtempSync(join(tmpdir(), 'crosspoint-bench-'));
    const settings: WorkerSettings = { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: this.#folder };
    process.execArgv.push(...nodeOptions);
    this.pool = createMediaPool({
      clock,
      random: realRandom(),
      log: silentLog,
      advertise: '127.0.0.1',
      ports: { min: 22_000, max: 31_999 },
      workers: 1,
      startWorker: processWorker({ clock, entry: new URL('../../src/worker.ts', import.meta.url), settings }),
    });
  }

  get worker(): number {
    return this.pool.workers[0]!.pid!;
  }

  /** `ports`: the far ends', of the two legs. */
  async bridge(ports: readonly [number, number]): Promise<Bridged> {
    const group = `g${++this.#port}`;
    const open = async (far: number): Promise<MediaPort> => {
      const port = await this.pool.open({ callSid: group, group, inactivityMs: 0 });
      const answer = await port.answer(offer(far));
      if (isRefusal(answer)) throw new Error(answer.reason);
      port.start();
      return port;
    };
    const legs: [MediaPort, MediaPort] = [await open(ports[0]), await open(ports[1])];
    const call = { legs, bridge: await this.pool.bridge(...legs) };
    this.calls.push(call);
    return call;
  }

  async close(): Promise<void> {
    await this.pool.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const offer = (port: number): string =>
  `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n`;

export async function bridgedCalls(options: Options): Promise<Row[]> {
  const stage = new Stage(options.nodeOptions);
  const voices = new Asking<CrossAsk, CrossAnswer>(new URL('../crossings.ts', import.meta.url));
  try {
    const { port } = await voices.ask<{ port: number }>({ start: true });
    const steps: Step[] = [];
    for (const calls of options.quick ? [100, 200] : [100, 200, 300, 400, 450, 500]) {
      while (stage.calls.length < calls) await stage.bridge([port, port]);
      await voices.ask({ pairs: stage.calls.map(({ legs }) => [legs[0].local.port, legs[1].local.port]) });
      await sleep(settleMs);
      steps.push(await measureStep(stage, voices, { calls, ms: options.quick ? 6000 : 12_000 }));
      options.say(line(steps.at(-1)!));
      if (lateShare(steps.at(-1)!) > 3) break;
    }
    return [capacityRow(steps)];
  } finally {
    await stage.close();
    voices.close();
  }
}

async function measureStep(
  { pool, worker }: Stage,
  voices: Asking<CrossAsk, CrossAnswer>,
  { calls, ms }: { calls: number; ms: number },
): Promise<Step> {
  await voices.ask({ openWindow: true });
  const [cpu, waited, from] = [cpuMeter([worker, voices.pid]), waitedMs(worker), performance.now()];
  await sleep(ms);
  const crossed = await voices.ask<Crossed>({ closeWindow: true });
  const [workerCpu = 0, generatorCpu = 0] = cpu();
  const workerWaited = ((waitedMs(worker) - waited) * 100) / (performance.now() - from);
  return { calls, workerCpu, generatorCpu, workerWaited, crossed, loopDelayMs: pool.stats().loopDelayP99Ms };
}

/** Under way for more than 10 ms, but for those that came while the far ends' own process was held up, and lost. %. */
const lateShare = ({ crossed: { sent, received, late, lateInOwnStall } }: Step): number =>
  (100 * (late - lateInOwnStall + Math.max(0, sent - received - inFlight))) / Math.max(1, sent);

const line = (s: Step): string => {
  const { crossed } = s;
  return `${s.calls}: worker ${s.workerCpu.toFixed(0)} % of a core, far ends ${s.generatorCpu.toFixed(0)} %, late or lost ${lateShare(s).toFixed(3)} % (${crossed.late} late, ${crossed.lateInOwnStall} of them in the far ends' own ${crossed.stalls} stalls; ${crossed.received} of ${crossed.sent} heard), one way p50 ${crossed.p50} ms, p99 ${crossed.p99} ms, loop p99 ${s.loopDelayMs.toFixed(1)} ms, waited for a core ${s.workerWaited.toFixed(1)} %${crossed.hearing < 2 * s.calls ? `, ${2 * s.calls - crossed.hearing} legs heard nothing` : ''}`;
};

function capacityRow(steps: Step[]): Row {
  const passes = (s: Step): boolean => lateShare(s) < aimLate && s.crossed.hearing === 2 * s.calls;
  const best = steps.filter(passes).at(-1);
  return {
    id: 'g',
    what: 'bridged calls (two legs each), forwarded, RTP both ways, one core of media, < 0.1 % of packets late by more than 10 ms',
    found: best ? String(best.calls) : `below ${steps[0]?.calls}`,
    aim: `>= ${aimCalls}`,
    met: (best?.calls ?? 0) >= aimCalls,
    note: steps.map(line).join('; '),
  };
}

/** (h) From a far end through the bridge to the other, which sends back at once what it hears, and through the bridge again. */
export async function roundTrip(options: Options): Promise<Row[]> {
  const stage = new Stage(options.nodeOptions);
  const echoes = new Asking<EchoAsk, EchoAnswer>(new URL('../echoes.ts', import.meta.url));
  try {
    const calls = options.quick ? 5 : roundTripCalls;
    const { ports } = await echoes.ask<{ ports: [number, number] }>({ start: true });
    for (let i = 0; i < calls; i++) await stage.bridge(ports);
    await echoes.ask({ calls: stage.calls.map(({ legs }) => [legs[0].local.port, legs[1].local.port]) });
    await sleep(settleMs);
    const forwarded = await echoes.ask<{ ms: number[] }>({ measure: options.quick ? 5 : roundTrips });
    // A gain that nobody hears: something is done to the audio of either direction.
    for (const { legs } of stage.calls) for (const leg of legs) await leg.setGain(0.01);
    await sleep(settleMs);
    const processed = await echoes.ask<{ ms: number[] }>({ measure: options.quick ? 5 : roundTrips });
    return [
      tripRow('forwarded', forwarded.ms, aimForwardedMs),
      tripRow('decoded, changed and encoded on both ways', processed.ms, aimProcessedMs),
    ];
  } finally {
    await stage.close();
    echoes.close();
  }
}

function tripRow(how: string, ms: readonly number[], aim: number): Row {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    id: 'h',
    what: `media round trip of a bridged call, ${how}, p50`,
    found: `${at(0.5).toFixed(1)} ms`,
    aim: `<= ${aim} ms`,
    met: sorted.length > 0 && at(0.5) <= aim,
    note: `${sorted.length} trips: p10 ${at(0.1).toFixed(1)}, p50 ${at(0.5).toFixed(1)}, p90 ${at(0.9).toFixed(1)}, p99 ${at(0.99).toFixed(1)} ms`,
  };
}
