// The `loop` option of say and play: a number, or 'forever'.
import { type Refusal, refuse } from '../base/index.ts';

export type LoopInput = number | string;

/** Passes; Infinity for ever. 0 is for ever, as documented (verbs.md 18). */
export function loopCount(loop: LoopInput | undefined): number {
  if (loop === undefined) return 1;
  if (loop === 'forever') return Number.POSITIVE_INFINITY;
  const count = Number(loop);
  return count === 0 ? Number.POSITIVE_INFINITY : count;
}

export function loopRefusal(loop: LoopInput | undefined): Refusal | undefined {
  if (loop === undefined || loop === 'forever') return undefined;
  const count = loop === '' ? Number.NaN : Number(loop);
  return Number.isInteger(count) && count >= 0
    ? undefined
    : refuse('verb-option', 'must be a whole number from 0, or "forever"', { path: 'loop' });
}
