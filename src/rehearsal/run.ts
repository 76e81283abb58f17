// npm run rehearse: random calls on the virtual clock, each seed twice; the two logs must be the same, and no promise broken.
import { createHash } from 'node:crypto';
import { realClock } from '../base/index.ts';
import { Coverage } from './coverage.ts';
import { rehearse } from './random-call.ts';

const defaultSeeds = 20;
const mostSeeds = 100_000;

/** `--seeds N` (from 1), or `--seed S` for one; `--coverage` says afterwards what happened how often. Resolves with the process's exit code. */
export async function runRehearsals(args: string[], out: (line: string) => void): Promise<number> {
  const wanted = readArgs(args.filter((arg) => arg !== '--coverage'));
  if (typeof wanted === 'string') {
    out(`crosspoint: ${wanted}`);
    return 2;
  }
  const clock = realClock();
  const startedAt = clock.now();
  let failures = 0;
  let virtualMs = 0;
  const coverage = new Coverage();
  for (const seed of wanted) {
    const first = await rehearse(seed);
    const second = await rehearse(seed);
    coverage.add(first.cast);
    virtualMs += first.virtualMs + second.virtualMs;
    const broken = [...first.broken, ...(first.log === second.log ? [] : ['two runs of the seed differ'])];
    const digest = createHash('sha256').update(first.log).digest('hex').slice(0, 12);
    if (broken.length > 0) failures++;
    out(`seed ${seed}  ${digest}  ${broken.length === 0 ? 'ok' : broken.join('; ')}`);
  }
  const seconds = (clock.now() - startedAt) / 1000;
  if (args.includes('--coverage')) for (const line of coverage.lines()) out(line);
  out(
    `${wanted.length - failures} passed, ${failures} failed: ${Math.round(virtualMs / 60_000)} minutes of calls in ${seconds.toFixed(1)} s`,
  );
  return failures === 0 ? 0 : 1;
}

function readArgs(args: string[]): number[] | string {
  const [name = '--seeds', value = String(defaultSeeds)] = args;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || (name === '--seeds' && number > mostSeeds))
    return `${name} takes a whole number from 1`;
  if (name === '--seed') return [number];
  return name === '--seeds'
    ? Array.from({ length: number }, (_, i) => i + 1)
    : `there are --seeds N and --seed S, not ${name}`;
}
