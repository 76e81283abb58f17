// amd's options, checked the same way wherever they stand: in dial, in config, in create-call (verbs.md 15, rest-calls.md 2.3).
import type { HookInput } from '../../apps/index.ts';
import { isObject, type Refusal, refuse } from '../../base/index.ts';
import { longestAmdMs, mostAmdWords } from '../limits.ts';
import type { RecognizerInput } from '../recognition/index.ts';
import type { AmdSettings, AmdTimer } from './verdicts.ts';
import type { VoicemailPhrases } from './voicemail.ts';

export interface AmdInput {
  actionHook: HookInput;
  thresholdWordCount?: number;
  digitCount?: number;
  timers?: Partial<Record<`${AmdTimer}TimeoutMs`, number>>;
  /** The session's when absent. */
  recognizer?: RecognizerInput;
}

const standard = {
  thresholdWordCount: 9,
  digitCount: 0,
  timers: {
    noSpeechTimeoutMs: 5_000,
    decisionTimeoutMs: 15_000,
    toneTimeoutMs: 20_000,
    greetingCompletionTimeoutMs: 2_000,
  },
};

const known: readonly string[] = ['actionHook', 'recognizer', ...Object.keys(standard)];

const no = (reason: string, path: string): Refusal => refuse('verb-option', reason, { path: `amd.${path}` });

/** Paths begin with `amd`. */
export function amdRefusal(input: unknown): Refusal | undefined {
  if (input === undefined) return undefined;
  if (!isObject(input)) return refuse('verb-option', 'must be an object', { path: 'amd' });
  const { actionHook: hook, recognizer, thresholdWordCount, digitCount, timers } = input;
  if (hook === undefined) return no('is required', 'actionHook');
  const url = isObject(hook) ? hook.url : hook;
  if (typeof url !== 'string' || url === '') return no('must be a URL, or an object with url', 'actionHook');
  if (recognizer !== undefined && !isObject(recognizer)) return no('must be an object', 'recognizer');
  return (
    countRefusal(thresholdWordCount, 1, 'thresholdWordCount') ??
    countRefusal(digitCount, 0, 'digitCount') ??
    timersRefusal(timers)
  );
}

/** What amd has no option for; in create-call nothing is taken that nobody knows. */
export function strangeAmdOption(input: object): Refusal | undefined {
  const strange = Object.keys(input).find((name) => !known.includes(name));
  return strange === undefined ? undefined : no('is no option of amd', strange);
}

function countRefusal(value: unknown, least: number, path: string): Refusal | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= mostAmdWords) return undefined;
  return no(`must be a whole number from ${least} to ${mostAmdWords}`, path);
}

function timersRefusal(timers: unknown): Refusal | undefined {
  if (timers === undefined) return undefined;
  if (!isObject(timers)) return no('must be an object', 'timers');
  for (const [name, ms] of Object.entries(timers)) {
    if (!(name in standard.timers)) return no('is no timer of amd', `timers.${name}`);
    if (!(typeof ms === 'number' && ms > 0 && ms <= longestAmdMs))
      return no(`must be more than 0, and at most ${longestAmdMs} ms`, `timers.${name}`);
  }
  return undefined;
}

/** After all defaults. */
export function amdSettings(input: AmdInput, phrases: VoicemailPhrases): AmdSettings {
  const { thresholdWordCount, digitCount } = { ...standard, ...input };
  const timers = { ...standard.timers, ...input.timers };
  return {
    thresholdWordCount,
    digitCount,
    phrases,
    timers: {
      noSpeech: timers.noSpeechTimeoutMs,
      decision: timers.decisionTimeoutMs,
      tone: timers.toneTimeoutMs,
      greetingCompletion: timers.greetingCompletionTimeoutMs,
    },
  };
}
