// amd, as dial, config and create-call hold it: what the schema lets through though it cannot work. Paths begin with `amd`.
import { type Refusal, refuse } from '../base/index.ts';
import type { AmdInput } from '../calls/index.ts';
import { recognizerRefusal } from './gather/options.ts';
import { longestAmdMs, mostAmdWords } from './limits.ts';

const no = (reason: string, path: string): Refusal => refuse('verb-option', reason, { path: `amd.${path}` });

export function amdRefusal(input: AmdInput | undefined): Refusal | undefined {
  if (!input) return undefined;
  const { actionHook: hook, thresholdWordCount = 1, digitCount = 0, timers = {}, recognizer } = input;
  if ((typeof hook === 'string' ? hook : hook.url) === '')
    return no('must be a URL, or an object with url', 'actionHook');
  for (const [name, ms] of Object.entries(timers))
    if (!(ms > 0 && ms <= longestAmdMs))
      return no(`must be more than 0, and at most ${longestAmdMs} ms`, `timers.${name}`);
  const within = recognizerRefusal(recognizer);
  return (
    countRefusal(thresholdWordCount, 1, 'thresholdWordCount') ??
    countRefusal(digitCount, 0, 'digitCount') ??
    (within && { ...within, path: `amd.${within.path}` })
  );
}

function countRefusal(value: number, least: number, path: string): Refusal | undefined {
  if (Number.isInteger(value) && value >= least && value <= mostAmdWords) return undefined;
  return no(`must be a whole number from ${least} to ${mostAmdWords}`, path);
}
