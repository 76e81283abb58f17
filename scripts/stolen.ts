// What the host of a virtual machine kept from it: lateness that nobody inside can help (steal time, proc_stat(5)).
import { readFileSync } from 'node:fs';

/** Share of this machine's cores, %, that its host gave to others between `begin` and now. */
export function stolenMeter(): () => number {
  const times = (): number[] =>
    readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/ +/).slice(1, 9).map(Number);
  const before = times();
  return () => {
    const passed = times().map((ticks, i) => ticks - before[i]!);
    return (
      (100 * passed[7]!) /
      Math.max(
        1,
        passed.reduce((sum, ticks) => sum + ticks, 0),
      )
    );
  };
}
