// A 2xx to INVITE, sent again until its ACK comes, on every transport (RFC 3261 13.3.1.4).
import type { Clock, Timer } from '../../base/index.ts';
import { T1, T2, TRANSACTION_TIMEOUT } from '../limits.ts';
import type { SipResponse } from '../message/index.ts';
import type { ServerTransaction } from '../transaction/server.ts';

export class Acceptance {
  readonly cseq: number;
  /** The 2xx carries an offer, whose answer the ACK brings. */
  readonly offers: boolean;
  readonly #clock: Clock;
  readonly #transaction: ServerTransaction;
  #interval = T1;
  #repeat: Timer | undefined;
  readonly #limit: Timer;

  /** Sends the 2xx. `onGiveUp` is called when no ACK came in time. */
  constructor(options: {
    clock: Clock;
    transaction: ServerTransaction;
    response: SipResponse;
    onGiveUp: () => void;
  }) {
    this.#clock = options.clock;
    this.#transaction = options.transaction;
    const { request } = options.transaction;
    this.cseq = request.cseq.number;
    this.offers = request.body.length === 0;
    this.#limit = this.#clock.after(TRANSACTION_TIMEOUT, () => {
      this.stop();
      options.onGiveUp();
    });
    this.#transaction.respond(options.response);
    this.#arm();
  }

  #arm(): void {
    this.#repeat = this.#clock.after(this.#interval, () => {
      this.#interval = Math.min(this.#interval * 2, T2);
      this.#transaction.repeatAccepted();
      this.#arm();
    });
  }

  stop(): void {
    this.#repeat?.cancel();
    this.#limit.cancel();
    this.#transaction.release();
  }
}
