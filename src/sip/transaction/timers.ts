// How long each transaction timer runs: RFC 3261 table 4, RFC 6026 7.1 and 7.2.
import { T1, T2, T4, TIMER_D, TRANSACTION_TIMEOUT } from '../limits.ts';
import type { StateName, TimerName } from './tables.ts';

/** Milliseconds of a timer that ends something. The waits that absorb repeats are 0 where nothing is repeated. */
export function endAfter(timer: TimerName, reliable: boolean): number {
  switch (timer) {
    case 'D':
      return reliable ? 0 : TIMER_D;
    case 'I':
    case 'K':
      return reliable ? 0 : T4;
    case 'J':
      return reliable ? 0 : TRANSACTION_TIMEOUT;
    default:
      return TRANSACTION_TIMEOUT;
  }
}

/** Milliseconds until the next repeat, from the last interval (0 for the first one). Reliable transports repeat nothing. */
export function repeatAfter(timer: TimerName, state: StateName, last: number): number {
  const next = last === 0 ? T1 : last * 2;
  if (timer === 'A') return next;
  return state === 'proceeding' ? T2 : Math.min(next, T2);
}
