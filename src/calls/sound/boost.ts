// A gain as applications write it: a number of dB, or text such as "6 dB" (live-call-control.md 2.12).
import { type Refusal, refuse } from '../../base/index.ts';

const boostLeastDb = -20;
const boostMostDb = 20;

/** Of what a leg hears. dB, or why it is none. */
export const readBoostDb = (value: unknown): number | Refusal => readDb(value, boostLeastDb, boostMostDb);

/** Text must hold a number; the unit may be left out. */
export function readDb(value: unknown, least: number, most: number): number | Refusal {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  const match = /^([+-]?\d+(?:\.\d+)?)\s*(?:dB)?$/i.exec(text);
  if (!match) return refuse('bad-boost', 'must be a number of dB, such as 6 or "-3 dB"', { http: 400 });
  const db = Number(match[1]);
  return db >= least && db <= most ? db : refuse('bad-boost', `must be ${least} to ${most} dB`, { http: 400 });
}
