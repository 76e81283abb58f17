// pause: waits, without answering.
import { refuse, sleep } from '../base/index.ts';
import { defineVerb } from './define.ts';
import { longestPauseSeconds } from './limits.ts';

export const pause = defineVerb<{ length: number }>({
  name: 'pause',
  example: { length: 1 },
  needs: 'none',
  check: ({ length }) =>
    length < 0 || length > longestPauseSeconds
      ? refuse('verb-option', `must be 0 to ${longestPauseSeconds} seconds`, { path: 'length' })
      : undefined,
  run: ({ length }, { call, scope }) => sleep(call.clock, length * 1000, scope.signal),
});
