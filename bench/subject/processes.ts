// What /proc says about processes: who they are, what they use.
import { readdirSync, readFileSync } from 'node:fs';

/** Unit of the times in /proc/<pid>/stat on Linux. */
const ticksPerSecond = 100;

const read = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1');

/** Fields after the name, which may hold anything. */
const stat = (pid: number): string[] => read(pid, 'stat').split(') ').at(-1)!.split(' ');

/** User and system time so far, ms. */
export const cpuMs = (pid: number): number => {
  const fields = stat(pid);
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
};

/** Time for which it could have run but another process had the core, ms: the machine's lateness. */
export const waitedMs = (pid: number): number => Number(read(pid, 'schedstat').split(' ')[1]) / 1e6;

const kilobytes = (pid: number, file: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read(pid, file))?.[1] ?? 0);

export const rssKb = (pid: number): number => kilobytes(pid, 'status', 'VmRSS');

/** Its own memory and its share of what it shares; its resident memory where the host keeps this to itself. */
export const pssKb = (pid: number): number => {
  try {
    return kilobytes(pid, 'smaps_rollup', 'Pss');
  } catch {
    return rssKb(pid);
  }
};

export const commandOf = (pid: number): string => {
  try {
    return read(pid, 'cmdline').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

/** All that descend from a process. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(Number(name), Number(stat(Number(name))[1]));
    } catch {
      // Gone meanwhile.
    }
  }
  const found: number[] = [];
  const below = (parent: number): void => {
    for (const [child, of] of parents) {
      if (of !== parent) continue;
      found.push(child);
      below(child);
    }
  };
  below(pid);
  return found;
}

/** Share of one core, %, that each process used between `begin` and now. */
export function cpuMeter(pids: readonly number[]): () => number[] {
  const from = performance.now();
  const before = pids.map(cpuMs);
  return () => {
    const elapsed = performance.now() - from;
    return pids.map((pid, i) => ((cpuMs(pid) - before[i]!) * 100) / elapsed);
  };
}
