// gather: collects digits, speech or either, with or without a prompt (verbs.md 4).
import { defineVerb } from './define.ts';
import { Gathering } from './gather/gathering.ts';
import { type GatherOptions, gatherRefusal } from './gather/options.ts';

export const gather = defineVerb<GatherOptions>({
  name: 'gather',
  example: { numDigits: 1, timeout: 1, actionHook: '/done' },
  needs: 'media',
  check: gatherRefusal,
  async run(options, run) {
    const resolution = await new Gathering(options, run).done;
    if (resolution) await run.hook(options.actionHook, { ...resolution });
  },
});
