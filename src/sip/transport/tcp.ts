// SIP over TCP: connections made and taken, kept while in use, and shared by everybody who talks to the same address.
import {
  type Address,
  addressText,
  every,
  type TcpConnection,
  type TcpListener,
  type Timer,
} from '../../base/index.ts';
import {
  CONNECTION_FIRST_MESSAGE,
  CONNECTION_IDLE,
  CONNECTION_SWEEP,
  MAX_CONNECT_QUEUE,
  TCP_CONNECT_TIMEOUT,
} from '../limits.ts';
import { StreamFramer } from '../message/index.ts';
import type { Connection, Sending, Source, Transport, TransportOptions } from './transport.ts';

const lineBreak = Buffer.from('\r\n');

type Waiting = Pick<Sending, 'bytes' | 'onError'>;

export class TcpTransport implements Transport {
  readonly name = 'tcp';
  readonly reliable = true;
  readonly #options: TransportOptions;
  readonly #open = new Set<StreamConnection>();
  /** How many each far end has opened. */
  readonly #openedBy = new Map<string, number>();
  /** Which connection to use for requests to an address. */
  readonly #byAddress = new Map<string, StreamConnection>();
  /** What waits for a connection that is being made. */
  readonly #connecting = new Map<string, Waiting[]>();
  #listener: TcpListener | undefined;
  #local: Address = { host: '', port: 0 };
  #sweep: Timer | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get local(): Address {
    return this.#local;
  }

  get connections(): number {
    return this.#open.size;
  }

  async listen(address: Address): Promise<void> {
    const listener = await this.#options.network.tcpListen(address);
    this.#listener = listener;
    this.#local = listener.local;
    this.#closed = false;
    listener.onConnection = (socket) => this.#adopt(socket, true);
  }

  send({ bytes, to, connection, connectTimeout, onError }: Sending): void {
    const { clock } = this.#options;
    const known = connection?.open ? (connection as StreamConnection) : this.#byAddress.get(addressText(to));
    if (known?.open) {
      if (!known.send(bytes)) clock.soon(() => onError(new Error('the TCP peer does not read')));
      return;
    }
    const key = addressText(to);
    const queue = this.#connecting.get(key);
    if (this.#closed || this.#isFull() || (queue && queue.length >= MAX_CONNECT_QUEUE)) {
      clock.soon(() => onError(new Error('no TCP connection can be made')));
    } else if (queue) queue.push({ bytes, onError });
    else {
      this.#connecting.set(key, [{ bytes, onError }]);
      void this.#connect(to, connectTimeout ?? TCP_CONNECT_TIMEOUT);
    }
  }

  /** Never rejects: those who wait are told. */
  async #connect(to: Address, timeoutMs: number): Promise<void> {
    const key = addressText(to);
    try {
      const socket = await this.#options.network.tcpConnect(to, { timeoutMs });
      const connection = this.#closed ? undefined : this.#adopt(socket, false);
      if (!connection) {
        socket.destroy();
        throw new Error('the TCP transport is closed or full');
      }
      connection.askedFor = key;
      this.#byAddress.set(key, connection);
      const waiting = this.#taken(key);
      for (const one of waiting) if (!connection.send(one.bytes)) one.onError(new Error('the TCP peer does not read'));
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error));
      for (const one of this.#taken(key)) one.onError(cause);
    }
  }

  #taken(key: string): Waiting[] {
    const waiting = this.#connecting.get(key) ?? [];
    this.#connecting.delete(key);
    return waiting;
  }

  #isFull(): boolean {
    return this.#open.size + this.#connecting.size >= this.#options.maxConnections;
  }

  #welcomes(host: string): boolean {
    return !this.#isFull() && (this.#openedBy.get(host) ?? 0) < this.#options.maxConnectionsPerHost;
  }

  #count(host: string, change: 1 | -1): void {
    const opened = (this.#openedBy.get(host) ?? 0) + change;
    if (opened === 0) this.#openedBy.delete(host);
    else this.#openedBy.set(host, opened);
  }

  #adopt(socket: TcpConnection, inbound: boolean): StreamConnection | undefined {
    const opener = inbound ? socket.remote.host : undefined;
    if (this.#closed || (opener !== undefined && !this.#welcomes(opener))) {
      socket.destroy();
      return undefined;
    }
    if (opener !== undefined) this.#count(opener, 1);
    const connection = new StreamConnection(socket, this.#options, inbound);
    const key = addressText(socket.remote);
    this.#open.add(connection);
    // An inbound connection serves requests to its own far end too: a phone behind NAT has no other way in.
    if (!this.#byAddress.has(key)) this.#byAddress.set(key, connection);
    connection.onClosed = () => {
      this.#open.delete(connection);
      if (opener !== undefined) this.#count(opener, -1);
      for (const address of [key, connection.askedFor]) {
        if (this.#byAddress.get(address) === connection) this.#byAddress.delete(address);
      }
      if (this.#open.size === 0) this.#stopSweep();
    };
    this.#sweep ??= every(this.#options.clock, CONNECTION_SWEEP, () => {
      for (const one of this.#open) one.closeWhenIdle();
    });
    return connection;
  }

  #stopSweep(): void {
    this.#sweep?.cancel();
    this.#sweep = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopSweep();
    const listener = this.#listener;
    this.#listener = undefined;
    for (const connection of [...this.#open]) connection.close();
    for (const key of [...this.#connecting.keys()]) {
      for (const one of this.#taken(key)) one.onError(new Error('the stack is closed'));
    }
    await listener?.close();
  }
}

class StreamConnection implements Connection {
  readonly remote: Address;
  /** The address that it was made for, as text. */
  askedFor = '';
  onClosed: () => void = () => {};
  #open = true;
  #holds = 0;
  #lastHeard: number;
  #heardMessage: boolean;
  readonly #socket: TcpConnection;
  readonly #options: TransportOptions;
  readonly #framer = new StreamFramer();
  readonly #source: Source;

  constructor(socket: TcpConnection, options: TransportOptions, inbound: boolean) {
    this.#socket = socket;
    this.#options = options;
    this.remote = socket.remote;
    this.#lastHeard = options.clock.now();
    this.#heardMessage = !inbound;
    this.#source = { peer: { transport: 'tcp', ...socket.remote }, connection: this };
    socket.onData = (data) => this.#receive(data);
    socket.onClose = () => this.#ended();
  }

  get open(): boolean {
    return this.#open;
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (held) this.#holds--;
      held = false;
    };
  }

  send(bytes: Uint8Array): boolean {
    this.#lastHeard = this.#options.clock.now();
    return this.#socket.send(bytes);
  }

  /** Closes it when nobody needs it and nothing has been said for long; sooner when it never said anything. */
  closeWhenIdle(): void {
    const silent = this.#options.clock.now() - this.#lastHeard;
    const limit = this.#heardMessage ? CONNECTION_IDLE : CONNECTION_FIRST_MESSAGE;
    if (this.#holds === 0 && silent >= limit) this.close();
  }

  /** Sends what is queued, then closes. */
  close(): void {
    if (!this.#open) return;
    this.#socket.close();
    this.#ended();
  }

  #receive(data: Uint8Array): void {
    if (!this.#open) return;
    const { clock, onMessage, onBad } = this.#options;
    for (const event of this.#framer.feed(data)) {
      // Bytes that never make a message must not keep a connection open.
      this.#lastHeard = clock.now();
      this.#heardMessage = true;
      if (event.kind === 'message') onMessage(event.message, this.#source);
      else if (event.kind === 'ping') this.#socket.send(lineBreak);
      else onBad(event.error, this.#source);
      if (event.kind === 'fatal') this.close();
      if (!this.#open) return;
    }
  }

  #ended(): void {
    if (!this.#open) return;
    this.#open = false;
    this.onClosed();
  }
}
