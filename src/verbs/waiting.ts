// fillerNoise and actionHookDelayAction, of config and of gather: what of them cannot work (verbs.md 9.3).
import { isRefusal, type Refusal, refuse } from '../base/index.ts';
import type { DelayActionInput, FillerNoiseInput } from '../calls/index.ts';
import { longestGatherSeconds } from './limits.ts';
import { parseApplication } from './parse.ts';
import { playable } from './play.ts';

export interface WaitingOptions {
  actionHookDelayAction?: DelayActionInput;
  fillerNoise?: FillerNoiseInput;
}

/** `needsUrl`: there is nothing that a filler noise could inherit its URL from. */
export function waitingRefusal(options: WaitingOptions, needsUrl: boolean): Refusal | undefined {
  const delay = options.actionHookDelayAction && delayRefusal(options.actionHookDelayAction);
  return delay ? under('actionHookDelayAction', delay) : fillerRefusal(options.fillerNoise, needsUrl);
}

const under = (name: string, refusal: Refusal): Refusal => ({
  ...refusal,
  path: refusal.path === undefined ? name : `${name}.${refusal.path}`,
});

function fillerRefusal(filler: FillerNoiseInput | undefined, needsUrl: boolean): Refusal | undefined {
  if (!filler?.enable) return undefined;
  const { url, startDelaySecs = 0 } = filler;
  if (url === undefined && needsUrl) return refuse('verb-option', 'is required', { path: 'fillerNoise.url' });
  if (url !== undefined && !playable.test(url))
    return refuse('verb-option', 'must be an http(s)://, file:// or tone_stream:// URL', { path: 'fillerNoise.url' });
  return isWait(startDelaySecs) ? undefined : badWait('fillerNoise.startDelaySecs');
}

function delayRefusal(delay: DelayActionInput): Refusal | undefined {
  const { noResponseTimeout, noResponseGiveUpTimeout = 0, retries = 1, actions = [], giveUpActions = [] } = delay;
  if (!isWait(noResponseTimeout ?? 0)) return badWait('noResponseTimeout');
  if (!isWait(noResponseGiveUpTimeout)) return badWait('noResponseGiveUpTimeout');
  if (!Number.isInteger(retries) || retries < 0)
    return refuse('verb-option', 'must be a whole number from 0', { path: 'retries' });
  if (noResponseTimeout !== undefined && actions.length === 0)
    return refuse('verb-option', 'must have something to play after noResponseTimeout', { path: 'actions' });
  return verbsRefusal('actions', actions, ['say', 'play']) ?? verbsRefusal('giveUpActions', giveUpActions);
}

function verbsRefusal(name: string, verbs: unknown[], allowed?: readonly string[]): Refusal | undefined {
  const steps = parseApplication(verbs);
  if (isRefusal(steps)) return { ...steps, path: `${name}${steps.path ?? ''}` };
  const wrong = allowed ? steps.findIndex((step) => !allowed.includes(step.name)) : -1;
  return wrong < 0
    ? undefined
    : refuse('verb-option', `must be ${allowed?.join(' or ')}`, { path: `${name}[${wrong}]` });
}

const isWait = (seconds: number): boolean => seconds >= 0 && seconds <= longestGatherSeconds;

const badWait = (path: string): Refusal =>
  refuse('verb-option', `must be 0 to ${longestGatherSeconds} seconds`, { path });
