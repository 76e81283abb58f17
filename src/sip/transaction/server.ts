// A server transaction: one request received, and our responses to it (RFC 3261 17.2, RFC 6026).
import type { Clock } from '../../base/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Source } from '../transport/transport.ts';
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
  /** Sends the transaction's last response; its `bytes` are set when it has been sent before. */
  transmit(transaction: ServerTransaction): void;
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
  readonly request: SipRequest;
  readonly source: Source;
  /** Tells merged requests (RFC 3261 8.2.2.2); undefined for requests inside dialogs. */
  readonly mergeKey: string | undefined;
  user: ServerUser | undefined;
  /** The last response that we gave, and its bytes once printed. */
  response: SipResponse | undefined;
  bytes: Uint8Array | undefined;
  readonly #wire: ServerWire;
  #ack: SipRequest | undefined;
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
    this.request = options.request;
    this.source = options.source;
    this.mergeKey = options.mergeKey;
    this.begin();
  }

  /** True until a final response has been given. */
  get open(): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }

  /** Gives a response; ignored after a final one, but for repeats of a 2xx to INVITE. */
  respond(response: SipResponse): void {
    if (!this.open && !(this.state === 'accepted' && response.status < 300 && response.status >= 200)) return;
    const settles = this.open && response.status >= 200;
    if (response !== this.response) this.bytes = undefined;
    this.response = response;
    this.step(response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '3-6xx');
    if (settles) this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.user?.onSettled?.();
  }

  repeated(): void {
    this.step('request');
  }

  acknowledged(ack: SipRequest): void {
    this.#ack = ack;
    this.step('ACK');
  }

  transportFailed(): void {
    this.step('error');
  }

  protected perform(action: TransactionAction): void {
    switch (action) {
      case 'send':
      case 'resend':
        if (this.response) this.#wire.transmit(this);
        return;
      case 'deliver':
        return this.user?.onAck?.(this.#ack!);
      // No ACK to a refusal (timer H), or no way to send: nothing is left to be done about it.
      case 'timeout':
      case 'fail':
        return;
    }
  }

  protected ended(): void {
    this.#wire.forget(this);
    this.#settle();
  }
}
