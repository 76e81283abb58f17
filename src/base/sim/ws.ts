// Simulated WebSocket: servers are functions over connections that can be refused, cut, stalled or garbled at any moment.
import { every } from '../clock.ts';
import { Fault } from '../errors.ts';
import { wsCloseMs } from '../limits.ts';
import type { WsConnect, WsConnection, WsConnectOptions } from '../network.ts';
import { networkFault } from '../network-faults.ts';
import { type Hop, redirectOf, withUrlCredentials } from '../redirects.ts';
import { withoutSecrets, wsUrl } from '../urls.ts';
import type { SimHost } from './host.ts';
import { brokenBy, lowerCase, type SimServerState, whoAnswers } from './http.ts';
import { Lane } from './lane.ts';
import type { SimNet } from './sim-net.ts';

/** The server's end of a connection. */
export interface SimWsPeer extends WsConnection {
  readonly url: URL;
  /** Of the opening request, lower-case names. */
  readonly headers: Record<string, string>;
  /** The connection breaks: both ends get 1006. */
  kill(): void;
  /** A frame that no WebSocket may send: the client's end closes with 1006, the server's with 1002. */
  sendGarbage(): void;
}

export interface SimWsOptions {
  /** Subprotocols it agrees to; any that is offered when absent. */
  protocols?: string[];
}

export class SimWsServer {
  readonly url: string;
  /** A number refuses the handshake with that HTTP status. */
  state: SimServerState | number = 'up';
  /** Where a 3xx state sends the client. */
  location: string | undefined;
  latencyMs = 1;
  readonly connections = new Set<SimWsPeer>();
  readonly protocols: string[] | undefined;
  readonly handle: (connection: SimWsPeer) => void;
  /** Called when it reads again. */
  readonly onReading = new Set<() => void>();
  readonly #net: SimNet;
  #stalled = false;

  constructor(net: SimNet, url: string, handle: (connection: SimWsPeer) => void, options: SimWsOptions) {
    this.#net = net;
    this.url = url;
    this.handle = handle;
    this.protocols = options.protocols;
  }

  /** It reads nothing: what is sent to it waits in the sender's buffer until this ends. */
  get stalled(): boolean {
    return this.#stalled;
  }

  set stalled(value: boolean) {
    this.#stalled = value;
    if (!value) for (const read of [...this.onReading]) read();
  }

  /** Breaks every connection. */
  kill(): void {
    for (const connection of [...this.connections]) connection.kill();
  }

  close(): void {
    if (this.#net.wsServers.get(this.url) === this) this.#net.wsServers.delete(this.url);
    this.kill();
  }
}

/** A server is found by its address without the query. */
export const wsKey = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

export const connectSimWs =
  (host: SimHost): WsConnect =>
  async (options) => {
    let hop: Hop = { method: 'GET', url: wsUrl(options.url).href, headers: options.headers ?? {} };
    for (let left = options.maxRedirects; ; left--) {
      const answer = await handshake(host, options, hop);
      if ('protocol' in answer) return answer;
      const next = left > 0 ? redirectOf(hop, answer.status, answer.location) : undefined;
      if (!next) {
        const text = `the server answered ${answer.status} instead of opening a WebSocket`;
        const detail = { status: answer.status, url: withoutSecrets(hop.url) };
        throw new Fault('ws-status', text, { retryable: answer.status >= 500, detail });
      }
      hop = { ...next, url: wsUrl(next.url).href };
    }
  };

type Answer = WsConnection | { status: number; location: string | undefined };

function handshake(host: SimHost, options: WsConnectOptions, hop: Hop): Promise<Answer> {
  const { clock } = host.net;
  const { signal } = options;
  const aborted = (): Fault => new Fault('http-aborted', 'the connection was given up', { cause: signal?.reason });
  if (signal?.aborted) return Promise.reject(aborted());
  return new Promise((resolve, reject) => {
    let over = false;
    const end = (result: Answer | Fault): void => {
      if (over) return;
      over = true;
      limit.cancel();
      signal?.removeEventListener('abort', onAbort);
      host.clients.delete(onClose);
      if (result instanceof Fault) reject(result);
      else resolve(result);
    };
    const onAbort = (): void => end(aborted());
    const onClose = (): void => end(new Fault('http-failed', 'the client was closed'));
    const late = new Fault('http-timeout', 'the server did not open the WebSocket in time', {
      retryable: true,
      detail: { phase: 'handshake' },
    });
    const limit = clock.after(options.handshakeTimeoutMs, () => end(late));
    signal?.addEventListener('abort', onAbort, { once: true });
    host.clients.add(onClose);
    const url = new URL(hop.url);
    const server = whoAnswers(host.net, url, host.net.wsServers, wsKey(url));
    if (server instanceof Fault) return void clock.after(1, () => end(server));
    clock.after(server.latencyMs, () => {
      const answer = over ? undefined : answerOf(host, server, options, hop);
      if (answer) end(answer);
    });
  });
}

/** What the server says to the opening request; undefined when it says nothing. */
function answerOf(host: SimHost, server: SimWsServer, options: WsConnectOptions, hop: Hop): Answer | Fault | undefined {
  const { state } = server;
  if (state === 'hanging') return undefined;
  if (typeof state === 'number') return { status: state, location: server.location };
  const detail = { url: withoutSecrets(hop.url) };
  const code = brokenBy[state];
  if (code) return networkFault('http', { code }, detail);
  const agreed = server.protocols ?? options.protocols;
  const protocol = options.protocols.find((offered) => agreed.includes(offered)) ?? '';
  if (options.protocols.length > 0 && !protocol) {
    return new Fault('ws-protocol', 'the server agreed to none of the subprotocols', { detail });
  }
  const url = new URL(hop.url);
  const headers = lowerCase({ host: url.host, ...withUrlCredentials(url, hop.headers) });
  const { maxMessageBytes, pingIntervalMs } = options;
  return openPair(host, server, { protocol, url, headers, maxMessageBytes, pingIntervalMs });
}

interface Opening {
  protocol: string;
  url: URL;
  headers: Record<string, string>;
  maxMessageBytes: number;
  pingIntervalMs: number | undefined;
}

function openPair(host: SimHost, server: SimWsServer, opening: Opening): WsConnection {
  const near = new SimWsEnd(host.net, server, opening, opening.maxMessageBytes);
  const far = new SimWsEnd(host.net, server, opening, Number.POSITIVE_INFINITY);
  near.peer = far;
  far.peer = near;
  const onClose = (): void => near.kill();
  host.clients.add(onClose);
  server.connections.add(far);
  let answered = true;
  const ping = (): void => {
    if (!answered) near.kill();
    answered = !server.stalled;
  };
  const pings = opening.pingIntervalMs ? every(host.net.clock, opening.pingIntervalMs, ping) : undefined;
  const read = (): void => near.takeWaiting();
  server.onReading.add(read);
  near.onEnd = () => {
    server.onReading.delete(read);
    pings?.cancel();
    host.clients.delete(onClose);
  };
  far.onEnd = () => server.connections.delete(far);
  server.handle(far);
  return near;
}

class SimWsEnd implements SimWsPeer {
  readonly protocol: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  onMessage: (data: string | Uint8Array) => void = () => {};
  onClose: (code: number, reason: string) => void = () => {};
  onEnd: () => void = () => {};
  peer: SimWsEnd | undefined;
  bufferedBytes = 0;
  readonly #net: SimNet;
  readonly #server: SimWsServer;
  readonly #lane: Lane;
  readonly #maxMessageBytes: number;
  #waiting: (() => void)[] = [];
  #closing = false;
  #closed = false;

  constructor(net: SimNet, server: SimWsServer, opening: Opening, maxMessageBytes: number) {
    this.#net = net;
    this.#server = server;
    this.#lane = new Lane(net.clock);
    this.#maxMessageBytes = maxMessageBytes;
    this.protocol = opening.protocol;
    this.url = opening.url;
    this.headers = opening.headers;
  }

  send(data: string | Uint8Array): void {
    if (this.#closing) return;
    const message = typeof data === 'string' ? data : Buffer.from(data);
    const size = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    this.#toPeer(size, (peer) => peer.#receive(message, size));
  }

  close(code: number, reason = ''): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#toPeer(0, (peer) => peer.#receiveClose(code, reason));
    const cut = this.#net.clock.after(wsCloseMs, () => this.kill());
    const { onEnd } = this;
    this.onEnd = () => {
      cut.cancel();
      onEnd();
    };
  }

  kill(): void {
    const { peer } = this;
    this.#end(1006, '');
    if (peer) peer.#end(1006, '');
  }

  sendGarbage(): void {
    this.#toPeer(0, (peer) => peer.#refuse(1002));
  }

  #toPeer(size: number, arrive: (peer: SimWsEnd) => void): void {
    this.bufferedBytes += size;
    const run = (): void => {
      this.bufferedBytes -= size;
      if (this.peer) arrive(this.peer);
    };
    this.#lane.send(this.#server.latencyMs, () => {
      // The server's own end is not what reads slowly.
      if (this.#server.stalled && !this.#isServerEnd()) this.#waiting.push(run);
      else run();
    });
  }

  takeWaiting(): void {
    for (const run of this.#waiting.splice(0)) run();
  }

  #isServerEnd(): boolean {
    return this.#server.connections.has(this);
  }

  #receive(message: string | Uint8Array, size: number): void {
    if (this.#closed) return;
    if (size > this.#maxMessageBytes) this.#refuse(1009);
    else this.onMessage(message);
  }

  /** What came is against the protocol or too large: the peer is told why, this end reports a broken connection. */
  #refuse(code: number): void {
    if (this.#closed) return;
    this.#end(1006, '');
    this.#endPeer(code, '');
  }

  #receiveClose(code: number, reason: string): void {
    if (this.#closed) return;
    this.#endPeer(code, reason);
    this.#end(code, reason);
  }

  #endPeer(code: number, reason: string): void {
    const { peer } = this;
    this.#lane.send(this.#server.latencyMs, () => {
      if (peer) peer.#end(code, reason);
    });
  }

  #end(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing = true;
    this.#waiting = [];
    this.bufferedBytes = 0;
    this.onEnd();
    this.#net.clock.soon(() => this.onClose(code, reason));
  }
}
