// Digits to a leg's far end: RFC 4733 where agreed, else SIP INFO where it takes that, else tones. In order and with their spacing.
import { type Clock, Fault, type Scope, sleep } from '../base/index.ts';
import type { MediaPort } from '../media/client.ts';
import type { SipResponse } from '../sip/index.ts';
import { infoDigitGapMs } from './limits.ts';

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
    const sent = this.#last.then(() =>
      this.inMedia ? this.#play(digits, durationMs) : this.#inform(digits, durationMs),
    );
    this.#last = sent.catch(() => {});
    return sent;
  }

  #play(digits: string, durationMs: number): Promise<{ at: number }> {
    const port = this.#options.port();
    return port ? port.sendDigits(digits, durationMs) : Promise.reject(over());
  }

  async #inform(digits: string, durationMs: number): Promise<{ at: number }> {
    const { clock, scope, info } = this.#options;
    let at: number | undefined;
    for (let i = 0; i < digits.length; i++) {
      const digit = digits[i]!;
      const pauseMs = pausesMs[digit];
      if (pauseMs === undefined) {
        const began = clock.now();
        const body = `Signal=${digit.toUpperCase()}\r\nDuration=${durationMs}\r\n`;
        const { status } = await info('application/dtmf-relay', body);
        if (status >= 300) {
          this.#takesInfo = false;
          const rest = await this.#play(digits.slice(i), durationMs);
          return { at: at ?? rest.at };
        }
        at ??= began;
        // The far end may play them one after another, each for its time.
        const over = began + durationMs + infoDigitGapMs;
        if (i < digits.length - 1) await sleep(clock, Math.max(0, over - clock.now()), scope.signal);
      } else await sleep(clock, pauseMs, scope.signal);
    }
    return { at: at ?? clock.now() };
  }
}

const over = (): Fault => new Fault('call-ended', 'the call is over');
