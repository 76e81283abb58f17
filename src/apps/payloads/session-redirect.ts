// session:redirect: another application is asked for (app-interfaces.md 3.9). No INVITE, no defaults, no environment.
import type { Payload } from '../types.ts';
import { baseInfo } from './base.ts';
import type { CallFacts } from './types.ts';

export function sessionRedirect(facts: CallFacts): Payload {
  return { ...baseInfo(facts), callerName: facts.callerName };
}
