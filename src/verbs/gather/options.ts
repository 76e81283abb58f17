// What a gather may be told, and what of it cannot work (verbs.md 4.1).
import type { HookInput } from '../../apps/index.ts';
import { type Refusal, refuse } from '../../base/index.ts';
import type { DelayActionInput, FillerNoiseInput, RecognizerInput, VoiceInput } from '../../calls/index.ts';
import { longestGatherSeconds, longestVoiceMs, mostGathered } from '../limits.ts';
import { type PlayOptions, play } from '../play.ts';
import { type SayOptions, say } from '../say.ts';
import { waitingRefusal } from '../waiting.ts';

export interface GatherOptions {
  input?: string[];
  actionHook?: HookInput;
  partialResultHook?: HookInput;
  say?: SayOptions;
  play?: PlayOptions;
  timeout?: number;
  interDigitTimeout?: number;
  finishOnKey?: string;
  numDigits?: number;
  minDigits?: number;
  maxDigits?: number;
  dtmfBargein?: boolean;
  bargein?: boolean;
  minBargeinWordCount?: number;
  listenDuringPrompt?: boolean;
  recognizer?: RecognizerInput;
  vad?: VoiceInput;
  fillerNoise?: FillerNoiseInput;
  actionHookDelayAction?: DelayActionInput;
}

export const gatherRefusal = (options: GatherOptions): Refusal | undefined =>
  inputRefusal(options) ??
  numbersRefusal(options) ??
  promptRefusal(options) ??
  recognizerRefusal(options.recognizer) ??
  voiceRefusal(options.vad) ??
  waitingRefusal(options, false);

function inputRefusal({ input = ['digits'], finishOnKey }: GatherOptions): Refusal | undefined {
  if (input.length === 0) return refuse('verb-option', 'must name an input', { path: 'input' });
  // An empty text means no key, as in the reference.
  if (finishOnKey !== undefined && !/^[0-9*#]?$/.test(finishOnKey))
    return refuse('verb-option', 'must be one key: 0-9, * or #', { path: 'finishOnKey' });
  return undefined;
}

function numbersRefusal(options: GatherOptions): Refusal | undefined {
  for (const name of ['numDigits', 'minDigits', 'maxDigits'] as const) {
    const value = options[name];
    const least = name === 'minDigits' ? 0 : 1;
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= mostGathered)) {
      return refuse('verb-option', `must be a whole number from ${least} to ${mostGathered}`, { path: name });
    }
  }
  for (const name of ['timeout', 'interDigitTimeout'] as const) {
    const value = options[name];
    if (value !== undefined && !isWait(value))
      return refuse('verb-option', `must be 0 to ${longestGatherSeconds} seconds`, { path: name });
  }
  if ((options.minDigits ?? 0) > (options.maxDigits ?? options.numDigits ?? mostGathered))
    return refuse('verb-option', 'must not be more than maxDigits or numDigits', { path: 'minDigits' });
  const words = options.minBargeinWordCount ?? 1;
  if (!(Number.isInteger(words) && words >= 0))
    return refuse('verb-option', 'must be a whole number from 0', { path: 'minBargeinWordCount' });
  return undefined;
}

const isWait = (seconds: unknown): boolean =>
  typeof seconds === 'number' && seconds >= 0 && seconds <= longestGatherSeconds;

function promptRefusal(options: GatherOptions): Refusal | undefined {
  if (options.say && options.play) return refuse('verb-option', 'must not stand beside say', { path: 'play' });
  const inner = options.say ? say.check?.(options.say) : options.play ? play.check?.(options.play) : undefined;
  return inner && { ...inner, path: `${options.say ? 'say' : 'play'}.${inner.path}` };
}

/** Of a `vad`, in config or in a recognizer. */
export const voiceRefusal = (vad: VoiceInput | undefined): Refusal | undefined =>
  (vad?.voiceMs ?? 0) >= 0 && (vad?.voiceMs ?? 0) <= longestVoiceMs
    ? undefined
    : refuse('verb-option', `must be 0 to ${longestVoiceMs} ms`, { path: 'vad.voiceMs' });

/** What the contract's schema leaves open in a recognizer. */
export function recognizerRefusal(recognizer: RecognizerInput | undefined): Refusal | undefined {
  if (!recognizer) return undefined;
  const voice = voiceRefusal(recognizer.vad);
  if (voice) return { ...voice, path: `recognizer.${voice.path}` };
  const { minConfidence = 0, asrDtmfTerminationDigit: key = '#' } = recognizer;
  for (const name of ['asrTimeout', 'fastRecognitionTimeout'] as const) {
    const value = recognizer[name];
    if (value !== undefined && !isWait(value))
      return refuse('verb-option', `must be 0 to ${longestGatherSeconds} seconds`, { path: `recognizer.${name}` });
  }
  if (!(minConfidence >= 0 && minConfidence <= 1))
    return refuse('verb-option', 'must be 0 to 1', { path: 'recognizer.minConfidence' });
  if (!/^[0-9*#A-D]$/.test(key))
    return refuse('verb-option', 'must be one key', { path: 'recognizer.asrDtmfTerminationDigit' });
  return undefined;
}
