// SimNet: a whole network in one thread. Hosts, links, names, web servers; every accident is drawn from one seed.
import type { Clock } from '../clock.ts';
import { SimDns } from './dns.ts';
import { SimHost } from './host.ts';
import { type SimHttpHandler, SimHttpServer } from './http.ts';
import { type LinkConditions, type LinkSelector, Links } from './links.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type SimWsOptions, type SimWsPeer, SimWsServer, wsKey } from './ws.ts';

export interface SimNetOptions {
  clock: Clock;
  random: SeededRandom;
}

/** What is open on the whole net, for leak checks: all zero after a scenario. */
export interface SimNetOpen {
  udp: number;
  tcpListeners: number;
  tcpConnections: number;
  /** HTTP requests under way and WebSocket connections. */
  web: number;
}

export class SimNet {
  readonly clock: Clock;
  readonly links = new Links();
  readonly dns: SimDns;
  readonly hosts = new Map<string, SimHost>();
  readonly httpServers = new Map<string, SimHttpServer>();
  readonly wsServers = new Map<string, SimWsServer>();
  readonly count = { datagramsSent: 0, datagramsLost: 0 };
  readonly #random: SeededRandom;
  readonly #chances = new Map<string, SeededRandom>();

  constructor(options: SimNetOptions) {
    this.clock = options.clock;
    this.#random = options.random;
    this.dns = new SimDns(options.clock);
  }

  /** The host at this numeric address; made when first asked for. */
  host(ip: string): SimHost {
    const known = this.hosts.get(ip);
    if (known) return known;
    const host = new SimHost(this, ip);
    this.hosts.set(ip, host);
    return host;
  }

  /** Sets what the wire does, `{}` for everywhere. The returned function takes it back. */
  link(where: LinkSelector, change: Partial<LinkConditions>): () => void {
    return this.links.set(where, change);
  }

  /** `origin` as in `http://app.example:8080`; the answer to every request there comes from `handle`. */
  serveHttp(origin: string, handle: SimHttpHandler): SimHttpServer {
    const server = new SimHttpServer(this, new URL(origin).origin, handle);
    this.httpServers.set(server.origin, server);
    return server;
  }

  /** `url` with its path and without a query. `handle` gets the server's end before the client has its own. */
  serveWs(url: string, handle: (connection: SimWsPeer) => void, options: SimWsOptions = {}): SimWsServer {
    const server = new SimWsServer(this, wsKey(new URL(url)), handle, options);
    this.wsServers.set(server.url, server);
    return server;
  }

  open(): SimNetOpen {
    const open: SimNetOpen = { udp: 0, tcpListeners: 0, tcpConnections: 0, web: 0 };
    for (const host of this.hosts.values()) {
      open.udp += host.udpPorts.size;
      open.tcpListeners += host.tcpPorts.size;
      open.tcpConnections += host.connections.size;
      open.web += host.clients.size;
    }
    return open;
  }

  /** Is there a server or a record of this name? */
  knowsName(name: string): boolean {
    if (this.dns.has(name)) return true;
    const urls = [...this.httpServers.keys(), ...this.wsServers.keys()];
    return urls.some((url) => new URL(url).hostname === name);
  }

  /** The stream of chance of one part of the net. */
  chance(part: string): SeededRandom {
    const known = this.#chances.get(part);
    if (known) return known;
    const fresh = this.#random.fork(part);
    this.#chances.set(part, fresh);
    return fresh;
  }
}
