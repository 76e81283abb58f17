// Uplink: the WebSocket of a stream. Never waits: what the server does not take is kept for a while, the oldest gives way.
import { Fault, isFault, type Timer, type WsConnection } from '../../../base/index.ts';
import {
  streamBacklogMs,
  streamCalmMs,
  streamChunkBytes,
  streamHandshakeMs,
  streamMessageBytes,
  streamPingMs,
  streamRedirects,
  streamRegainMs,
  streamTextsWaiting,
  streamUnsentBytes,
  streamUnsentTextBytes,
} from '../../limits.ts';
import type { StreamEnd, StreamOptions } from '../../tap-types.ts';
import type { EngineWorld } from '../world.ts';
import { Backlog } from './backlog.ts';

export interface UplinkOptions {
  world: Pick<EngineWorld, 'clock' | 'network' | 'log'>;
  options: StreamOptions;
  /** It was open before, on another worker: even the first try may fail. */
  regain: boolean;
  bytesPerMs: number;
  onOpen(): void;
  onMessage(data: string | Uint8Array): void;
  onRegaining(attempt: number, fault: Fault): void;
  /** Once, unless closed first. */
  onEnd(reason: StreamEnd['reason'], fault?: Fault): void;
}

/** Official images and documents name the second, the SDK's servers know only the first (app-interfaces.md 5). */
const subprotocols = ['audio.drachtio.org', 'audio.jambonz.org'];

/** Close codes after which the server is expected back: broken, restarting, try again later (RFC 6455 7.4, IANA). */
const passing = new Set([1006, 1012, 1013]);

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #backlog: Backlog;
  readonly #abort = new AbortController();
  readonly #hello: string;
  #texts: string[] = [];
  #connection: WsConnection | undefined;
  #timer: Timer | undefined;
  #attempt = 0;
  #openedAt = 0;
  /** Some servers agree to no subprotocol at all, and mean no harm. */
  #protocols = subprotocols;
  #closed = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#hello = JSON.stringify(options.options.hello);
    this.#backlog = new Backlog(4 * Math.ceil((options.bytesPerMs * streamBacklogMs) / 4));
    void this.#connect();
  }

  get open(): boolean {
    return this.#connection !== undefined;
  }

  get droppedMs(): number {
    return Math.round(this.#backlog.dropped / this.#options.bytesPerMs);
  }

  /** The bytes may be reused once this returns. */
  send(bytes: Uint8Array): void {
    const connection = this.#connection;
    if (this.#closed) return;
    if (connection && this.#backlog.size === 0 && connection.bufferedBytes < streamUnsentBytes) {
      connection.send(bytes);
      return;
    }
    this.#backlog.push(bytes);
    if (connection) this.#drain(connection);
  }

  tell(message: Record<string, unknown>): void {
    const text = JSON.stringify(message);
    const connection = this.#connection;
    if (connection) {
      if (connection.bufferedBytes < streamUnsentTextBytes) connection.send(text);
    } else if (!this.#closed && this.#texts.length < streamTextsWaiting) this.#texts.push(text);
  }

  close(code: number): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#abort.abort();
    const connection = this.#connection;
    this.#connection = undefined;
    if (!connection) return;
    connection.onMessage = () => {};
    connection.onClose = () => {};
    connection.close(code);
  }

  async #connect(): Promise<void> {
    const { world, options } = this.#options;
    const { username, password } = options.auth ?? {};
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    try {
      const connection = await world.network.ws({
        url: options.url,
        protocols: this.#protocols,
        ...(options.auth && { headers: { authorization: basic } }),
        handshakeTimeoutMs: streamHandshakeMs,
        maxRedirects: streamRedirects,
        maxMessageBytes: streamMessageBytes,
        pingIntervalMs: streamPingMs,
        signal: this.#abort.signal,
      });
      if (this.#closed) connection.close(1000);
      else this.#opened(connection);
    } catch (error) {
      if (this.#closed) return;
      if (isFault(error) && error.code === 'ws-protocol' && this.#protocols.length > 0) {
        this.#protocols = [];
        void this.#connect();
      } else this.#lost(isFault(error) ? error : new Fault('stream-failed', 'no connection', { cause: error }));
    }
  }

  #opened(connection: WsConnection): void {
    const { world, onOpen, onMessage } = this.#options;
    this.#connection = connection;
    this.#openedAt = world.clock.now();
    connection.onMessage = onMessage;
    connection.onClose = (code, reason) => this.#down(code, reason);
    connection.send(this.#hello);
    for (const text of this.#texts.splice(0)) connection.send(text);
    this.#drain(connection);
    onOpen();
  }

  #drain(connection: WsConnection): void {
    while (this.#backlog.size > 0 && connection.bufferedBytes < streamUnsentBytes) {
      connection.send(this.#backlog.shift(streamChunkBytes));
    }
  }

  #down(code: number, reason: string): void {
    this.#connection = undefined;
    if (this.#closed) return;
    if (!passing.has(code)) return this.#end('closed');
    if (this.#options.world.clock.now() - this.#openedAt >= streamCalmMs) this.#attempt = 0;
    const text = `the connection broke (${code}${reason ? `, ${reason.slice(0, 100)}` : ''})`;
    this.#lost(new Fault('stream-lost', text, { retryable: true, detail: { code } }));
  }

  /** A first connection is tried once, so that a wrong address is told at once; one that was there is brought back. */
  #lost(fault: Fault): void {
    const { world, regain, onRegaining } = this.#options;
    const waitMs = streamRegainMs[this.#attempt];
    const wasOpen = this.#openedAt > 0 || regain;
    if (!wasOpen || waitMs === undefined) return this.#end('failed', fault);
    this.#attempt++;
    onRegaining(this.#attempt, fault);
    this.#timer = world.clock.after(waitMs, () => void this.#connect());
  }

  #end(reason: StreamEnd['reason'], fault?: Fault): void {
    this.#closed = true;
    this.#options.onEnd(reason, fault);
  }
}
