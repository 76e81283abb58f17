// The transports, opened and closed together on one port number. A new transport is one file and one line in `makers`.
import type { Address } from '../../base/index.ts';
import { BIND_ATTEMPTS } from '../limits.ts';
import type { Peer, TransportName } from '../types.ts';
import { TcpTransport } from './tcp.ts';
import type { Sending, Transport, TransportOptions } from './transport.ts';
import { UdpTransport } from './udp.ts';

export type { Connection, Sending, Source, Transport, TransportOptions } from './transport.ts';

const makers: { readonly [name in TransportName]: (options: TransportOptions) => Transport } = {
  udp: (options) => new UdpTransport(options),
  tcp: (options) => new TcpTransport(options),
};

export class Transports {
  readonly #all: Record<TransportName, Transport>;
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#all = this.#fresh();
  }

  #fresh(): Record<TransportName, Transport> {
    return { udp: makers.udp(this.#options), tcp: makers.tcp(this.#options) };
  }

  local(name: TransportName): Address {
    return this.#all[name].local;
  }

  get connections(): number {
    return this.#all.udp.connections + this.#all.tcp.connections;
  }

  /**
   * Listens on all transports. Port 0 takes a number that is free on every one, if one is found in a few tries.
   * Rejects with the system's error, with nothing left open.
   */
  async listen(address: Address): Promise<void> {
    try {
      await this.#all.udp.listen(address);
      for (let attempt = 1; ; attempt++) {
        const twin = { host: address.host, port: this.#all.udp.local.port };
        try {
          return await this.#all.tcp.listen(twin);
        } catch (error) {
          if (address.port !== 0) throw error;
          if (attempt === BIND_ATTEMPTS) return await this.#all.tcp.listen(address);
          await this.#all.udp.close();
          await this.#all.udp.listen(address);
        }
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  send(to: Peer, sending: Omit<Sending, 'to'>): void {
    this.#all[to.transport].send({ ...sending, to });
  }

  async close(): Promise<void> {
    await Promise.all([this.#all.udp.close(), this.#all.tcp.close()]);
  }
}
