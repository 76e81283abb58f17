// Simulated UDP: datagrams that are lost, late, doubled and overtaken as the link says.
import type { Address, UdpSocket } from '../network.ts';
import { randomInt } from '../random.ts';
import type { SimHost } from './host.ts';
import { Lane } from './lane.ts';

/** Largest payload of an IPv4 datagram; more is EMSGSIZE. */
const datagramLimitBytes = 65_507;

export class SimUdpSocket implements UdpSocket {
  readonly local: Address;
  onMessage: (data: Uint8Array, from: Address) => void = () => {};
  onError: (error: Error) => void = () => {};
  readonly #host: SimHost;
  readonly #lanes = new Map<string, Lane>();
  #open = true;

  constructor(host: SimHost, local: Address) {
    this.#host = host;
    this.local = local;
  }

  send(data: Uint8Array, port: number, to: string): void {
    if (!this.#open) return;
    const { net } = this.#host;
    if (data.length > datagramLimitBytes) {
      const error = Object.assign(new Error('send EMSGSIZE'), { code: 'EMSGSIZE' });
      net.clock.soon(() => this.#open && this.onError(error));
      return;
    }
    const target = this.#host.resolve(to);
    const link = net.links.between(this.#host.ip, target);
    const random = net.chance(`udp ${this.#host.ip}>${target}`);
    net.count.datagramsSent++;
    if (link.blackhole || (link.lossRate > 0 && random.next() < link.lossRate)) return void net.count.datagramsLost++;
    // Whoever receives a datagram may write into it, as with the system's.
    const bytes = Buffer.from(data);
    const from = { host: this.#host.seenBy(to), port: this.local.port };
    const arrive = (): void => net.hosts.get(target)?.udpPorts.get(port)?.receive(bytes, from, to);
    const delayMs = link.delayMs + (link.jitterMs > 0 ? random.next() * link.jitterMs : 0);
    if (link.reorderRate > 0 && random.next() < link.reorderRate) net.clock.after(delayMs + link.reorderMs, arrive);
    else this.#lane(target).send(delayMs, arrive);
    if (link.duplicateRate > 0 && random.next() < link.duplicateRate) {
      const twin = Buffer.from(data);
      net.clock.after(delayMs + randomInt(random, 10), () =>
        net.hosts.get(target)?.udpPorts.get(port)?.receive(twin, from, to),
      );
    }
  }

  receive(data: Uint8Array, from: Address, to: string): void {
    if (!this.#open || !this.#host.accepts(this.local.host, to)) return;
    this.onMessage(data, from);
    // The real network uses its buffer again: whoever kept the bytes would hear noise there, and does so here.
    data.fill(0xaa);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.udpPorts.delete(this.local.port);
  }

  #lane(target: string): Lane {
    const known = this.#lanes.get(target);
    if (known) return known;
    const lane = new Lane(this.#host.net.clock);
    this.#lanes.set(target, lane);
    return lane;
  }
}
