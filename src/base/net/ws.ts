// WebSocket client over the package ws: subprotocol required, redirects by our rules, an end that is told exactly once.
import type { ClientRequest, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { type Clock, every } from '../clock.ts';
import { Fault } from '../errors.ts';
import { tcpKeepAliveMs, wsCloseMs } from '../limits.ts';
import type { WsConnect, WsConnection, WsConnectOptions } from '../network.ts';
import { networkFault } from '../network-faults.ts';
import { type Hop, redirectOf, withUrlCredentials } from '../redirects.ts';
import { withoutSecrets, wsUrl } from '../urls.ts';

export function openWs(clock: Clock): { ws: WsConnect; close(): void } {
  const open = new Set<WebSocket>();
  return {
    ws: (options) => follow(clock, open, options),
    close() {
      for (const socket of open) socket.terminate();
    },
  };
}

async function follow(clock: Clock, open: Set<WebSocket>, options: WsConnectOptions): Promise<WsConnection> {
  let hop: Hop = { method: 'GET', url: wsUrl(options.url).href, headers: options.headers ?? {} };
  for (let left = options.maxRedirects; ; left--) {
    const answer = await handshake(clock, open, options, hop);
    if ('protocol' in answer) return answer;
    const next = left > 0 ? redirectOf(hop, answer.status, answer.location) : undefined;
    if (!next) {
      const text = `the server answered ${answer.status} instead of opening a WebSocket`;
      throw new Fault('ws-status', text, {
        retryable: answer.status >= 500,
        detail: { status: answer.status, url: withoutSecrets(hop.url) },
      });
    }
    hop = { ...next, url: wsUrl(next.url).href };
  }
}

type Answer = WsConnection | { status: number; location: string | undefined };

function handshake(clock: Clock, open: Set<WebSocket>, options: WsConnectOptions, hop: Hop): Promise<Answer> {
  const { signal } = options;
  const aborted = (): Fault => new Fault('http-aborted', 'the connection was given up', { cause: signal?.reason });
  if (signal?.aborted) return Promise.reject(aborted());
  return new Promise((resolve, reject) => {
    const onAbort = (): void => end(aborted());
    const url = new URL(hop.url);
    const headers = withUrlCredentials(url, hop.headers);
    url.username = url.password = '';
    const socket = newSocket(url, options, headers);
    const timer = clock.after(options.handshakeTimeoutMs, () =>
      end(
        new Fault('http-timeout', 'the server did not open the WebSocket in time', {
          retryable: true,
          detail: { phase: 'handshake' },
        }),
      ),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    let over = false;
    function end(result: Answer | Fault): void {
      if (over) return;
      over = true;
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      if (!('protocol' in result)) socket.terminate();
      if (result instanceof Fault) reject(result);
      else resolve(result);
    }
    socket.on('error', (error) => end(handshakeFault(error, hop.url)));
    socket.once('upgrade', (response: IncomingMessage) => response.socket.setKeepAlive(true, tcpKeepAliveMs));
    socket.once('open', () => {
      socket.removeAllListeners('error');
      end(wrap(clock, open, socket, options.pingIntervalMs));
    });
    socket.once('unexpected-response', (request: ClientRequest, response: IncomingMessage) => {
      end({ status: response.statusCode ?? 0, location: response.headers.location });
      request.destroy();
    });
  });
}

function newSocket(url: URL, options: WsConnectOptions, headers: Record<string, string>): WebSocket {
  const settings = {
    headers,
    followRedirects: false,
    perMessageDeflate: false,
    maxPayload: options.maxMessageBytes,
    closeTimeout: wsCloseMs,
  };
  return new WebSocket(url, options.protocols, settings);
}

function handshakeFault(error: Error, url: string): Fault {
  const detail = { url: withoutSecrets(url) };
  if (/subprotocol/i.test(error.message)) {
    return new Fault('ws-protocol', 'the server agreed to none of the subprotocols', { cause: error, detail });
  }
  return networkFault('http', error, detail);
}

function wrap(clock: Clock, open: Set<WebSocket>, socket: WebSocket, pingIntervalMs?: number): WsConnection {
  const connection: WsConnection = {
    protocol: socket.protocol,
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(data) {
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    },
    onMessage: () => {},
    onClose: () => {},
    close: (code, reason) => socket.close(code, reason),
  };
  open.add(socket);
  // A bad frame or a reset: the close event that follows carries 1006.
  socket.on('error', () => {});
  socket.on('message', (data: Buffer, isBinary: boolean) => connection.onMessage(isBinary ? data : data.toString()));
  socket.once('close', (code: number, reason: Buffer) => {
    open.delete(socket);
    connection.onClose(code, reason.toString());
  });
  if (pingIntervalMs) keepPinging(clock, socket, pingIntervalMs);
  // Nothing is read until the owner, told by the promise, has set its handlers.
  socket.pause();
  clock.soon(() => socket.resume());
  return connection;
}

function keepPinging(clock: Clock, socket: WebSocket, intervalMs: number): void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const pings = every(clock, intervalMs, () => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  });
  socket.once('close', () => pings.cancel());
}
