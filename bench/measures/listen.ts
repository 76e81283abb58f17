// (j) How many calls stream to a WebSocket server and hear what it sends back, on one core of media.
import { type ChildProcess, fork } from 'node:child_process';
import type { Heard } from '../listener.ts';
import type { Window } from '../load/rtp.ts';
import type { Row, Stage } from '../subject/bench.ts';
import { Generator } from '../subject/child.ts';
import { cpuMeter, waitedMs } from '../subject/processes.ts';
import { sleep } from '../subject/server.ts';

const aimCalls = 185;
const aimLate = 0.1;
const rampPerSecond = 30;
const settleMs = 4000;
/** Of the frames that should have come in the time, %. */
const leastHeard = 99.5;
const framesPerSecond = 50;

interface Step {
  calls: number;
  workerCpu: number;
  mainCpu: number;
  listenerCpu: number;
  workerWaited: number;
  lateAtSend: number;
  window: Window;
  /** Of the frames that the streams' server should have got, %. */
  heard: number;
  gaps: number;
  bad: number;
}

class Listener {
  readonly #child: ChildProcess = fork(new URL('../listener.ts', import.meta.url), [], { execArgv: [] });

  get pid(): number {
    return this.#child.pid!;
  }

  origin(): Promise<string> {
    return new Promise((resolve) => this.#child.once('message', (m) => resolve((m as { origin: string }).origin)));
  }

  counts(): Promise<Heard> {
    return new Promise((resolve) => {
      this.#child.once('message', (counts) => resolve(counts as Heard));
      this.#child.send('counts');
    });
  }

  close(): void {
    this.#child.kill();
  }
}

export async function listenCalls(stage: Stage): Promise<Row[]> {
  const { options, server } = stage;
  const listener = new Listener();
  try {
    const origin = await listener.origin();
    const { sid } = (await server.api('POST', '/Applications', {
      name: 'bench listen',
      account_sid: server.ready.account_sid,
      call_hook: { url: `${origin}/listen`, method: 'POST' },
      call_status_hook: { url: `${origin}/status`, method: 'POST' },
    })) as { sid: string };
    const steps: Step[] = [];
    for (const calls of options.quick ? [100, 185] : [100, 150, 185, 220, 260, 300]) {
      const step = await measureStep(stage, { listener, user: `app-${sid}`, calls });
      steps.push(step);
      options.say(line(step));
      if (step.lateAtSend > 5 || step.bad > 0) break;
      await sleep(1500);
    }
    return [row(steps)];
  } finally {
    listener.close();
  }
}

async function measureStep(
  { server, options }: Stage,
  { listener, user, calls }: { listener: Listener; user: string; calls: number },
): Promise<Step> {
  const generator = new Generator();
  try {
    await generator.ask('start', { server: server.ready.sip.udp, user, sendRtp: true });
    const placed = await generator.ask('place', { calls, perSecond: rampPerSecond, holdMs: 0 });
    await sleep(settleMs);
    const worker = server.workers[0]!;
    const before = await server.metrics();
    await generator.ask('openWindow', null);
    await listener.counts();
    const from = performance.now();
    const [cpu, waited] = [cpuMeter([worker, server.main, listener.pid]), waitedMs(worker)];
    await sleep(options.quick ? 6000 : 15_000);
    const seconds = (performance.now() - from) / 1000;
    const { frames, gaps } = await listener.counts();
    const window = await generator.ask('closeWindow', null);
    const [workerCpu = 0, mainCpu = 0, listenerCpu = 0] = cpu();
    const workerWaited = (waitedMs(worker) - waited) / (10 * seconds);
    const after = await server.metrics();
    const ended = await generator.ask('hangup', { perSecond: 200 });
    const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
    return {
      calls,
      workerCpu,
      mainCpu,
      listenerCpu,
      workerWaited,
      window,
      gaps,
      heard: (100 * frames) / (calls * framesPerSecond * seconds),
      lateAtSend:
        (100 * grown('crosspoint_rtp_packets_late_total')) / Math.max(1, grown('crosspoint_rtp_packets_sent_total')),
      bad: calls - placed.answered + ended.byesUnanswered,
    };
  } finally {
    generator.close();
  }
}

const lateOfServer = ({ window }: Step): number =>
  (100 * (window.late - window.lateInOwnStall)) / Math.max(1, window.received);

const line = (s: Step): string =>
  `${s.calls}: worker ${s.workerCpu.toFixed(0)} %, main ${s.mainCpu.toFixed(0)} %, the streams' server ${s.listenerCpu.toFixed(0)} % of a core; late ${s.lateAtSend.toFixed(3)} % at send and ${lateOfServer(s).toFixed(3)} % at the receiver, lost ${s.window.lost}, skipped ${s.window.skipped} of ${s.window.received}; the server heard ${s.heard.toFixed(2)} % of the frames, ${s.gaps} gaps over 100 ms; waited for a core ${s.workerWaited.toFixed(1)} %${s.bad > 0 ? `, ${s.bad} failed` : ''}`;

const passes = (s: Step): boolean =>
  s.bad === 0 && s.lateAtSend < aimLate && lateOfServer(s) < aimLate && s.heard >= leastHeard;

function row(steps: Step[]): Row {
  const best = steps.filter(passes).at(-1)?.calls;
  return {
    id: 'j',
    what: 'listen/stream calls, two-way, one core of media, < 0.1 % of packets late by more than 10 ms',
    found: best === undefined ? `below ${steps[0]?.calls}` : String(best),
    aim: `>= ${aimCalls}`,
    met: (best ?? 0) >= aimCalls,
    note: `8 kHz, what the server is sent comes back as a stream and is heard; ${steps.map(line).join('; ')}`,
  };
}
