// A call that comes in: our provisional responses, our final one, and CANCEL (RFC 3261 9.2, 13.3).
import { errorText, every, type Timer } from '../base/index.ts';
import { composeResponse } from './compose.ts';
import type { Core } from './core.ts';
import type { SipDialog } from './dialog/dialog.ts';
import { PROGRESS_REPEAT } from './limits.ts';
import type { SipRequest, SipResponse } from './message/index.ts';
import type { ServerTransaction } from './transaction/server.ts';
import type { Dialog, IncomingInvite, Peer, Reply } from './types.ts';

export class InviteServer implements IncomingInvite {
  readonly request: SipRequest;
  readonly peer: Peer;
  readonly callId: string;
  state: 'proceeding' | 'accepted' | 'rejected' | 'cancelled' = 'proceeding';
  onCancel: (request: SipRequest) => void = () => {};
  readonly #core: Core;
  readonly #transaction: ServerTransaction;
  readonly #dialog: SipDialog;
  #progressing: Timer | undefined;
  #expiry: Timer | undefined;

  constructor(core: Core, transaction: ServerTransaction, dialog: SipDialog) {
    this.#core = core;
    this.#transaction = transaction;
    this.#dialog = dialog;
    this.request = transaction.request;
    this.peer = transaction.source.peer;
    this.callId = this.request.callId;
    dialog.theirOffer = transaction;
    transaction.toTag = dialog.localTag;
    transaction.user = {
      onAck: (ack) => dialog.receiveAck(ack),
      onCancel: (cancel) => this.cancelled(cancel),
      onSettled: () => {
        this.#progressing?.cancel();
        this.#expiry?.cancel();
      },
    };
    dialog.onEarlyEnd = (bye) => this.cancelled(bye);
    // RFC 3261 13.3.1: an invitation may say how long it stands.
    const seconds = Number(this.request.header('Expires') ?? Number.NaN);
    if (seconds > 0) this.#expiry = core.clock.after(seconds * 1000, () => this.cancelled(this.request));
  }

  progress(status: number, reason?: string, reply?: Reply): void {
    if (this.state !== 'proceeding' || status <= 100 || status >= 200) return;
    this.#respond(status, reason, reply);
    this.#progressing ??= every(this.#core.clock, PROGRESS_REPEAT, () => {
      const last = this.#transaction.provisional;
      if (last && last.status > 100) this.#transaction.respond(last);
    });
  }

  accept(reply: Reply): Dialog {
    if (this.state !== 'proceeding') throw new Error(`bug: the INVITE is ${this.state} and cannot be accepted`);
    this.state = 'accepted';
    this.#dialog.accept(this.#transaction, reply);
    return this.#dialog;
  }

  send(method: string, reply?: Reply): Promise<SipResponse> {
    return this.#dialog.request(method, reply);
  }

  reject(status: number, reason?: string, reply?: Reply): void {
    if (this.state !== 'proceeding' || status < 300) return;
    this.state = 'rejected';
    this.#respond(status, reason, reply);
    this.#dialog.discard();
  }

  /** CANCEL, a BYE in the early dialog, or the INVITE itself when its time is up: 487 (RFC 3261 9.2, 13.3.1, 15.1.2). */
  cancelled(request: SipRequest): void {
    if (this.state !== 'proceeding') return;
    this.state = 'cancelled';
    this.#respond(487);
    this.#dialog.discard();
    try {
      this.onCancel(request);
    } catch (error) {
      this.#core.log.error('a SIP call handler failed', {
        handler: 'onCancel',
        callId: this.callId,
        error: errorText(error),
      });
    }
  }

  #respond(status: number, reason?: string, reply?: Reply): void {
    const contact = status < 300 ? this.#dialog.contact : undefined;
    const parts = { reason, reply, contact, toTag: this.#dialog.localTag };
    this.#transaction.respond(composeResponse(this.#core.identity, { request: this.request, status }, parts));
  }
}
