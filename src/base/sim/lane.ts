// Lane: a direction in which things arrive in the order they were sent, however the delay changes.
import type { Clock } from '../clock.ts';

export class Lane {
  readonly #clock: Clock;
  #lastAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `arrive` after `delayMs`, or right after the one before it if that is later. */
  send(delayMs: number, arrive: () => void): void {
    const now = this.#clock.now();
    this.#lastAt = Math.max(this.#lastAt, now + delayMs);
    this.#clock.after(this.#lastAt - now, arrive);
  }
}
