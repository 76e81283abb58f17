// Runs one fuzz target: count and seed from the command line, limits on time and memory, figures at the end.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Dice } from './mutate.ts';

export interface FuzzTarget {
  name: string;
  /** Tries one input. Whatever it throws is a finding. Gives a word for the figures. */
  once(dice: Dice): string | Promise<string>;
  /** What the last input was, for the report of a finding. */
  last(): Uint8Array;
}

/** Inputs that share one seed: each batch can be run again alone. */
const batchSize = 1_000;
/** Longest time for one input, in ms: far above what a busy machine adds, far below a quadratic parser on 64 KiB. */
const slowestMs = 1_000;
/** Growth of the heap from the warm state to the end that is taken for noise. */
const growthBytes = 8 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** `node fuzz/<target>.ts [count] [seed]`; one batch again: count 1000 and the seed of the finding. */
export async function runFuzz(target: FuzzTarget): Promise<void> {
  const count = Number(process.argv[2] ?? 1_000_000);
  const seed = Number(process.argv[3] ?? 1);
  const words = new Map<string, number>();
  const started = performance.now();
  let dice = new Dice(seed);
  let warm = 0;
  let slowest = 0;
  for (let done = 0; done < count; done++) {
    const batch = Math.floor(done / batchSize);
    if (done % batchSize === 0) dice = new Dice(seed + batch);
    const before = performance.now();
    try {
      const answer = target.once(dice);
      // Waiting costs a turn, which a million quick inputs need not pay.
      const word = typeof answer === 'string' ? answer : await answer;
      words.set(word, (words.get(word) ?? 0) + 1);
      slowest = Math.max(slowest, performance.now() - before);
      if (performance.now() - before > slowestMs) throw new Error(`one input took more than ${slowestMs} ms`);
    } catch (error) {
      console.error(`${target.name}: finding at input ${done}, seed ${seed + batch}`);
      console.error(JSON.stringify(Buffer.from(target.last()).toString('latin1')));
      throw error;
    }
    if (done === Math.floor(count / 10)) warm = heapUsed();
    if ((done + 1) % 100_000 === 0) console.log(`${target.name}: ${done + 1}`);
  }
  const seconds = (performance.now() - started) / 1000;
  const growth = heapUsed() - warm;
  const figures = [...words].sort((a, b) => b[1] - a[1]).map(([word, times]) => `${word} ${times}`);
  console.log(`${target.name}: ${count} inputs from seed ${seed} in ${seconds.toFixed(1)} s; ${figures.join(', ')}`);
  console.log(
    `${target.name}: slowest ${slowest.toFixed(1)} ms, heap ${(growth / 1024).toFixed(0)} KiB larger than when warm`,
  );
  if (growth > growthBytes) throw new Error('memory grows');
}
