// amd's options and their defaults, wherever they stand: in dial, in config, in create-call (verbs.md 15, rest-calls.md 2.3).
import type { HookInput } from '../../apps/index.ts';
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
