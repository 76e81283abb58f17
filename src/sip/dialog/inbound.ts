// Requests of the far end inside a dialog: order, glare and who answers them (RFC 3261 12.2.2, 14.2, 15.1.2, RFC 3311 5.2).
import { errorText, randomInt } from '../../base/index.ts';
import { composeResponse } from '../compose.ts';
import { MAX_PENDING_IN_DIALOG, TRANSACTION_TIMEOUT } from '../limits.ts';
import type { SipRequest } from '../message/index.ts';
import { Responder } from '../responder.ts';
import type { ServerTransaction } from '../transaction/server.ts';
import type { ExtraHeaders, IncomingReinvite, Reply } from '../types.ts';
import type { SipDialog } from './dialog.ts';

export function answerInDialog(dialog: SipDialog, transaction: ServerTransaction): void {
  const { request } = transaction;
  const { facts } = dialog;
  if (dialog.phase === 'terminated') return answerTooLate(dialog, transaction);
  if (facts.remoteSeq !== undefined && request.cseq.number < facts.remoteSeq) {
    return refuse(dialog, transaction, 500, retryLater(dialog));
  }
  if (dialog.waitingCount >= MAX_PENDING_IN_DIALOG && request.method !== 'BYE') {
    return refuse(dialog, transaction, 500, retryLater(dialog));
  }
  facts.remoteSeq = request.cseq.number;
  switch (request.method) {
    case 'BYE':
      refuse(dialog, transaction, 200);
      return dialog.phase === 'early' ? dialog.onEarlyEnd(request) : dialog.finish({ by: 'remote', request });
    case 'INVITE':
      return answerInvite(dialog, transaction);
    case 'UPDATE':
      return answerUpdate(dialog, transaction);
    default:
      return handOver(dialog, transaction);
  }
}

/** Our BYE is under way, or waits for an ACK. A BYE of theirs that crosses it is as good. */
function answerTooLate(dialog: SipDialog, transaction: ServerTransaction): void {
  const crossing = transaction.request.method === 'BYE';
  refuse(dialog, transaction, crossing ? 200 : 481);
  if (crossing) dialog.byeCrossed();
}

function refuse(dialog: SipDialog, transaction: ServerTransaction, status: number, headers?: ExtraHeaders): void {
  const { request } = transaction;
  const reply = headers && { headers };
  transaction.respond(composeResponse(dialog.core.identity, { request, status }, { toTag: dialog.localTag, reply }));
}

/** RFC 3261 14.2: 0 to 10 seconds by chance. */
const retryLater = (dialog: SipDialog): ExtraHeaders => ({ 'Retry-After': String(randomInt(dialog.core.random, 11)) });

function answerInvite(dialog: SipDialog, transaction: ServerTransaction): void {
  if (dialog.theirOffer?.open) return refuse(dialog, transaction, 500, retryLater(dialog));
  if (dialog.phase === 'early' || dialog.acceptance || dialog.offers.active) return refuse(dialog, transaction, 491);
  const { request } = transaction;
  transaction.respond(composeResponse(dialog.core.identity, { request, status: 100 }));
  handOverOffer(dialog, transaction);
}

function answerUpdate(dialog: SipDialog, transaction: ServerTransaction): void {
  const { request } = transaction;
  if (request.body.length === 0) {
    // Without an offer it only refreshes the target (and a session timer).
    dialog.refreshTarget(request);
    const parts = { toTag: dialog.localTag, contact: dialog.contact };
    return transaction.respond(composeResponse(dialog.core.identity, { request, status: 200 }, parts));
  }
  if (dialog.theirOffer?.open) return refuse(dialog, transaction, 500, retryLater(dialog));
  // A lost ACK stands in nobody's way: our 2xx has answered their offer, unless it made one (RFC 3311 5.2).
  const busy = dialog.phase === 'early' || dialog.acceptance?.offers === true || dialog.offers.active;
  if (busy) return refuse(dialog, transaction, 491);
  handOverOffer(dialog, transaction);
}

function handOverOffer(dialog: SipDialog, transaction: ServerTransaction): void {
  dialog.theirOffer = transaction;
  const reinvite = new Reinvite(dialog, transaction);
  try {
    dialog.onReinvite(reinvite);
  } catch (error) {
    dialog.core.log.error('a re-INVITE handler failed', { callId: dialog.callId, error: errorText(error) });
    reinvite.reject(500);
  }
}

function handOver(dialog: SipDialog, transaction: ServerTransaction): void {
  // When BYE comes first, what is unanswered gets 487 (RFC 3261 15.1.2).
  const onSettled = dialog.whileWaiting(() => responder.respond(487));
  const responder = new Responder(dialog.core, transaction, { toTag: dialog.localTag, onSettled });
  responder.handOver((request) => dialog.onRequest(request));
}

export class Reinvite implements IncomingReinvite {
  readonly request: SipRequest;
  readonly method: 'INVITE' | 'UPDATE';
  readonly #dialog: SipDialog;
  readonly #transaction: ServerTransaction;
  constructor(dialog: SipDialog, transaction: ServerTransaction) {
    this.#dialog = dialog;
    this.#transaction = transaction;
    this.request = transaction.request;
    this.method = transaction.request.method === 'UPDATE' ? 'UPDATE' : 'INVITE';
    const done = dialog.whileWaiting(() => this.reject(487));
    // A handler that never answers must not keep the session from ever changing again.
    const limit = dialog.core.clock.after(TRANSACTION_TIMEOUT, () => this.reject(500));
    transaction.user = {
      onAck: (ack) => dialog.receiveAck(ack),
      onCancel: () => this.reject(487),
      onSettled: () => {
        done();
        limit.cancel();
      },
    };
  }

  accept(reply: Reply): void {
    if (!this.#transaction.open) return;
    this.#dialog.accept(this.#transaction, reply);
  }

  reject(status: number, reason?: string, reply?: Reply): void {
    if (!this.#transaction.open || status < 300) return;
    const { request } = this;
    const { core, localTag } = this.#dialog;
    this.#transaction.respond(composeResponse(core.identity, { request, status }, { reason, reply, toTag: localTag }));
    if (this.#dialog.theirOffer === this.#transaction) this.#dialog.theirOffer = undefined;
    this.#dialog.offers.resume();
  }
}
