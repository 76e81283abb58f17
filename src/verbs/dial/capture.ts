// Capture: looks for patterns in the keys of one leg (verbs.md 5.8).
import type { Clock } from '../../base/index.ts';
import { captureGapMs } from '../limits.ts';

export class Capture {
  readonly #patterns: readonly string[];
  readonly #clock: Clock;
  readonly #longest: number;
  #typed = '';
  #lastAt = 0;

  constructor(patterns: readonly string[], clock: Clock) {
    this.#patterns = patterns.map((pattern) => pattern.toUpperCase()).sort((a, b) => b.length - a.length);
    this.#longest = this.#patterns[0]?.length ?? 0;
    this.#clock = clock;
  }

  /** The pattern, the longest first, with which the keys so far end. After a find it starts afresh. */
  hear(digit: string): string | undefined {
    const now = this.#clock.now();
    if (now - this.#lastAt > captureGapMs) this.#typed = '';
    this.#lastAt = now;
    this.#typed = (this.#typed + digit.toUpperCase()).slice(-this.#longest);
    const found = this.#patterns.find((pattern) => this.#typed.endsWith(pattern));
    if (found !== undefined) this.#typed = '';
    return found;
  }
}
