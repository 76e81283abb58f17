// leave: in a queue's waitHook it ends the wait (calls/queue/caller.ts). Anywhere else the call has nothing to leave, and the next verb runs.
import { defineVerb } from './define.ts';

export const leave = defineVerb({
  name: 'leave',
  example: {},
  needs: 'none',
  run: async () => {},
});
