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

/** Digits on their way. */
export interface SentDigits {
  /** The time of the first packet, or of the first INFO. Rejects with a Fault when nothing was sent. */
  begun: Promise<{ at: number }>;
  /** When the last has been sent. Rejects with a Fault when some were not. */
  sent: Promise<void>;
}

interface Order {
  digits: string;
  durationMs: number;
  /** At the first digit; later ones say nothing new. */
  begin(at: number): void;
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

  /** So many more may wait. */
  hasRoom(digits: string): boolean {
    return this.#waiting + digits.length <= digitsWaitingLimit;
  }

  send(digits: string, durationMs: number): SentDigits {
    const begun = Promise.withResolvers<{ at: number }>();
    const sent = this.hasRoom(digits)
      ? this.#queue({ digits, durationMs, begin: (at) => begun.resolve({ at }) })
      : Promise.reject(new Fault('digits-too-many', `at most ${digitsWaitingLimit} digits may wait`));
    // What begins late, or never, is known at the end.
    sent.then(() => begun.resolve({ at: this.#options.clock.now() }), begun.reject);
    begun.promise.catch(() => {});
    return { begun: begun.promise, sent };
  }

  #queue(order: Order): Promise<void> {
    this.#waiting += order.digits.length;
    const sent = this.#last.then(() => (this.inMedia ? this.#play(order) : this.#inform(order)));
    const done = (): void => {
      this.#waiting -= order.digits.length;
    };
    this.#last = sent.then(done, done);
    return sent;
  }

  async #play({ digits, durationMs, begin }: Order): Promise<void> {
    await this.#free();
    const port = this.#options.port();
    if (!port) throw over();
    const { at } = await port.sendDigits(digits, durationMs);
    begin(at);
    await port.digitsSent();
  }

  async #inform(order: Order): Promise<void> {
    const { digits, durationMs, begin } = order;
    const { clock, info } = this.#options;
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
      if (status >= 300) return this.#otherwise({ ...order, digits: digits.slice(i) });
      begin(at);
    }
  }

  /** It refuses INFO after all. */
  #otherwise(order: Order): Promise<void> {
    this.#takesInfo = false;
    this.#freeAt = 0;
    return this.#play(order);
  }

  /** The time of the digit before has passed. */
  #free(): Promise<void> {
    const { clock, scope } = this.#options;
    const leftMs = this.#freeAt - clock.now();
    return leftMs > 0 ? sleep(clock, leftMs, scope.signal) : Promise.resolve();
  }
}

const over = (): Fault => new Fault('call-ended', 'the call is over');
