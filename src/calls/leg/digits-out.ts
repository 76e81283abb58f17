// Digits to a leg's far end: RFC 4733 where agreed, else SIP INFO where it takes that, else tones. In order and with their spacing.
import { type Clock, Fault, type Scope, sleep } from '../../base/index.ts';
import type { MediaPort } from '../../media/client.ts';
import type { SipResponse } from '../../sip/index.ts';
import { digitsWaitingLimit, infoDigitGapMs } from '../limits.ts';

export interface LegDigitsOptions {
  clock: Clock;
  scope: Scope;
  port(): MediaPort | undefined;
  /** Sends an INFO in the dialog. */
  info(contentType: string, content: string): Promise<SipResponse>;
}

/** As in the media room: what a `w` and a `W` wait. */
const pausesMs: Readonly<Record<string, number>> = { w: 500, W: 1_000 };

export class LegDigits {
  readonly #options: LegDigitsOptions;
  /** The far end said that it takes INFO (Allow), and has not refused one. */
  #takesInfo = false;
  /** One string of digits after another, whichever way each goes. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** When the time of the last digit that went by INFO is over. */
  #freeAt = 0;

  constructor(options: LegDigitsOptions) {
    this.#options = options;
  }

  /** What the far end said that it takes, in its INVITE or its answer. */
  learn(allow: readonly string[]): void {
    this.#takesInfo = allow.some((method) => method.toUpperCase() === 'INFO');
  }

  /** True when the digits go through the media. */
  get inMedia(): boolean {
    return !this.#takesInfo || this.#options.port()?.negotiated?.dtmfPayloadType !== undefined;
  }

  /** Resolves when the last has been sent, with the time of the first; rejects with a Fault when they cannot be. */
  send(digits: string, durationMs: number): Promise<{ at: number }> {
    if (this.#waiting + digits.length > digitsWaitingLimit)
      return Promise.reject(new Fault('digits-too-many', `at most ${digitsWaitingLimit} digits may wait`));
    this.#waiting += digits.length;
    const sent = this.#last.then(() =>
      this.inMedia ? this.#play(digits, durationMs) : this.#inform(digits, durationMs),
    );
    const done = (): void => {
      this.#waiting -= digits.length;
    };
    this.#last = sent.then(done, done);
    return sent;
  }

  async #play(digits: string, durationMs: number): Promise<{ at: number }> {
    await this.#free();
    const port = this.#options.port();
    if (!port) throw over();
    return port.sendDigits(digits, durationMs);
  }

  async #inform(digits: string, durationMs: number): Promise<{ at: number }> {
    const { clock, info } = this.#options;
    let first: number | undefined;
    for (let i = 0; i < digits.length; i++) {
      const digit = digits[i]!;
      await this.#free();
      const at = clock.now();
      const pauseMs = pausesMs[digit];
      // The far end may play them one after another, each for its time.
      this.#freeAt = at + (pauseMs ?? durationMs + infoDigitGapMs);
      if (pauseMs !== undefined) continue;
      const body = `Signal=${digit.toUpperCase()}\r\nDuration=${durationMs}\r\n`;
      const { status } = await info('application/dtmf-relay', body);
      if (status >= 300) return this.#otherwise(digits.slice(i), durationMs, first);
      first ??= at;
    }
    return { at: first ?? clock.now() };
  }

  /** It refuses INFO after all. */
  async #otherwise(digits: string, durationMs: number, first: number | undefined): Promise<{ at: number }> {
    this.#takesInfo = false;
    this.#freeAt = 0;
    const { at } = await this.#play(digits, durationMs);
    return { at: first ?? at };
  }

  /** The time of the digit before has passed. */
  #free(): Promise<void> {
    const { clock, scope } = this.#options;
    const leftMs = this.#freeAt - clock.now();
    return leftMs > 0 ? sleep(clock, leftMs, scope.signal) : Promise.resolve();
  }
}

const over = (): Fault => new Fault('call-ended', 'the call is over');
