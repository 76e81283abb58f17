// A simulated host: one address, its own ports, and the Network that the code under test is given.
import { Fault } from '../errors.ts';
import { type Address, addressText, type HttpClient, type Network, type Resolver, type WsConnect } from '../network.ts';
import { bindFault } from '../network-faults.ts';
import { connectSimHttp } from './http.ts';
import type { SimNet } from './sim-net.ts';
import { SimTcpConnection, SimTcpListener } from './tcp.ts';
import { SimUdpSocket } from './udp.ts';
import { connectSimWs } from './ws.ts';

const wildcards = new Set(['0.0.0.0', '::']);
const loopbacks = new Set(['127.0.0.1', '::1', 'localhost']);
const firstEphemeralPort = 32_768;

export class SimHost implements Network {
  readonly net: SimNet;
  readonly ip: string;
  readonly http: HttpClient;
  readonly ws: WsConnect;
  readonly resolver: Resolver;
  readonly udpPorts = new Map<number, SimUdpSocket>();
  readonly tcpPorts = new Map<number, SimTcpListener>();
  readonly connections = new Set<SimTcpConnection>();
  /** Ends what this host's HTTP and WebSocket clients have under way. */
  readonly clients = new Set<() => void>();
  #nextPort = firstEphemeralPort;

  constructor(net: SimNet, ip: string) {
    this.net = net;
    this.ip = ip;
    this.resolver = net.dns;
    this.http = connectSimHttp(this);
    this.ws = connectSimWs(this);
  }

  async udp(options: Address): Promise<SimUdpSocket> {
    const port = this.#claim(options, this.udpPorts);
    const socket = new SimUdpSocket(this, { host: options.host, port });
    this.udpPorts.set(port, socket);
    return socket;
  }

  async tcpListen(address: Address): Promise<SimTcpListener> {
    const port = this.#claim(address, this.tcpPorts);
    const listener = new SimTcpListener(this, { host: address.host, port });
    this.tcpPorts.set(port, listener);
    return listener;
  }

  tcpConnect(to: Address, options: { timeoutMs: number }): Promise<SimTcpConnection> {
    return SimTcpConnection.connect(this, to, options.timeoutMs);
  }

  async close(): Promise<void> {
    for (const end of [...this.clients]) end();
  }

  /** The power goes: everything open here is gone and nobody is told. Peers learn of it when they next send. */
  crash(): void {
    for (const socket of [...this.udpPorts.values()]) socket.close();
    this.tcpPorts.clear();
    for (const connection of [...this.connections]) connection.vanish();
    for (const end of [...this.clients]) end();
  }

  /** Every stream connection of this host breaks, at both ends, as when a middlebox loses its table. */
  resetTcp(): void {
    for (const connection of [...this.connections]) connection.reset();
  }

  /** The address by which `text`, as seen from here, is known on the net. */
  resolve(text: string): string {
    return loopbacks.has(text) || wildcards.has(text) ? this.ip : text;
  }

  /** The address of this host that a peer at `to` sees. */
  seenBy(to: string): string {
    return loopbacks.has(to) ? to.replace('localhost', '127.0.0.1') : this.ip;
  }

  /** Does a socket bound to `bound` take what is sent to `to`? */
  accepts(bound: string, to: string): boolean {
    return wildcards.has(bound) || bound === to || (loopbacks.has(bound) && loopbacks.has(to));
  }

  ephemeralPort(taken: ReadonlyMap<number, unknown>): number {
    for (let tries = 0; tries < 65_536 - firstEphemeralPort; tries++) {
      const port = this.#nextPort;
      this.#nextPort = port === 65_535 ? firstEphemeralPort : port + 1;
      if (!taken.has(port)) return port;
    }
    throw new Fault('bind-failed', 'no free port is left');
  }

  #claim(address: Address, taken: ReadonlyMap<number, unknown>): number {
    const mine = address.host === this.ip || wildcards.has(address.host) || loopbacks.has(address.host);
    if (!mine) throw bindFault({ code: 'EADDRNOTAVAIL' }, addressText(address));
    if (address.port === 0) return this.ephemeralPort(taken);
    if (taken.has(address.port)) throw bindFault({ code: 'EADDRINUSE' }, addressText(address));
    return address.port;
  }
}
