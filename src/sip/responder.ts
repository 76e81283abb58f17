// A request handed to a user, who answers it once; one that nobody answers is answered here, so that nothing is left open.
import { errorText, type Timer } from '../base/index.ts';
import { composeResponse } from './compose.ts';
import type { Core } from './core.ts';
import { TRANSACTION_TIMEOUT } from './limits.ts';
import type { SipRequest } from './message/index.ts';
import type { ServerTransaction } from './transaction/server.ts';
import type { IncomingRequest, Peer, Reply } from './types.ts';

export class Responder implements IncomingRequest {
  readonly request: SipRequest;
  readonly peer: Peer;
  readonly #core: Core;
  readonly #transaction: ServerTransaction;
  readonly #toTag: string;
  #timer: Timer | undefined;

  /** `onSettled` is called when the answer has been given, or cannot be given any more. */
  constructor(core: Core, transaction: ServerTransaction, options: { toTag: string; onSettled?: () => void }) {
    this.#core = core;
    this.#transaction = transaction;
    this.#toTag = options.toTag;
    this.request = transaction.request;
    this.peer = transaction.source.peer;
    transaction.user = {
      onSettled: () => {
        this.#timer?.cancel();
        options.onSettled?.();
      },
    };
  }

  respond(status: number, reason?: string, reply?: Reply): void {
    if (!this.#transaction.open || status < 200) return;
    const toTag = this.#toTag;
    this.#transaction.respond(
      composeResponse(this.#core.identity, { request: this.request, status }, { reason, reply, toTag }),
    );
  }

  /** Runs a handler: what it throws becomes a 500, and so does silence (never a 408: RFC 4320 4.2). */
  handOver(handler: (request: IncomingRequest) => void): void {
    try {
      handler(this);
    } catch (error) {
      this.#core.log.error('a SIP request handler failed', { method: this.request.method, error: errorText(error) });
      this.respond(500);
    }
    if (!this.#transaction.open) return;
    this.#timer = this.#core.clock.after(TRANSACTION_TIMEOUT, () => this.respond(500));
  }
}
