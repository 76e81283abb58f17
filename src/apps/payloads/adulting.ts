// session:adulting: a dialled leg that outlives its caller becomes a call of its own (app-interfaces.md 3.9, live-call-control.md 7.4).
import type { Payload } from '../types.ts';
import { baseInfo } from './base.ts';
import type { CallFacts } from './types.ts';

export function sessionAdulting(child: CallFacts, parent: CallFacts): Payload {
  return { ...baseInfo(child), parentCallInfo: baseInfo(parent) };
}
