// amd's actionHook: what is known of who answered, a human or a machine (verbs.md 15).
import type { Payload } from '../types.ts';
import { baseInfo } from './base.ts';
import type { CallFacts } from './types.ts';

export interface AmdNotice {
  type:
    | 'amd_human_detected'
    | 'amd_machine_detected'
    | 'amd_no_speech_detected'
    | 'amd_decision_timeout'
    | 'amd_machine_stopped_speaking'
    | 'amd_tone_detected'
    | 'amd_tone_timeout'
    | 'amd_error'
    | 'amd_stopped';
  /** What told a human from a machine; of an error, what is wrong. */
  reason?: string;
  greeting?: string;
  language?: string;
  /** The phrase that voicemail is known by. */
  hint?: string;
  /** Of a beep, Hz. */
  frequency?: number;
  /** Of its frequency, Hz^2. */
  variance?: number;
}

export function amdEvent(facts: CallFacts, notice: AmdNotice): Payload {
  return { ...baseInfo(facts), ...notice };
}
