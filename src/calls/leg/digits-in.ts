// Digits of one leg: who wants to hear them, and one press heard once even when a phone sends it two ways.
import type { Clock } from '../../base/index.ts';
import type { DigitSource } from './types.ts';

export type DigitListener = (digit: string, durationMs: number, source: DigitSource) => void;

/** The same digit by another way within this time is the same press: phones send INFO and RFC 4733 within a few packets of each other. */
const samePressMs = 400;

export class Digits {
  readonly #clock: Clock;
  readonly #listeners = new Set<DigitListener>();
  #last: { digit: string; source: DigitSource; at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Hears every digit until the returned function is called. */
  listen(listener: DigitListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** False when it was a repeat of the same press by another way. */
  hear(digit: string, durationMs: number, source: DigitSource): boolean {
    const now = this.#clock.now();
    const last = this.#last;
    if (last && last.digit === digit && last.source !== source && now - last.at < samePressMs) return false;
    this.#last = { digit, source, at: now };
    for (const listener of [...this.#listeners]) listener(digit, durationMs, source);
    return true;
  }
}
