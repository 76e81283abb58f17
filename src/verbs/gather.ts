// gather: collects digits, speech or either, with or without a prompt (verbs.md 4).
import type { VerbRun } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { defaultTimeoutSeconds, Gathering } from './gather/gathering.ts';
import { type GatherOptions, gatherRefusal } from './gather/options.ts';

export const gather = defineVerb<GatherOptions>({
  name: 'gather',
  example: { numDigits: 1, timeout: 1, actionHook: '/done' },
  needs: 'media',
  alsoAccepts: ['vad'],
  check: gatherRefusal,
  async run(options, run) {
    if (await leftToBargeIn(options, run)) return;
    const resolution = await new Gathering(options, run).done;
    if (!resolution || options.actionHook === undefined) return;
    const { actionHookDelayAction: delay, fillerNoise } = options;
    const silent = resolution.reason === 'timeout' || resolution.reason === 'error';
    const filler = silent ? { enable: false } : fillerNoise;
    run.call.patience.begin({ ...(delay && { delay }), ...(filler && { filler }) });
    await run.hook(options.actionHook, { ...resolution });
  },
});

/** Beside a gather in the background none is run, unless it hears speech and the other one does not (verbs.md 4.2). */
async function leftToBargeIn({ input = ['digits'], timeout }: GatherOptions, run: VerbRun): Promise<boolean> {
  const { parts, conversation, program } = run.call;
  const background = parts.get('bargeIn');
  if (!background) return false;
  if (input.includes('speech') && !background.input.includes('speech')) {
    background.stop();
    return false;
  }
  const resolved = background.takeTimeout(timeout ?? defaultTimeoutSeconds);
  // A webhook's call without verbs would end here; it waits for what the other one hears.
  if (!conversation.isSocket && program.queued === 0) {
    const closed = new Promise<void>((resolve) => run.scope.defer(() => resolve()));
    await Promise.race([resolved, closed]);
  }
  return true;
}
