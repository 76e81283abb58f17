// enqueue: waits in a named queue until another call takes this one, and hears that one then (verbs.md 7.1).
import type { HookInput } from '../apps/index.ts';
import { nameRefusal } from './conference.ts';
import { defineVerb } from './define.ts';

interface Options {
  name: string;
  priority?: number;
  waitHook?: HookInput;
  actionHook?: HookInput;
}

const defaultPriority = 999;

export const enqueue = defineVerb<Options>({
  name: 'enqueue',
  example: { name: 'support', priority: 1, actionHook: '/done' },
  needs: 'media',
  check: ({ name }) => nameRefusal(name),
  async run({ name, priority = defaultPriority, waitHook, actionHook }, run) {
    const { call, scope } = run;
    const { sid, seconds, result } = await call.world.queues.wait(call, scope, {
      name,
      priority: priority < 0 ? defaultPriority : priority,
      waitHook,
    });
    await run.hook(actionHook, { queueSid: sid, queueTime: seconds, queueResult: result });
  },
});
