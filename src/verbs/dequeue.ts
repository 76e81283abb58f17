// dequeue: takes the next caller of a queue, or a certain one, and hears it until one of both goes (verbs.md 7.2).
import type { HookInput } from '../apps/index.ts';
import { refuse } from '../base/index.ts';
import { nameRefusal } from './conference.ts';
import { defineVerb } from './define.ts';
import { longestQueueWaitSeconds } from './limits.ts';

interface Options {
  name: string;
  timeout?: number;
  beep?: boolean;
  callSid?: string;
  actionHook?: HookInput;
}

export const dequeue = defineVerb<Options>({
  name: 'dequeue',
  example: { name: 'support', timeout: 1, actionHook: '/done' },
  needs: 'media',
  check({ name, timeout = 0 }) {
    if (timeout < 0 || timeout > longestQueueWaitSeconds)
      return refuse('verb-option', `must be 0 to ${longestQueueWaitSeconds} seconds`, { path: 'timeout' });
    return nameRefusal(name);
  },
  async run({ name, timeout = 0, beep = false, callSid, actionHook }, run) {
    const { call, scope } = run;
    const result = await call.world.queues.take(call, scope, { name, timeoutMs: timeout * 1000, beep, callSid });
    await run.hook(actionHook, { dequeueResult: result });
  },
});
