// A gain as applications write it: a number of dB, or text such as "6 dB" (live-call-control.md 2.12).
import { type Refusal, refuse } from '../base/index.ts';

export const boostLeastDb = -20;
export const boostMostDb = 20;

/** dB, or why it is none. Text must hold a number; the unit may be left out. */
export function readBoostDb(value: unknown): number | Refusal {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const match = /^([+-]?\d+(?:\.\d+)?)\s*(?:dB)?$/i.exec(text);
  if (!match) return refuse('bad-boost', 'must be a number of dB, such as 6 or "-3 dB"', { http: 400 });
  const db = Number(match[1]);
  if (db < boostLeastDb || db > boostMostDb)
    return refuse('bad-boost', `must be ${boostLeastDb} to ${boostMostDb} dB`, { http: 400 });
  return db;
}
