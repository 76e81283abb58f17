// TCP over node:net: a send limit instead of endless buffering, and an end that is told exactly once.
import { connect, createServer, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { Fault } from '../errors.ts';
import { tcpKeepAliveMs, tcpLingerMs, tcpSendLimitBytes } from '../limits.ts';
import { type Address, addressText, type TcpConnection, type TcpListener } from '../network.ts';
import { bindFault, networkFault } from '../network-faults.ts';

class RealTcpConnection implements TcpConnection {
  readonly local: Address;
  readonly remote: Address;
  onData: (data: Uint8Array) => void = () => {};
  onClose: (error?: Error) => void = () => {};
  readonly #socket: Socket;
  readonly #clock: Clock;
  #error: Error | undefined;
  #closing = false;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 };
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    socket.setNoDelay(true);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    socket.on('data', (data) => {
      if (!this.#closing) this.onData(data);
    });
    socket.on('error', (error) => {
      this.#error ??= networkFault('tcp', error, { remote: addressText(this.remote) });
    });
    socket.on('close', () => {
      this.#closing = true;
      this.onClose(this.#error);
    });
  }

  send(data: Uint8Array | string): boolean {
    if (this.#closing || !this.#socket.writable) return false;
    if (this.#socket.writableLength > tcpSendLimitBytes) {
      this.#error ??= new Fault('tcp-slow', 'the peer does not read what it is sent', {
        detail: { remote: addressText(this.remote), queuedBytes: this.#socket.writableLength },
      });
      this.destroy();
      return false;
    }
    this.#socket.write(data);
    return true;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.end();
    const linger = this.#clock.after(tcpLingerMs, () => this.#socket.destroy());
    this.#socket.once('close', () => linger.cancel());
  }

  destroy(): void {
    this.#closing = true;
    this.#socket.destroy();
  }
}

export function listenTcp(clock: Clock, address: Address): Promise<TcpListener> {
  const server = createServer({ noDelay: true });
  const open = new Set<TcpConnection>();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(bindFault(error, addressText(address))));
    server.listen({ host: address.host, port: address.port, ipv6Only: true }, () => {
      server.removeAllListeners('error');
      // Later errors are failed accepts (out of file descriptors): the peer sees a closed connection, the listener lives on.
      server.on('error', () => {});
      const bound = server.address() as { port: number };
      const listener: TcpListener = {
        local: { host: address.host, port: bound.port },
        onConnection: (connection) => connection.destroy(),
        close: () =>
          new Promise((done) => {
            if (!server.listening) return done();
            server.close(() => done());
            for (const connection of open) connection.destroy();
          }),
      };
      server.on('connection', (socket) => {
        const connection = new RealTcpConnection(socket, clock);
        open.add(connection);
        socket.once('close', () => open.delete(connection));
        listener.onConnection(connection);
      });
      resolve(listener);
    });
  });
}

export function connectTcp(clock: Clock, to: Address, timeoutMs: number): Promise<TcpConnection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to.host, port: to.port });
    const fail = (error: unknown): void => {
      timer.cancel();
      socket.on('error', () => {});
      socket.destroy();
      reject(networkFault('tcp', error, { remote: addressText(to) }));
    };
    const timer = clock.after(timeoutMs, () => {
      const text = 'the connection was not made in time';
      fail(new Fault('tcp-timeout', text, { retryable: true, detail: { remote: addressText(to) } }));
    });
    socket.once('error', fail);
    socket.once('connect', () => {
      timer.cancel();
      socket.off('error', fail);
      // Nothing is read until the owner, told by the promise, has set its handlers.
      socket.pause();
      clock.soon(() => socket.resume());
      resolve(new RealTcpConnection(socket, clock));
    });
  });
}
