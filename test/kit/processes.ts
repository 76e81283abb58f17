// Processes of this machine as /proc shows them: who started whom, who is left, what they weigh.
import { readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface Process {
  pid: number;
  parent: number;
  started: string;
  command: string;
}

function processOf(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command, in parentheses, may hold anything.
    const [state, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), started: fields[17] ?? '', command };
  } catch {
    return undefined;
  }
}

/** A process and all that descend from it. */
export function family(pid: number): Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(Number(name)) ?? []);
  const found = all.filter((one) => one.pid === pid);
  for (let i = 0; i < found.length; i++) found.push(...all.filter((one) => one.parent === found[i]!.pid));
  return found;
}

export const alive = ({ pid, started }: Process): boolean => processOf(pid)?.started === started;

/** Proportional set size of one process in MB: its own memory, and its share of what it shares. */
export function pssMb({ pid }: Process): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [];
  return Number(kilobytes ?? 0) / 1024;
}
