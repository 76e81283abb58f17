// Remembers who refused TCP for a request that is too large for UDP, so that the next one goes over UDP at once.
import type { Clock } from '../base/index.ts';
import { MAX_TCP_REFUSED, TCP_REFUSED_MEMORY } from './limits.ts';

export class TcpRefusals {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(address: string): void {
    this.#until.delete(address);
    this.#until.set(address, this.#clock.now() + TCP_REFUSED_MEMORY);
    if (this.#until.size > MAX_TCP_REFUSED) this.#until.delete(this.#until.keys().next().value!);
  }

  has(address: string): boolean {
    const until = this.#until.get(address);
    if (until === undefined) return false;
    if (until > this.#clock.now()) return true;
    this.#until.delete(address);
    return false;
  }
}
