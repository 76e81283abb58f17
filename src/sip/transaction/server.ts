// A server transaction: one request received, and our responses to it (RFC 3261 17.2, RFC 6026).
import { bug, type Clock } from '../../base/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Source } from '../transport/index.ts';
import type { Peer } from '../types.ts';
import { inviteServer, nonInviteServer, type TransactionAction } from './tables.ts';
import { Transaction } from './transaction.ts';

export interface ServerUser {
  /** An ACK on the branch of our 2xx. Peers that do so are old or wrong, but their ACK counts (RFC 6026 7.1). */
  onAck?(ack: SipRequest): void;
  /** A CANCEL before the final response. */
  onCancel?(cancel: SipRequest): void;
  /** A final response has been given, or the transaction is over without one. Once. */
  onSettled?(): void;
}

export interface ServerWire {
  /** Sends a response for the first time, and gives its bytes. */
  send(transaction: ServerTransaction, response: SipResponse): Uint8Array;
  /** Sends the bytes of a response again. */
  sendAgain(transaction: ServerTransaction, bytes: Uint8Array): void;
  forget(transaction: ServerTransaction): void;
}

export interface ServerOptions {
  readonly key: string;
  readonly mergeKey: string | undefined;
  readonly clock: Clock;
  readonly wire: ServerWire;
  readonly request: SipRequest;
  readonly source: Source;
}

export class ServerTransaction extends Transaction {
  readonly source: Source;
  /** Tells merged requests (RFC 3261 8.2.2.2); undefined for requests inside dialogs. */
  readonly mergeKey: string | undefined;
  user: ServerUser | undefined;
  /** To tag of the responses, as far as known: the answer to a CANCEL has the same (RFC 3261 9.2). */
  toTag: string | undefined;
  /** Where the responses go; set with the first. */
  replyTo: Peer | undefined;
  readonly #wire: ServerWire;
  // Let go of when it cannot be needed any more: a transaction may outlive its call by half a minute.
  #request: SipRequest | undefined;
  #bytes: Uint8Array | undefined;
  #response: SipResponse | undefined;
  #settled = false;

  constructor(options: ServerOptions) {
    const invite = options.request.method === 'INVITE';
    super({
      key: options.key,
      reliable: options.source.peer.transport !== 'udp',
      table: invite ? inviteServer : nonInviteServer,
      state: invite ? 'proceeding' : 'trying',
      clock: options.clock,
    });
    this.#wire = options.wire;
    this.#request = options.request;
    this.source = options.source;
    this.mergeKey = options.mergeKey;
    this.begin();
  }

  /** True until a final response has been given. */
  get open(): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }

  /** The request; not to be asked for after the final response. */
  get request(): SipRequest {
    return this.#request ?? bug('a finished transaction was asked for its request');
  }

  /** The latest provisional response. */
  get provisional(): SipResponse | undefined {
    return this.open ? this.#response : undefined;
  }

  /** Gives a response; ignored after a final one. */
  respond(response: SipResponse): void {
    if (!this.open) return;
    const again = response === this.#response;
    this.#response = response;
    this.toTag ??= response.toTag;
    if (again) return this.#sendAgain();
    this.step(response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '3-6xx', response);
    if (!this.open) this.#settle();
  }

  /** Sends the 2xx to INVITE again. */
  repeatAccepted(): void {
    this.step('2xx', undefined);
  }

  /** The 2xx has its ACK: nothing of it is needed any more but to absorb repeats. */
  release(): void {
    this.user = undefined;
    this.#bytes = undefined;
  }

  repeated(): void {
    this.step('request', undefined);
  }

  acknowledged(ack: SipRequest): void {
    this.step('ACK', ack);
  }

  transportFailed(): void {
    this.step('error', undefined);
  }

  protected perform(action: TransactionAction, cause: unknown): void {
    switch (action) {
      case 'send':
        if (cause) this.#bytes = this.#wire.send(this, cause as SipResponse);
        else this.#sendAgain();
        return;
      case 'resend':
        return this.#sendAgain();
      case 'deliver':
        return this.user?.onAck?.(cause as SipRequest);
      // No ACK to a refusal (timer H), or no way to send: nothing is left to be done about it.
      case 'timeout':
      case 'fail':
        return;
    }
  }

  #sendAgain(): void {
    if (this.#bytes) this.#wire.sendAgain(this, this.#bytes);
  }

  protected ended(): void {
    this.#wire.forget(this);
    this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#request = undefined;
    this.#response = undefined;
    const user = this.user;
    if (this.state !== 'accepted') this.user = undefined;
    user?.onSettled?.();
  }
}
