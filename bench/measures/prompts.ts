// (a) How many calls play a prompt at once, RTP both ways, on one core of media; (e) what each of them weighs.
import type { Window } from '../load/rtp.ts';
import type { Row, Stage } from '../subject/bench.ts';
import { cpuMeter, waitedMs } from '../subject/processes.ts';
import { sleep } from '../subject/server.ts';

const aimCalls = 500;
const aimLate = 0.1;
const aimKb = 150;
const rampPerSecond = 40;
const settleMs = 3000;

interface Step {
  calls: number;
  workerCpu: number;
  mainCpu: number;
  generatorCpu: number;
  /** Share of the time in which the worker could have run but had no core, %. */
  workerWaited: number;
  /** % of packets late at the engine's send. */
  lateAtSend: number;
  window: Window;
  loopDelayMs: number;
  pssKb: number;
  rssKb: number;
  byeP50: number;
  byeMax: number;
  bad: number;
}

export async function promptCalls(stage: Stage): Promise<Row[]> {
  const { options, server } = stage;
  const sizes = options.quick ? [100, 300] : [100, 200, 300, 400, 500, 600, 700];
  // The first calls load code and prompts that every later one shares.
  await measureStep(stage, 100, 2000);
  await sleep(2000);
  const rest = server.memory();
  const steps: Step[] = [];
  options.say(
    'calls | worker | main | generator CPU % | late at send % | late at receiver % (own stalls) | lost | skipped | worker waited % | loop p99 ms | KB a call',
  );
  for (const calls of sizes) {
    const step = await measureStep(stage, calls, options.quick ? 6000 : 15_000);
    steps.push(step);
    options.say(stepLine(step, rest.pssKb));
    if (step.lateAtSend > 5 || step.bad > 0) break;
    await sleep(1500);
  }
  return [concurrencyRow(steps), memoryRow(steps, rest)];
}

async function measureStep({ server, generator: make }: Stage, calls: number, ms: number): Promise<Step> {
  const generator = await make();
  const placed = await generator.ask('place', { calls, perSecond: rampPerSecond, holdMs: 0 });
  await sleep(settleMs);
  const worker = server.workers[0]!;
  const before = await server.metrics();
  await generator.ask('openWindow', null);
  const [cpu, waited, from] = [cpuMeter([worker, server.main, generator.pid]), waitedMs(worker), performance.now()];
  await sleep(ms);
  const window = await generator.ask('closeWindow', null);
  const [workerCpu = 0, mainCpu = 0, generatorCpu = 0] = cpu();
  const workerWaited = ((waitedMs(worker) - waited) * 100) / (performance.now() - from);
  const after = await server.metrics();
  const memory = server.memory();
  const ended = await generator.ask('hangup', { perSecond: 200 });
  generator.close();
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  return {
    calls,
    workerCpu,
    mainCpu,
    generatorCpu,
    workerWaited,
    window,
    ...memory,
    lateAtSend:
      (100 * grown('crosspoint_rtp_packets_late_total')) / Math.max(1, grown('crosspoint_rtp_packets_sent_total')),
    loopDelayMs: (after.crosspoint_media_loop_delay_seconds ?? 0) * 1000,
    byeP50: ended.bye.p50,
    byeMax: ended.bye.max,
    bad: calls - placed.answered + ended.byesUnanswered,
  };
}

const lateAtReceiver = ({ window }: Step): number => (100 * window.late) / Math.max(1, window.received);
const inOwnStalls = ({ window }: Step): number => (100 * window.lateInOwnStall) / Math.max(1, window.received);

const stepLine = (step: Step, restKb: number): string =>
  [
    step.calls,
    step.workerCpu.toFixed(0),
    step.mainCpu.toFixed(0),
    step.generatorCpu.toFixed(0),
    step.lateAtSend.toFixed(3),
    `${lateAtReceiver(step).toFixed(3)} (${inOwnStalls(step).toFixed(3)})`,
    step.window.lost,
    step.window.skipped,
    step.workerWaited.toFixed(1),
    step.loopDelayMs.toFixed(1),
    ((step.pssKb - restKb) / step.calls).toFixed(0),
    `BYE p50 ${step.byeP50.toFixed(0)} max ${step.byeMax.toFixed(0)} ms`,
    step.bad > 0 ? `${step.bad} failed` : '',
  ].join(' | ');

const passes = (step: Step): boolean =>
  step.bad === 0 && step.lateAtSend < aimLate && lateAtReceiver(step) - inOwnStalls(step) < aimLate;

function concurrencyRow(steps: Step[]): Row {
  const passed = steps.filter(passes);
  const best = passed.at(-1);
  const told = steps.map(
    (s) =>
      `${s.calls}: worker ${s.workerCpu.toFixed(0)} % of a core, late ${s.lateAtSend.toFixed(3)} % at send and ${lateAtReceiver(s).toFixed(3)} % at the receiver (${inOwnStalls(s).toFixed(3)} % in the generator's own ${s.window.stalls} stalls), waited for a core ${s.workerWaited.toFixed(1)} %`,
  );
  return {
    id: 'a',
    what: 'calls playing a prompt, RTP both ways, one core of media, < 0.1 % of packets late by more than 10 ms',
    found: best ? String(best.calls) : `below ${steps[0]?.calls}`,
    aim: `>= ${aimCalls}`,
    met: (best?.calls ?? 0) >= aimCalls,
    note: told.join('; '),
  };
}

function memoryRow(steps: Step[], rest: { pssKb: number; rssKb: number }): Row {
  const most = steps.filter(passes).at(-1) ?? steps[0]!;
  const each = (kb: number, from: number): string => ((kb - from) / most.calls).toFixed(0);
  return {
    id: 'e',
    what: 'memory per prompt call, main process and worker',
    found: `${each(most.pssKb, rest.pssKb)} KB`,
    aim: `<= ${aimKb} KB`,
    met: (most.pssKb - rest.pssKb) / most.calls <= aimKb,
    note: `proportional set size at ${most.calls} calls, the most that passed (a), less the same after a first round of calls; resident: ${each(most.rssKb, rest.rssKb)} KB`,
  };
}
