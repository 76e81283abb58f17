// The range of RTP ports: even numbers handed out in turn, so that a released one rests as long as the range allows, and at least the quarantine.
import type { Clock } from '../../base/index.ts';
import { portQuarantineMs } from '../limits.ts';

export interface PortRange {
  /**
   * First and last UDP port, both usable; RTP takes even ports and RTCP the next odd one (RFC 3550 11). Both 0: whatever pair the
   * system has free.
   */
  min: number;
  max: number;
}

export class PortNumbers {
  readonly #clock: Clock;
  readonly #any: boolean;
  /** Free ports, longest rested first. */
  readonly #free: { port: number; restedAt: number }[] = [];

  constructor(range: PortRange, clock: Clock) {
    this.#clock = clock;
    this.#any = range.max === 0;
    if (this.#any) return;
    for (let port = range.min + (range.min & 1); port + 1 <= range.max; port += 2)
      this.#free.push({ port, restedAt: 0 });
  }

  get free(): number {
    return this.#free.length;
  }

  /** Undefined when every port is taken or resting; 0 for any. */
  take(): number | undefined {
    if (this.#any) return 0;
    const first = this.#free[0];
    if (!first || first.restedAt > this.#clock.now()) return undefined;
    return this.#free.shift()?.port;
  }

  release(port: number): void {
    if (this.#any) return;
    this.#free.push({ port, restedAt: this.#clock.now() + portQuarantineMs });
  }
}
