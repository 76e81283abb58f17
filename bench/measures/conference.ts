// (i) One conference: what it costs of a core of media, RTP both ways included, and whether it grows linearly; all speaking, then a few.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRefusal, realClock, realRandom, silentLog } from '../../src/base/index.ts';
import { createMediaPool, type MediaPool, type MediaPort, processWorker } from '../../src/media/client.ts';
import type { WorkerSettings } from '../../src/worker.ts';
import type { Window } from '../load/rtp.ts';
import type { Options, Row } from '../subject/bench.ts';
import { cpuMeter, waitedMs } from '../subject/processes.ts';
import { sleep } from '../subject/server.ts';
import type { VoicesAnswer, VoicesAsk } from '../voices.ts';

const sizes = [10, 50, 100];
const aimMembers = 100;
const aimCpu = 30;
/** Who speaks in the largest conference, once all have: what conferences are like. */
const fewSpeakers = 5;
/** A member of the largest conference may cost so many times as much as one of the others: figures differ by as much from run to run. */
const mostBend = 1.5;
const settleMs = 4000;
/** All members, before anything is measured: else the smallest conference pays for the code's first compilation, and none looks linear. */
const warmUpMs = 6000;

interface Step {
  members: number;
  workerCpu: number;
  workerWaited: number;
  lateAtSend: number;
  window: Window;
  sounding: number;
}

export async function conference(options: Options): Promise<Row[]> {
  const clock = realClock();
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-bench-'));
  const settings: WorkerSettings = { bindHost: '127.0.0.1', audioDirs: [], recordingsDir: folder };
  const pool = createMediaPool({
    clock,
    random: realRandom(),
    log: silentLog,
    advertise: '127.0.0.1',
    ports: { min: 0, max: 0 },
    workers: 1,
    startWorker: processWorker({
      clock,
      entry: new URL('../../src/worker.ts', import.meta.url),
      settings,
    }),
  });
  const voices = new Voices();
  try {
    const { all, few } = await measure({ pool, voices, options });
    return [row(all), fewRow(few, all.at(-1)!)];
  } finally {
    await pool.close();
    voices.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Voices {
  readonly #child: ChildProcess = fork(new URL('../voices.ts', import.meta.url), [], { execArgv: [] });

  ask<T extends VoicesAnswer>(ask: VoicesAsk): Promise<T> {
    return new Promise((resolve) => {
      this.#child.once('message', (answer) => resolve(answer as T));
      this.#child.send(ask);
    });
  }

  close(): void {
    this.#child.kill();
  }
}

async function measure(stage: {
  pool: MediaPool;
  voices: Voices;
  options: Options;
}): Promise<{ all: Step[]; few: Step }> {
  const { pool, voices, options } = stage;
  const { port } = await voices.ask<{ port: number }>({ start: true });
  const offer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n`;
  const room = pool.room({ group: 'conference' });
  const ports: MediaPort[] = [];
  const steps: Step[] = [];
  const flags = { muted: false, deaf: false, tag: '', speakOnlyTo: '', distributeDtmf: false };
  const send = async (speakers: number, forMs: number): Promise<void> => {
    await voices.ask({ ports: ports.map(({ local }) => local.port), speakers });
    await sleep(forMs);
  };
  const seat = async (members: number): Promise<void> => {
    for (const one of ports.splice(members)) await one.close();
    while (ports.length < members) {
      const one = await pool.open({ callSid: `c${ports.length}`, group: 'conference', inactivityMs: 0 });
      const answer = await one.answer(offer);
      if (isRefusal(answer)) throw new Error(answer.reason);
      one.start();
      await room.join(one, flags);
      ports.push(one);
    }
  };
  await seat(aimMembers);
  await send(aimMembers, warmUpMs);
  for (const members of sizes) {
    await seat(members);
    await send(members, settleMs);
    steps.push(await step(stage, members));
    options.say(line(steps.at(-1)!));
  }
  await send(fewSpeakers, settleMs);
  const few = await step(stage, aimMembers);
  options.say(`${fewSpeakers} of ${line(few)}`);
  await room.close();
  return { all: steps, few };
}

async function step(
  { pool, voices, options }: { pool: MediaPool; voices: Voices; options: Options },
  members: number,
): Promise<Step> {
  const pid = pool.workers[0]!.pid!;
  await voices.ask({ openWindow: true });
  const before = pool.stats();
  const [cpu, waited, from] = [cpuMeter([pid]), waitedMs(pid), performance.now()];
  await sleep(options.quick ? 5000 : 15_000);
  const { window, sounding } = await voices.ask<{ window: Window; sounding: number }>({ closeWindow: true });
  const after = pool.stats();
  const sent = Math.max(1, after.packetsSent - before.packetsSent);
  return {
    members,
    workerCpu: cpu()[0]!,
    workerWaited: ((waitedMs(pid) - waited) * 100) / (performance.now() - from),
    lateAtSend: (100 * (after.packetsLate - before.packetsLate)) / sent,
    window,
    sounding,
  };
}

const line = (s: Step): string =>
  `${s.members}: worker ${s.workerCpu.toFixed(1)} % of a core, late ${s.lateAtSend.toFixed(3)} % at send, lost ${s.window.lost} of ${s.window.received}, waited for a core ${s.workerWaited.toFixed(1)} %${s.sounding < s.members ? `, ${s.members - s.sounding} heard nothing` : ''}`;

/** What each member more costs from one size to the next, % of a core. */
const perMember = (steps: Step[]): number[] =>
  steps.slice(1).map((s, i) => (s.workerCpu - steps[i]!.workerCpu) / (s.members - steps[i]!.members));

function fewRow(few: Step, all: Step): Row {
  return {
    id: 'i',
    what: `the same conference, ${fewSpeakers} members speaking, the others sending silence: share of a core`,
    found: `${few.workerCpu.toFixed(0)} %`,
    aim: 'less than when all speak',
    met: few.workerCpu < all.workerCpu && few.sounding === few.members,
    note: line(few),
  };
}

function row(steps: Step[]): Row {
  const most = steps.at(-1)!;
  const each = perMember(steps);
  const linear = each.at(-1)! <= mostBend * Math.max(...each.slice(0, -1));
  return {
    id: 'i',
    what: `one conference of ${aimMembers} members, all sending, RTP both ways: share of a core`,
    found: `${most.workerCpu.toFixed(0)} %${linear ? '' : ', not linear'}`,
    aim: `<= ${aimCpu} %, linear`,
    met: most.workerCpu <= aimCpu && linear && most.sounding === most.members,
    note: `${steps.map(line).join('; ')}; each member more: ${each.map((e) => e.toFixed(2)).join(', then ')} %`,
  };
}
