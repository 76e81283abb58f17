// call:status: where a call has got to (app-interfaces.md 3.2).
import type { Payload } from '../types.ts';
import { baseInfo } from './base.ts';
import type { CallFacts } from './types.ts';

/** `problem`: the extra status that tells of a hook whose answer could not be used (1.6). */
export function callStatus(facts: CallFacts, problem?: { error: string; reason: string }): Payload {
  return { ...baseInfo(facts), ...problem };
}
