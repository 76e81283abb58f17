// The transactions alive, and which message belongs to which of them.
import type { Clock } from '../../base/index.ts';
import { ackToFailure } from '../compose.ts';
import { printMessage, type SipRequest, type SipResponse } from '../message/index.ts';
import type { Connection, Source } from '../transport/index.ts';
import type { Peer } from '../types.ts';
import { type Packet, responsePeer, type Wire } from '../wire.ts';
import { ClientTransaction, type ClientUser, type ClientWire } from './client.ts';
import { clientKey, mergeKey, responseKey, serverKey } from './keys.ts';
import { ServerTransaction, type ServerWire } from './server.ts';

export interface LayerOptions {
  /** Most transactions that may live at once. */
  readonly limit: number;
  readonly clock: Clock;
  readonly wire: Wire;
  /** A request that is no repeat, with its new transaction. */
  readonly onRequest: (transaction: ServerTransaction) => void;
  /** An ACK that belongs to no transaction: to a 2xx. */
  readonly onAck: (ack: SipRequest) => void;
  /** A CANCEL with the INVITE's transaction, if there is one. */
  readonly onCancel: (cancel: ServerTransaction, invite: ServerTransaction | undefined) => void;
  /** A request that there is no room for. */
  readonly onOverload: (request: SipRequest, source: Source) => void;
  /** A response that belongs to no transaction. */
  readonly onStray: (response: SipResponse) => void;
}

export interface NewRequest {
  readonly request: SipRequest;
  /** The branch in its top Via. */
  readonly branch: string;
  readonly to: Peer;
  readonly connection?: Connection | undefined;
  readonly connectTimeout?: number | undefined;
  /** The request's bytes when they have been printed already. */
  readonly bytes?: Uint8Array;
}

export class TransactionLayer {
  readonly #options: LayerOptions;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  readonly #merges = new Map<string, ServerTransaction>();

  constructor(options: LayerOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** Sends a request in a transaction of its own. */
  request(fresh: NewRequest, user: ClientUser): ClientTransaction {
    const transaction = new ClientTransaction({
      key: clientKey(fresh.branch, fresh.request.method),
      clock: this.#options.clock,
      wire: this.#clientWire,
      user,
      request: fresh.request,
      bytes: fresh.bytes ?? printMessage(fresh.request),
      to: fresh.to,
      connection: fresh.connection,
      connectTimeout: fresh.connectTimeout,
    });
    this.#clients.set(transaction.key, transaction);
    transaction.start();
    return transaction;
  }

  receiveResponse(response: SipResponse, source: Source): void {
    const key = responseKey(response);
    const transaction = key === undefined ? undefined : this.#clients.get(key);
    this.#options.wire.traceIn(response, source.peer, transaction?.isRepeat(response) ?? false);
    if (transaction) transaction.receive(response, source);
    else this.#options.onStray(response);
  }

  receiveRequest(request: SipRequest, source: Source): void {
    const key = serverKey(request);
    const known = this.#servers.get(key);
    const isAck = request.method === 'ACK';
    this.#options.wire.traceIn(request, source.peer, known !== undefined && (!isAck || known.state === 'confirmed'));
    if (isAck) {
      if (known) known.acknowledged(request);
      else this.#options.onAck(request);
    } else if (known) known.repeated();
    else if (this.count >= this.#options.limit) this.#options.onOverload(request, source);
    else this.#accept(request, source, key);
  }

  #accept(request: SipRequest, source: Source, key: string): void {
    const merge = mergeKey(request);
    const transaction = new ServerTransaction({
      key,
      mergeKey: merge,
      clock: this.#options.clock,
      wire: this.#serverWire,
      request,
      source,
    });
    this.#servers.set(key, transaction);
    if (request.method === 'CANCEL') {
      return this.#options.onCancel(transaction, this.#servers.get(serverKey(request, 'INVITE')));
    }
    if (merge !== undefined && !this.#merges.has(merge)) this.#merges.set(merge, transaction);
    this.#options.onRequest(transaction);
  }

  /** Whether the same request came by another way before (RFC 3261 8.2.2.2). */
  isMerged(transaction: ServerTransaction): boolean {
    return transaction.mergeKey !== undefined && this.#merges.get(transaction.mergeKey) !== transaction;
  }

  readonly #serverWire: ServerWire = {
    send: (transaction, response) => {
      const bytes = printMessage(response);
      // Looked up while the request is there: repeats go the same way.
      transaction.replyTo ??= responsePeer(transaction.request, transaction.source);
      this.#sendResponse(transaction, { message: response, bytes });
      return bytes;
    },
    sendAgain: (transaction, bytes) => this.#sendResponse(transaction, { message: undefined, bytes }),
    forget: (transaction) => {
      this.#servers.delete(transaction.key);
      const merge = transaction.mergeKey;
      if (merge !== undefined && this.#merges.get(merge) === transaction) this.#merges.delete(merge);
    },
  };

  #sendResponse(transaction: ServerTransaction, packet: Packet): void {
    this.#options.wire.send(packet, {
      to: transaction.replyTo!,
      connection: transaction.source.connection,
      onError: () => transaction.transportFailed(),
    });
  }

  readonly #clientWire: ClientWire = {
    transmit: (transaction, packet) => {
      this.#options.wire.send(packet, {
        to: transaction.to,
        connection: transaction.connection,
        connectTimeout: transaction.connectTimeout,
        onError: (error) => transaction.transportFailed(error),
      });
    },
    acknowledgement: (transaction, response) => {
      const message = ackToFailure(transaction.request, response);
      return { message, bytes: printMessage(message) };
    },
    forget: (transaction) => void this.#clients.delete(transaction.key),
  };

  /** Drops everything, telling nobody. */
  close(): void {
    for (const transaction of [...this.#clients.values(), ...this.#servers.values()]) transaction.abandon();
  }
}
