// A dialog made by INVITE: what both sides ask for in it, and how it ends (RFC 3261 12 to 15, RFC 3311, RFC 6086).
import { errorText, Fault } from '../../base/index.ts';
import { composeResponse, requestFault } from '../compose.ts';
import type { Core } from '../core.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { ServerTransaction } from '../transaction/server.ts';
import type { Connection } from '../transport/index.ts';
import type {
  Dialog,
  DialogEnd,
  ExtraHeaders,
  IncomingReinvite,
  IncomingRequest,
  MessageBody,
  Peer,
  Reply,
} from '../types.ts';
import { Acceptance } from './acceptance.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import { answerInDialog } from './inbound.ts';
import { OfferQueue } from './offers.ts';
import { sendInDialog } from './outbound.ts';
import { contactOf, type DialogState } from './state.ts';

export interface DialogOptions {
  readonly facts: DialogState;
  readonly peer: Peer;
  readonly connection: Connection | undefined;
  /** User part of our Contact. */
  readonly contactUser: string | undefined;
  /** Header parameters of our Contact. */
  readonly contactParameters?: string | undefined;
  readonly auth?: { username: string; password: string } | undefined;
  /** True when our INVITE made the dialog: we own the Call-ID (RFC 3261 14.1). */
  readonly caller: boolean;
}

/** Methods that reinvite(), bye() and the machines send. */
const ownWays = new Set(['INVITE', 'ACK', 'BYE', 'CANCEL', 'PRACK']);

/** Requests of other usages of the dialog: a subscription that is gone does not end the call (RFC 5057 5). */
const otherUsages = new Set(['REFER', 'NOTIFY', 'SUBSCRIBE']);

/** Something that waits for the dialog: a request of ours without an answer, or one of theirs. */
type Waiting = (fault: Fault) => void;

export class SipDialog implements Dialog {
  readonly core: Core;
  readonly facts: DialogState;
  readonly caller: boolean;
  readonly auth: { username: string; password: string } | undefined;
  readonly contactUser: string | undefined;
  readonly contactParameters: string | undefined;
  readonly peer: Peer;
  readonly connection: Connection | undefined;
  phase: 'early' | 'confirmed' | 'terminated' = 'early';
  /** Our 2xx that has no ACK yet. */
  acceptance: Acceptance | undefined;
  /** The INVITE of theirs (initial or re-INVITE), or UPDATE with an offer, that we have not answered. */
  theirOffer: ServerTransaction | undefined;
  readonly offers: OfferQueue;
  readonly #acks = new Map<number, Acknowledgement>();
  readonly #waiting = new Set<Waiting>();
  readonly #release: (() => void) | undefined;
  #bye: Promise<void> | undefined;
  /** Sends the BYE that waits for an ACK. */
  #byeWaits: (() => void) | undefined;
  #byeDone: (() => void) | undefined;
  #ended = false;

  onReinvite: (reinvite: IncomingReinvite) => void = (reinvite) => reinvite.reject(488);
  onRequest: (request: IncomingRequest) => void = (request) =>
    request.respond(request.request.method === 'OPTIONS' ? 200 : 501);
  onAck: (ack: SipRequest) => void = () => {};
  onEnd: (end: DialogEnd) => void = () => {};
  /** BYE before the 2xx (RFC 3261 15.1.2). */
  onEarlyEnd: (bye: SipRequest) => void = () => this.discard();

  constructor(core: Core, options: DialogOptions) {
    this.core = core;
    this.facts = options.facts;
    this.caller = options.caller;
    this.auth = options.auth;
    this.contactUser = options.contactUser;
    this.contactParameters = options.contactParameters;
    this.peer = options.peer;
    this.connection = options.connection;
    this.offers = new OfferQueue(this);
    this.#release = options.connection?.hold();
    core.dialogs.add(this);
  }

  get callId(): string {
    return this.facts.callId;
  }
  get localTag(): string {
    return this.facts.localTag;
  }
  get remoteTag(): string {
    return this.facts.remoteTag;
  }
  get localUri(): string {
    return this.facts.localUri;
  }
  get remoteUri(): string {
    return this.facts.remoteUri;
  }
  get remoteTarget(): string {
    return this.facts.remoteTarget;
  }
  get state(): 'confirmed' | 'terminated' {
    return this.phase === 'terminated' ? 'terminated' : 'confirmed';
  }

  /** Our Contact for messages to the far end. */
  get contact(): string {
    return this.core.identity.contact(this.peer.transport, this.contactUser, this.contactParameters);
  }

  /** Our INVITE got its 2xx: the route set and target are those of the 2xx (RFC 3261 13.2.2.4). */
  confirm(facts: DialogState): void {
    this.facts.remoteTarget = facts.remoteTarget;
    this.facts.routes = facts.routes;
    this.phase = 'confirmed';
    this.offers.resume();
  }

  /** Follows the far end's Contact (RFC 3261 12.2: target refresh). */
  refreshTarget(message: SipRequest | SipResponse): void {
    this.facts.remoteTarget = contactOf(message) ?? this.facts.remoteTarget;
  }

  /** Registers what must be told when the dialog ends; the returned function takes it back. */
  whileWaiting(waiting: Waiting): () => void {
    this.#waiting.add(waiting);
    return () => void this.#waiting.delete(waiting);
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  // The far end asks.

  receive(transaction: ServerTransaction): void {
    answerInDialog(this, transaction);
  }

  /** Answers an INVITE or UPDATE with 2xx. For INVITE it is repeated until the ACK comes, or the dialog dies. */
  accept(transaction: ServerTransaction, reply: Reply): void {
    const { request } = transaction;
    const toTag = this.localTag;
    const parts = { reply, contact: this.contact, toTag };
    const response = composeResponse(this.core.identity, { request, status: 200 }, parts);
    this.refreshTarget(request);
    this.phase = 'confirmed';
    if (this.theirOffer === transaction) this.theirOffer = undefined;
    if (request.method !== 'INVITE') {
      transaction.respond(response);
      this.offers.resume();
      return;
    }
    this.acceptance = new Acceptance({
      clock: this.core.clock,
      transaction,
      response,
      onGiveUp: () => this.#unacknowledged(),
    });
  }

  receiveAck(ack: SipRequest): void {
    if (this.acceptance?.cseq !== ack.cseq.number) return;
    this.#stopAcceptance();
    if (!this.#ended) this.#tell('ACK', () => this.onAck(ack));
    this.#byeWaits?.();
    this.offers.resume();
  }

  #unacknowledged(): void {
    this.acceptance = undefined;
    if (this.#byeWaits) return this.#byeWaits();
    this.die(new Fault('sip-no-ack', 'the far end did not acknowledge our answer', { sip: 408 }), {
      Reason: 'SIP;cause=200;text="ACK timeout"',
    });
  }

  #stopAcceptance(): void {
    this.acceptance?.stop();
    this.acceptance = undefined;
  }

  // We ask.

  /** Our INVITE was answered with 2xx: the ACK that goes out again for every repeat of it. */
  rememberAck(acknowledgement: Acknowledgement): void {
    this.#acks.clear();
    this.#acks.set(acknowledgement.cseq, acknowledgement);
  }

  /** A repeat of a 2xx to an INVITE of ours. */
  receiveRepeated2xx(response: SipResponse): void {
    this.#acks.get(response.cseq.number)?.again();
  }

  request(method: string, reply: Reply = {}): Promise<SipResponse> {
    const wrong = requestFault(method, []);
    if (wrong) return Promise.reject(wrong);
    if (ownWays.has(method))
      return Promise.reject(new Fault('sip-bad-request', `${method} cannot be sent so`, { sip: 400 }));
    if (method === 'UPDATE' && reply.body) return this.offers.add({ method, reply: () => reply });
    return new Promise((resolve, reject) => {
      if (this.phase === 'terminated') return reject(endedFault());
      const done = this.whileWaiting((fault) => {
        sent.stop();
        reject(fault);
      });
      const sent = sendInDialog(
        this,
        { method, reply },
        {
          onResponse: (response) => {
            if (response.status < 200) return;
            done();
            if (method === 'UPDATE' && response.status < 300) this.refreshTarget(response);
            resolve(response);
            if (!otherUsages.has(method)) this.endIfGone(response.status);
          },
          onFault: (fault) => {
            done();
            reject(fault);
            if (!otherUsages.has(method)) this.die(fault);
          },
        },
      );
    });
  }

  reinvite(
    reply: Reply | (() => Reply | undefined),
    ackBody?: (response: SipResponse) => Promise<MessageBody | undefined>,
  ): Promise<SipResponse> {
    return this.offers.add({ method: 'INVITE', reply: typeof reply === 'function' ? reply : () => reply, ackBody });
  }

  /** RFC 3261 12.2.1.2: 408 and 481 say that the far end has no such dialog. */
  endIfGone(status: number): void {
    if (status !== 408 && status !== 481) return;
    this.die(
      new Fault('sip-gone', `the far end answered ${status}: it does not know the call any more`, { sip: status }),
    );
  }

  // The end.

  bye(headers?: ExtraHeaders): Promise<void> {
    if (this.phase === 'terminated') return this.#bye ?? Promise.resolve();
    this.#bye = new Promise((resolve) => this.#sendByeWhenAllowed(headers, resolve));
    this.finish({ by: 'local' });
    return this.#bye;
  }

  /** The callee must not send BYE before the ACK, or before it has given up on it; the caller not before its ACK (RFC 3261 15). */
  #sendByeWhenAllowed(headers: ExtraHeaders | undefined, resolve: () => void): void {
    for (const acknowledgement of this.#acks.values()) acknowledgement.flush();
    const done = (): void => {
      this.#byeWaits = undefined;
      this.core.dialogs.remove(this);
      resolve();
    };
    this.#byeDone = done;
    const send = (): void => {
      this.#byeWaits = undefined;
      const user = {
        onResponse: (response: SipResponse): void => {
          if (response.status >= 200) done();
        },
        onFault: done,
      };
      sendInDialog(this, { method: 'BYE', reply: headers ? { headers } : {} }, user);
    };
    if (this.acceptance) this.#byeWaits = send;
    else send();
  }

  /** The far end's BYE came while ours waited for an ACK that will not come now: ours need not be sent. */
  byeCrossed(): void {
    if (!this.#byeWaits) return;
    this.#stopAcceptance();
    this.#byeDone?.();
  }

  /** The dialog cannot go on: BYE for the far end's sake, a fault for the user. */
  die(fault: Fault, headers?: ExtraHeaders): void {
    // An early dialog ends with its INVITE and by nothing else.
    if (this.phase !== 'confirmed') return;
    this.#bye = new Promise((resolve) => this.#sendByeWhenAllowed(headers, resolve));
    this.finish({ by: 'fault', fault });
  }

  /** Ends it for the user: whoever waits is told, then onEnd. It stays findable while a BYE of ours is under way. */
  finish(end: DialogEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.phase = 'terminated';
    if (!this.#bye) {
      this.#stopAcceptance();
      this.core.dialogs.remove(this);
    }
    for (const waiting of [...this.#waiting]) waiting(endedFault());
    this.#waiting.clear();
    this.offers.close(endedFault);
    this.#release?.();
    this.#tell('end', () => this.onEnd(end));
    // Transactions know the dialog for half a minute more; they must not keep what its user hung on it.
    this.onReinvite = this.onRequest = this.onAck = this.onEnd = this.onEarlyEnd = ignore;
  }

  /** Never came to be: the user does not know it. */
  discard(): void {
    this.onEnd = () => {};
    this.abort(endedFault());
  }

  /** Ends at once, without BYE and whatever is under way. */
  abort(fault: Fault): void {
    this.finish({ by: 'fault', fault });
    this.#stopAcceptance();
    this.core.dialogs.remove(this);
    this.#byeDone?.();
  }

  #tell(what: string, handler: () => void): void {
    try {
      handler();
    } catch (error) {
      this.core.log.error('a SIP dialog handler failed', {
        handler: what,
        callId: this.callId,
        error: errorText(error),
      });
    }
  }
}

const ignore = (): void => {};
const endedFault = (): Fault => new Fault('sip-ended', 'the call has ended', { sip: 481 });
