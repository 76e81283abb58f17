// Simulated TCP: ordered bytes cut anywhere, refused or unanswered connects, peers that vanish or fall silent.
import type { Timer } from '../clock.ts';
import { Fault } from '../errors.ts';
import { tcpLingerMs, tcpSendLimitBytes } from '../limits.ts';
import { type Address, addressText, type TcpConnection, type TcpListener } from '../network.ts';
import { networkFault } from '../network-faults.ts';
import type { SimHost } from './host.ts';
import { Pipe } from './pipe.ts';

export class SimTcpListener implements TcpListener {
  readonly local: Address;
  onConnection: (connection: TcpConnection) => void = (connection) => connection.destroy();
  readonly #host: SimHost;
  readonly open = new Set<SimTcpConnection>();

  constructor(host: SimHost, local: Address) {
    this.#host = host;
    this.local = local;
  }

  async close(): Promise<void> {
    if (this.#host.tcpPorts.get(this.local.port) === this) this.#host.tcpPorts.delete(this.local.port);
    for (const connection of [...this.open]) connection.destroy();
  }
}

interface Ends {
  local: Address;
  remote: Address;
}

export class SimTcpConnection implements TcpConnection {
  readonly local: Address;
  readonly remote: Address;
  onData: (data: Uint8Array) => void = () => {};
  onClose: (error?: Error) => void = () => {};
  readonly #host: SimHost;
  readonly #peerIp: string;
  readonly #out: Pipe;
  #peer: SimTcpConnection | undefined;
  #closing = false;
  #closed = false;
  #linger: Timer | undefined;

  private constructor(host: SimHost, peerIp: string, ends: Ends) {
    this.#host = host;
    this.#peerIp = peerIp;
    this.local = ends.local;
    this.remote = ends.remote;
    this.#out = new Pipe(host, peerIp, {
      onBytes: (bytes) => this.#peer?.receive(bytes),
      onEnd: () => this.#peer?.receiveEnd(),
      orphaned: () => this.#closed,
      onGivenUp: () => this.#end(networkFault('tcp', { code: 'ETIMEDOUT' })),
    });
    host.connections.add(this);
  }

  static connect(host: SimHost, to: Address, timeoutMs: number): Promise<SimTcpConnection> {
    const { net } = host;
    const peerIp = host.resolve(to.host);
    return new Promise((resolve, reject) => {
      let over = false;
      const fail = (fault: Fault): void => {
        if (over) return;
        over = true;
        timer.cancel();
        reject(fault);
      };
      const detail = { remote: addressText(to) };
      const timer = net.clock.after(timeoutMs, () =>
        fail(new Fault('tcp-timeout', 'the connection was not made in time', { retryable: true, detail })),
      );
      const there = net.links.between(host.ip, peerIp);
      const back = net.links.between(peerIp, host.ip);
      const peer = net.hosts.get(peerIp);
      if (!peer || there.blackhole || back.blackhole) return;
      net.clock.after(there.delayMs + back.delayMs, () => {
        if (over) return;
        const listener = peer.tcpPorts.get(to.port);
        if (!listener || !peer.accepts(listener.local.host, to.host)) {
          return fail(networkFault('tcp', { code: 'ECONNREFUSED' }, detail));
        }
        over = true;
        timer.cancel();
        resolve(SimTcpConnection.#pair(host, peer, listener, to));
      });
    });
  }

  static #pair(host: SimHost, peer: SimHost, listener: SimTcpListener, to: Address): SimTcpConnection {
    const mine = { host: host.seenBy(to.host), port: host.ephemeralPort(new Map()) };
    const theirs = { host: to.host === 'localhost' ? '127.0.0.1' : to.host, port: to.port };
    const near = new SimTcpConnection(host, peer.ip, { local: mine, remote: theirs });
    const far = new SimTcpConnection(peer, host.ip, { local: theirs, remote: mine });
    near.#peer = far;
    far.#peer = near;
    listener.open.add(far);
    // In a turn of its own, so that both ends have their handlers before the first byte.
    host.net.clock.soon(() => {
      if (!far.#closed) listener.onConnection(far);
    });
    return near;
  }

  send(data: Uint8Array | string): boolean {
    if (this.#closing) return false;
    if (this.#out.queuedBytes > tcpSendLimitBytes) {
      const detail = { remote: addressText(this.remote), queuedBytes: this.#out.queuedBytes };
      this.#end(new Fault('tcp-slow', 'the peer does not read what it is sent', { detail }));
      return false;
    }
    this.#out.write(Buffer.from(data as Uint8Array));
    return true;
  }

  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#out.end();
    this.#linger = this.#host.net.clock.after(tcpLingerMs, () => this.destroy());
  }

  destroy(): void {
    if (this.#closed) return;
    this.#out.discard();
    this.#out.end();
    this.#end();
  }

  /** Gone without a word to anyone, its owner included. */
  vanish(): void {
    this.onClose = () => {};
    this.#out.kill();
    this.#end();
  }

  /** Both ends learn that the connection broke. */
  reset(): void {
    const peer = this.#peer;
    this.#end(networkFault('tcp', { code: 'ECONNRESET' }, { remote: addressText(this.remote) }));
    peer?.receiveReset();
  }

  receive(bytes: Uint8Array): void {
    if (this.#closed) this.#refuseData();
    else if (!this.#closing) this.onData(bytes);
  }

  receiveEnd(): void {
    if (this.#closed) return;
    if (!this.#closing) this.#out.end();
    this.#end();
  }

  receiveReset(): void {
    this.#end(networkFault('tcp', { code: 'ECONNRESET' }, { remote: addressText(this.remote) }));
  }

  /** Data for a connection that is no more is answered with a reset. */
  #refuseData(): void {
    const peer = this.#peer;
    const link = this.#host.net.links.between(this.#host.ip, this.#peerIp);
    if (!link.blackhole) this.#host.net.clock.after(link.delayMs, () => peer?.receiveReset());
  }

  #end(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing = true;
    this.#linger?.cancel();
    if (error) this.#out.kill();
    this.#host.connections.delete(this);
    for (const listener of this.#host.tcpPorts.values()) listener.open.delete(this);
    this.#host.net.clock.soon(() => this.onClose(error));
  }
}
