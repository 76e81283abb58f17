// A client transaction: one request to one address, and the responses to it (RFC 3261 17.1, RFC 6026).
import { bug, type Clock } from '../../base/index.ts';
import type { SipRequest, SipResponse } from '../message/index.ts';
import type { Connection, Source } from '../transport/index.ts';
import type { Peer } from '../types.ts';
import type { Packet } from '../wire.ts';
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
  transmit(transaction: ClientTransaction, packet: Packet): void;
  /** The ACK to a final response over 2xx (RFC 3261 17.1.1.3). */
  acknowledgement(transaction: ClientTransaction, response: SipResponse): Packet;
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
  readonly to: Peer;
  readonly connection: Connection | undefined;
  readonly connectTimeout: number | undefined;
  /** Where the latest response came from. */
  source: Source | undefined;
  readonly #wire: ClientWire;
  // What follows is let go of when it cannot be needed any more: a transaction may outlive its call by half a minute.
  #user: ClientUser | undefined;
  #request: SipRequest | undefined;
  #bytes: Uint8Array | undefined;
  #ack: Uint8Array | undefined;
  #sent = false;
  #toTag: string | undefined;

  constructor(options: ClientOptions) {
    const invite = options.request.method === 'INVITE';
    super({
      key: options.key,
      reliable: options.to.transport !== 'udp',
      table: invite ? inviteClient : nonInviteClient,
      state: invite ? 'calling' : 'trying',
      clock: options.clock,
    });
    this.to = options.to;
    this.connection = options.connection;
    this.connectTimeout = options.connectTimeout;
    this.#wire = options.wire;
    this.#user = options.user;
    this.#request = options.request;
    this.#bytes = options.bytes;
  }

  /** The request; not to be asked for after a final response other than 2xx to INVITE. */
  get request(): SipRequest {
    return this.#request ?? bug('a finished transaction was asked for its request');
  }

  start(): void {
    this.begin();
    this.#send();
  }

  receive(response: SipResponse, source: Source): void {
    this.source = source;
    this.step(response.status < 200 ? '1xx' : response.status < 300 ? '2xx' : '3-6xx', response);
    this.#toTag = response.toTag;
    if (this.state !== 'completed' && this.state !== 'accepted') return;
    this.#bytes = undefined;
    if (this.state === 'accepted') return;
    this.#request = undefined;
    this.#user = undefined;
  }

  transportFailed(error: Error): void {
    this.step('error', error);
  }

  /** Whether this response has been seen before, as far as it shows. */
  isRepeat(response: SipResponse): boolean {
    if (this.state === 'completed') return true;
    return this.state === 'accepted' && this.#toTag === response.toTag;
  }

  protected perform(action: TransactionAction, cause: unknown): void {
    switch (action) {
      case 'send':
      case 'resend':
        return this.#send();
      case 'ack':
        return this.#acknowledge(cause as SipResponse);
      case 'deliver':
        return this.#user?.onResponse(cause as SipResponse, this);
      case 'timeout':
        return this.#user?.onTimeout(this);
      case 'fail':
        return this.#user?.onTransportError(cause as Error, this);
    }
  }

  #send(): void {
    if (!this.#bytes) return;
    this.#wire.transmit(this, { message: this.#sent ? undefined : this.#request, bytes: this.#bytes });
    this.#sent = true;
  }

  #acknowledge(response: SipResponse): void {
    if (this.#ack) return this.#wire.transmit(this, { message: undefined, bytes: this.#ack });
    const packet = this.#wire.acknowledgement(this, response);
    this.#ack = packet.bytes;
    this.#wire.transmit(this, packet);
  }

  protected ended(): void {
    this.#wire.forget(this);
  }
}
