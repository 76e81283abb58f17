// A call that we make: INVITE with its early dialogs, forks, CANCEL and the first 2xx (RFC 3261 9.1, 13.2).
import { errorText, Fault, type Timer } from '../base/index.ts';
import { ClientRequest, type RequestPlan } from './client-request.ts';
import { address, composeRequest, composeResponse, requestFault } from './compose.ts';
import { type Core, firstCSeq, newCallId, newTag } from './core.ts';
import { Acknowledgement } from './dialog/acknowledgement.ts';
import { SipDialog } from './dialog/dialog.ts';
import { cancelInvite } from './dialog/outbound.ts';
import { clientDialog, pathOf } from './dialog/state.ts';
import { MAX_FORKS, TRANSACTION_TIMEOUT } from './limits.ts';
import type { SipRequest, SipResponse } from './message/index.ts';
import type { Dialog, MessageBody, OutgoingInvite, OutgoingInviteOptions, Reply } from './types.ts';

export class InviteClient implements OutgoingInvite {
  readonly callId: string;
  onProvisional: (response: SipResponse) => void = () => {};
  onAnswer: (dialog: Dialog, response: SipResponse) => void = (dialog) => void dialog.bye();
  onFailure: (failure: SipResponse | Fault) => void = () => {};
  ackBody: ((response: SipResponse) => Promise<MessageBody | undefined>) | undefined;
  readonly #core: Core;
  readonly #options: OutgoingInviteOptions;
  readonly #request: ClientRequest;
  /** By remote tag: early ones, then those that answered. */
  readonly #dialogs = new Map<string, SipDialog>();
  #provisional = false;
  #cancelling: { reason: string | undefined } | undefined;
  #cancelLimit: Timer | undefined;
  #done = false;

  constructor(core: Core, options: OutgoingInviteOptions) {
    this.#core = core;
    this.#options = options;
    this.callId = options.callId ?? newCallId(core.random);
    this.#request = new ClientRequest(core, this.#plan(), {
      onResponse: (response) => this.#receive(response),
      onFault: (fault) => this.#failed(fault),
    });
  }

  start(): void {
    if (this.#done) return;
    const { uri, from, to, proxy } = this.#options;
    const wrong = requestFault('INVITE', [uri, from.uri, to ?? uri, proxy ?? uri]);
    if (wrong) return this.#finish(wrong);
    this.#core.outgoing.add(this);
    this.#request.start();
  }

  abort(fault: Fault): void {
    this.#request.stop();
    this.#finish(fault);
  }

  #plan(): RequestPlan {
    const { identity, random } = this.#core;
    const { uri, from, to, proxy, headers, body, auth, contactUser, contactParameters } = this.#options;
    const path = pathOf(uri, proxy === undefined ? [] : [`<${loose(proxy)}>`]);
    const first = firstCSeq(random);
    const fromText = address(from.uri, from.displayName, newTag(random));
    return {
      nextHop: path.nextHop,
      auth,
      compose: (attempt) =>
        composeRequest(identity, {
          method: 'INVITE',
          uri: path.uri,
          via: attempt.via,
          from: fromText,
          to: address(to ?? uri),
          callId: this.callId,
          cseq: first + attempt.challenges,
          routes: path.routes,
          contact: identity.contact(attempt.transport, contactUser, contactParameters),
          headers,
          own: attempt.credentials,
          body,
        }),
    };
  }

  #receive(response: SipResponse): void {
    const { status } = response;
    if (status < 200) this.#progress(response);
    else if (status < 300) this.#answered(response);
    else this.#finish(response);
  }

  #progress(response: SipResponse): void {
    this.#provisional = true;
    if (this.#cancelling) return this.#sendCancel();
    if (response.status === 100) return;
    if (response.toTag !== undefined && this.#dialogs.size < MAX_FORKS) this.#dialog(response);
    this.#tell('onProvisional', () => this.onProvisional(response));
  }

  /** The dialog of the response's To tag: the known one, else a new one. */
  #dialog(response: SipResponse): SipDialog {
    const tag = response.toTag ?? '';
    const known = this.#dialogs.get(tag);
    if (known) return known;
    const transaction = this.#request.transaction!;
    const source = transaction.source;
    const dialog = new SipDialog(this.#core, {
      facts: clientDialog(transaction.request, response),
      peer: source?.peer ?? transaction.to,
      connection: source?.connection,
      contactUser: this.#options.contactUser,
      contactParameters: this.#options.contactParameters,
      auth: this.#options.auth,
      caller: true,
    });
    this.#dialogs.set(tag, dialog);
    return dialog;
  }

  #answered(response: SipResponse): void {
    const tag = response.toTag ?? '';
    const known = this.#dialogs.get(tag);
    if (known?.phase === 'confirmed' || known?.phase === 'terminated') return known.receiveRepeated2xx(response);
    const dialog = this.#dialog(response);
    dialog.confirm(clientDialog(this.#request.transaction!.request, response));
    if (this.#done || this.#cancelling) return this.#unwanted(dialog, response);
    this.#settle();
    for (const [other, early] of this.#dialogs) {
      if (early === dialog) continue;
      early.discard();
      this.#dialogs.delete(other);
    }
    const acknowledgement = this.#acknowledge(dialog, response);
    this.#tell('onAnswer', () => this.onAnswer(dialog, response));
    const { ackBody } = this;
    if (!this.#options.body && ackBody) void this.#answerLate(dialog, acknowledgement, () => ackBody(response));
    this.#forget();
  }

  /** Acknowledges at once, or makes ready to once the late offer has its answer. */
  #acknowledge(dialog: SipDialog, response: SipResponse): Acknowledgement {
    const cseq = response.cseq.number;
    const acknowledgement = new Acknowledgement(dialog, { cseq, credentials: this.#request.credentials });
    dialog.rememberAck(acknowledgement);
    if (this.#options.body || !this.ackBody || this.#cancelling) acknowledgement.send();
    return acknowledgement;
  }

  async #answerLate(
    dialog: SipDialog,
    acknowledgement: Acknowledgement,
    makeBody: () => Promise<MessageBody | undefined>,
  ): Promise<void> {
    const limit = this.#core.clock.after(TRANSACTION_TIMEOUT, () => noAnswer(new Error('it took too long')));
    const noAnswer = (cause: unknown): void => {
      acknowledgement.flush();
      dialog.die(new Fault('sip-no-answer', 'the offered session cannot be had', { sip: 488, cause }));
    };
    try {
      acknowledgement.send(await makeBody());
    } catch (error) {
      noAnswer(error);
    } finally {
      limit.cancel();
    }
  }

  /** Another fork answered too, or the 2xx crossed our CANCEL: ACK, then BYE (RFC 3261 13.2.2.4, 9.1). */
  #unwanted(dialog: SipDialog, response: SipResponse): void {
    const acknowledgement = new Acknowledgement(dialog, {
      cseq: response.cseq.number,
      credentials: this.#request.credentials,
    });
    dialog.rememberAck(acknowledgement);
    acknowledgement.send();
    void dialog.bye();
    if (!this.#done) this.#finish(this.#terminated());
  }

  send(toTag: string, method: string, reply?: Reply): Promise<SipResponse> {
    const dialog = this.#dialogs.get(toTag);
    if (dialog) return dialog.request(method, reply);
    return Promise.reject(new Fault('sip-ended', 'there is no such early dialog', { sip: 481 }));
  }

  cancel(reasonHeader?: string): void {
    if (this.#done || this.#cancelling) return;
    this.#cancelling = { reason: reasonHeader };
    this.#request.settle();
    if (this.#provisional) this.#sendCancel();
    else if (!this.#request.transaction) {
      this.#request.stop();
      this.#core.clock.soon(() => this.#finish(this.#terminated()));
    }
  }

  /** RFC 3261 9.1: only after a provisional; and the INVITE is over when nothing follows in 64*T1. */
  #sendCancel(): void {
    const invite = this.#request.transaction;
    if (this.#cancelLimit || !invite) return;
    cancelInvite(this.#core, invite, this.#cancelling?.reason);
    this.#cancelLimit = this.#core.clock.after(TRANSACTION_TIMEOUT, () => {
      invite.abandon();
      this.#finish(this.#terminated());
    });
  }

  #failed(fault: Fault): void {
    this.#finish(this.#cancelling ? this.#terminated() : fault);
  }

  /** The 487 that a cancelled call ends with when the far end gave none. */
  #terminated(): SipResponse {
    const request = this.#request.transaction?.request ?? this.#unsent();
    return composeResponse(this.#core.identity, { request, status: 487 });
  }

  #unsent(): SipRequest {
    const via = this.#core.identity.via('udp', 'unsent');
    return this.#plan().compose({ via, transport: 'udp', credentials: [], challenges: 0 });
  }

  #settle(): void {
    this.#done = true;
    this.#core.outgoing.delete(this);
    this.#request.settle();
    this.#cancelLimit?.cancel();
  }

  #finish(failure: SipResponse | Fault): void {
    if (this.#done) return;
    this.#settle();
    for (const dialog of this.#dialogs.values()) if (dialog.phase === 'early') dialog.discard();
    this.#tell('onFailure', () => this.onFailure(failure));
    this.#forget();
  }

  /** The transaction knows us for half a minute more; it must not keep what our user hung on us. */
  #forget(): void {
    this.onProvisional = this.onAnswer = this.onFailure = () => {};
    this.ackBody = undefined;
  }

  #tell(what: string, handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.#core.log.error('a SIP call handler failed', {
        handler: what,
        callId: this.callId,
        error: errorText(error),
      });
    }
  }
}

/** A proxy that we choose is always a loose router. */
const loose = (uri: string): string => (/;lr(?=[;=]|$)/i.test(uri) ? uri : `${uri};lr`);
