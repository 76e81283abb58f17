// Our re-INVITEs and UPDATEs with an offer: one at a time, later ones queue, and 491 is tried again (RFC 3261 14.1).
import { errorText, Fault, randomInt, type Timer } from '../../base/index.ts';
import type { ClientRequest } from '../client-request.ts';
import { MAX_GLARE_RETRIES, MAX_REINVITE_QUEUE, REINVITE_PATIENCE, TRANSACTION_TIMEOUT } from '../limits.ts';
import type { SipResponse } from '../message/index.ts';
import type { MessageBody, Reply } from '../types.ts';
import { Acknowledgement } from './acknowledgement.ts';
import type { SipDialog } from './dialog.ts';
import { cancelInvite, sendInDialog } from './outbound.ts';

export interface Offer {
  readonly method: 'INVITE' | 'UPDATE';
  /** Made when it is sent, and anew after a glare: what the far end has offered meanwhile counts (RFC 3261 14.1). Undefined: not wanted any more. */
  readonly reply: () => Reply | undefined;
  /** Makes the answer to the offer in the 2xx, when `reply` has none. */
  readonly ackBody?: ((response: SipResponse) => Promise<MessageBody | undefined>) | undefined;
}

interface Entry {
  readonly offer: Offer;
  readonly resolve: (response: SipResponse) => void;
  readonly reject: (error: Fault) => void;
  glares: number;
  /** Said in the latest attempt. */
  reply: Reply;
}

export class OfferQueue {
  readonly #dialog: SipDialog;
  readonly #queue: Entry[] = [];
  #running: Entry | undefined;
  #request: ClientRequest | undefined;
  /** Waits after a 491. */
  #timer: Timer | undefined;
  /** Runs while a re-INVITE has only provisional answers, then while its CANCEL is waited for. */
  #patience: Timer | undefined;

  constructor(dialog: SipDialog) {
    this.#dialog = dialog;
  }

  /** True while an offer of ours is under way. One that waits after a 491 is not. */
  get active(): boolean {
    return this.#running !== undefined;
  }

  add(offer: Offer): Promise<SipResponse> {
    return new Promise((resolve, reject) => {
      if (this.#dialog.phase === 'terminated') reject(new Fault('sip-ended', 'the call has ended', { sip: 481 }));
      else if (this.#queue.length >= MAX_REINVITE_QUEUE) {
        reject(new Fault('sip-busy', 'too many changes of the session wait already', { retryable: true, sip: 491 }));
      } else {
        this.#queue.push({ offer, resolve, reject, glares: 0, reply: {} });
        this.resume();
      }
    });
  }

  /** Sends the next one unless something of either side is under way (RFC 3261 14.1: one INVITE at a time). */
  resume(): void {
    const dialog = this.#dialog;
    if (this.#running || this.#timer || dialog.acceptance || dialog.theirOffer?.open) return;
    if (dialog.phase !== 'confirmed') return;
    const entry = this.#queue.shift();
    if (!entry) return;
    const reply = entry.offer.reply();
    if (!reply) {
      entry.reject(new Fault('sip-withdrawn', 'the change of the session is not wanted any more', { sip: 488 }));
      return this.resume();
    }
    this.#running = entry;
    entry.reply = reply;
    this.#request = sendInDialog(
      dialog,
      { method: entry.offer.method, reply: entry.reply },
      {
        onResponse: (response) => this.#answered(entry, response),
        onFault: (fault) => this.#lost(entry, fault),
      },
    );
  }

  #answered(entry: Entry, response: SipResponse): void {
    const { status } = response;
    if (status < 200) {
      this.#patience ??= this.#dialog.core.clock.after(REINVITE_PATIENCE, () => this.#cancel(entry));
      return;
    }
    this.#stopPatience();
    if (this.#running !== entry) {
      if (status < 300) this.#dialog.receiveRepeated2xx(response);
      return;
    }
    if (status < 300) return this.#accepted(entry, response);
    this.#running = undefined;
    if (status === 491 && entry.glares < MAX_GLARE_RETRIES) return this.#retry(entry);
    entry.resolve(response);
    this.#dialog.endIfGone(status);
    this.resume();
  }

  #accepted(entry: Entry, response: SipResponse): void {
    const dialog = this.#dialog;
    dialog.refreshTarget(response);
    const done = (): void => {
      this.#running = undefined;
      entry.resolve(response);
      this.resume();
    };
    if (entry.offer.method !== 'INVITE') return done();
    const credentials = this.#request?.credentials ?? [];
    const acknowledgement = new Acknowledgement(dialog, { cseq: response.cseq.number, credentials });
    dialog.rememberAck(acknowledgement);
    const { ackBody } = entry.offer;
    if (entry.reply.body || !ackBody) {
      acknowledgement.send();
      return done();
    }
    this.#running = entry;
    ackBody(response).then(
      (body) => {
        acknowledgement.send(body);
        done();
      },
      (error) => {
        acknowledgement.flush();
        dialog.die(new Fault('sip-no-answer', 'the offered session cannot be had', { sip: 488, cause: error }));
        dialog.core.log.warn('no answer for a late offer', { callId: dialog.callId, error: errorText(error) });
      },
    );
  }

  /** 2.1 to 4 s for the side that owns the Call-ID, 0 to 2 s for the other, in steps of 10 ms. */
  #retry(entry: Entry): void {
    const { core, caller } = this.#dialog;
    const ms = caller ? 2100 + 10 * randomInt(core.random, 191) : 10 * randomInt(core.random, 201);
    entry.glares++;
    this.#queue.unshift(entry);
    this.#timer = core.clock.after(ms, () => {
      this.#timer = undefined;
      this.resume();
    });
  }

  /** RFC 3261 9.1: when nothing follows the CANCEL in 64*T1 either, the far end is gone. */
  #cancel(entry: Entry): void {
    const { core } = this.#dialog;
    const transaction = this.#request?.transaction;
    if (entry.offer.method !== 'INVITE' || transaction?.state !== 'proceeding') return;
    cancelInvite(core, transaction);
    this.#patience = core.clock.after(TRANSACTION_TIMEOUT, () => {
      transaction.abandon();
      this.#lost(entry, new Fault('sip-timeout', 'the far end did not answer', { retryable: true, sip: 408 }));
    });
  }

  #lost(entry: Entry, fault: Fault): void {
    this.#stopPatience();
    this.#running = undefined;
    entry.reject(fault);
    this.#dialog.die(fault);
  }

  #stopPatience(): void {
    this.#patience?.cancel();
    this.#patience = undefined;
  }

  close(fault: () => Fault): void {
    this.#stopPatience();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#request?.stop();
    const entries = this.#running ? [this.#running, ...this.#queue] : this.#queue.slice();
    this.#running = undefined;
    this.#queue.length = 0;
    for (const entry of entries) entry.reject(fault());
  }
}
