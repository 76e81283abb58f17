// Retries an application asks for in a hook's URL fragment: `#rc=<count>&rp=<conditions>` (app-interfaces.md 1.5).
import type { Fault } from '../base/index.ts';
import { maxRetries, retryDelaysMs, retryGrowthMs } from './limits.ts';

export interface RetryRule {
  /** Tries after the first one. */
  count: number;
  conditions: ReadonlySet<string>;
}

/** `defaultCount` is 0 for webhooks and 5 for sockets, where 0 and nonsense mean 5 too. */
export function retryRule(url: string, defaultCount: number): RetryRule {
  const at = url.indexOf('#');
  const fragment = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  const asked = Math.abs(Number.parseInt(fragment.get('rc') ?? '', 10));
  const conditions = (fragment.get('rp') ?? '').split(',').map((condition) => condition.trim().toLowerCase());
  return {
    count: Math.min(maxRetries, asked || defaultCount),
    conditions: new Set(conditions.some((condition) => condition !== '') ? conditions : ['ct']),
  };
}

/** Wait before retry `number`, counted from 1: 500, 1000, 2000, 4000, 6000, then 2000 more each. */
export function retryDelay(number: number): number {
  const listed = retryDelaysMs[number - 1];
  if (listed !== undefined) return listed;
  return retryDelaysMs.at(-1)! + (number - retryDelaysMs.length) * retryGrowthMs;
}

/** Does the rule want another try after this? `fault.detail.why` is what happened: ct, rt, or the HTTP status. */
export function wantsRetry(rule: RetryRule, fault: Fault): boolean {
  if (rule.conditions.has('all')) return true;
  const { why, status } = fault.detail;
  if (typeof status === 'number') return rule.conditions.has(`${Math.floor(status / 100)}xx`);
  return typeof why === 'string' && rule.conditions.has(why);
}
