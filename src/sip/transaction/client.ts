// A client transaction: one request to one address, and the responses to it (RFC 3261 17.1, RFC 6026).
import type { Clock } from '../../base/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Connection, Source } from '../transport/transport.ts';
import type { Peer } from '../types.ts';
import { inviteClient, nonInviteClient, type TransactionAction } from './tables.ts';
import { Transaction } from './transaction.ts';

export interface ClientUser {
  /** Every response that the machine delivers: 1xx, one final, and for INVITE every 2xx, repeats too. */
  onResponse(response: SipResponse, transaction: ClientTransaction): void;
  /** No final response in time (timers B and F). */
  onTimeout(transaction: ClientTransaction): void;
  onTransportError(error: Error, transaction: ClientTransaction): void;
}

export interface ClientWire {
  transmit(bytes: Uint8Array, transaction: ClientTransaction): void;
  /** Sends the ACK to a final response over 2xx (RFC 3261 17.1.1.3); the same one again for a repeat. */
  acknowledge(response: SipResponse, transaction: ClientTransaction, repeat: boolean): void;
  forget(transaction: ClientTransaction): void;
}

export interface ClientOptions {
  readonly key: string;
  readonly clock: Clock;
  readonly wire: ClientWire;
  readonly user: ClientUser;
  readonly request: SipRequest;
  readonly bytes: Uint8Array;
  readonly to: Peer;
  readonly connection: Connection | undefined;
  readonly connectTimeout: number | undefined;
}

export class ClientTransaction extends Transaction {
  readonly request: SipRequest;
  readonly to: Peer;
  readonly connection: Connection | undefined;
  readonly connectTimeout: number | undefined;
  /** Where the latest response came from. */
  source: Source | undefined;
  /** Times that the request has been sent. */
  sendings = 0;
  readonly #options: ClientOptions;
  #response: SipResponse | undefined;
  #error: Error | undefined;
  #acknowledged = false;

  constructor(options: ClientOptions) {
    const invite = options.request.method === 'INVITE';
    super({
      key: options.key,
      reliable: options.to.transport !== 'udp',
      table: invite ? inviteClient : nonInviteClient,
      state: invite ? 'calling' : 'trying',
      clock: options.clock,
    });
    this.#options = options;
    this.request = options.request;
    this.to = options.to;
    this.connection = options.connection;
    this.connectTimeout = options.connectTimeout;
  }

  start(): void {
    this.begin();
    this.perform('resend');
  }

  receive(response: SipResponse, source: Source): void {
    this.#response = response;
    this.source = source;
    this.step(response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '3-6xx');
  }

  transportFailed(error: Error): void {
    this.#error = error;
    this.step('error');
  }

  /** Whether this response has been seen before, as far as it shows. */
  isRepeat(response: SipResponse): boolean {
    if (this.state === 'completed') return true;
    return this.state === 'accepted' && this.#response?.toTag === response.toTag;
  }

  protected perform(action: TransactionAction): void {
    const { wire, user } = this.#options;
    switch (action) {
      case 'send':
      case 'resend':
        this.sendings++;
        return wire.transmit(this.#options.bytes, this);
      case 'ack':
        wire.acknowledge(this.#response!, this, this.#acknowledged);
        this.#acknowledged = true;
        return;
      case 'deliver':
        return user.onResponse(this.#response!, this);
      case 'timeout':
        return user.onTimeout(this);
      case 'fail':
        return user.onTransportError(this.#error!, this);
    }
  }

  protected ended(): void {
    this.#options.wire.forget(this);
  }
}
