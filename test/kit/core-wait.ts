// Cores: how long a process waited for one, as the kernel's scheduler counts it, over time; and a wish to be given them before others.
import { readFileSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const everyMs = 5;

/** Runs in a thread of its own, which notes the count every few milliseconds; a note that comes late only makes the interval longer. */
const noting = `
const { parentPort, workerData } = require('node:worker_threads');
const { readFileSync } = require('node:fs');
const notes = [];
const note = () => {
  const at = performance.timeOrigin + performance.now();
  notes.push([at, Number(readFileSync(workerData.path, 'latin1').split(' ')[1]) / 1e6]);
};
const timer = setInterval(note, workerData.everyMs);
parentPort.once('message', () => { clearInterval(timer); note(); parentPort.postMessage(notes); parentPort.close(); });
note();
`;

export interface CoreWait {
  /** Time spent waiting for a core between two Unix times (ms), or a little around them. */
  between(from: number, to: number): number;
  readonly total: number;
}

/** Begins to note; call what it gives for the result. */
export function watchCoreWait(pid: number): () => Promise<CoreWait> {
  const path = `/proc/${pid}/schedstat`;
  const thread = new Worker(noting, { eval: true, workerData: { path, everyMs } });
  // What is left of a test that failed.
  thread.unref();
  return async () => {
    const { promise, resolve, reject } = Promise.withResolvers<[at: number, waited: number][]>();
    thread.once('message', resolve).once('error', reject).postMessage('stop');
    const notes = await promise;
    return {
      between: (from, to) => {
        const before = notes.findLast(([at]) => at <= from) ?? notes[0]!;
        const after = notes.find(([at]) => at >= to) ?? notes.at(-1)!;
        return after[1] - before[1];
      },
      total: notes.at(-1)![1] - notes[0]![1],
    };
  };
}

const ownGroup = '/proc/self/autogroup';

/**
 * Asks the kernel to give its cores to this session before others, so that the machine's other work counts for little; within the
 * session all are equal as before. Call what it gives to end that. Who may not ask is judged as the machine is.
 */
export function preferSession(): () => void {
  try {
    const before = / nice (-?\d+)/.exec(readFileSync(ownGroup, 'latin1'))?.[1] ?? '0';
    writeFileSync(ownGroup, '-15');
    return () => writeFileSync(ownGroup, before);
  } catch {
    return () => {};
  }
}
