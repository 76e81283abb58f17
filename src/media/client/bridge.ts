// A bridge as the main process sees it: two ports, a link each way, and a pipe between them when they live on different workers.
import { Fault } from '../../base/index.ts';
import type { BridgeMode, BridgePath, MediaBridge } from '../joined-types.ts';
import { LinkClient } from './link.ts';
import type { Pipe } from './pipe.ts';
import type { Joined, PortClient } from './port.ts';

export interface BridgeOptions {
  a: PortClient;
  b: PortClient;
  path: BridgePath;
}

export class BridgeClient implements MediaBridge, Joined {
  readonly a: PortClient;
  readonly b: PortClient;
  #path: BridgePath;
  #pipe: Pipe | undefined;
  /** From a to b, and from b to a; each of one or two links. */
  #aToB: LinkClient[] = [];
  #bToA: LinkClient[] = [];
  #closed = false;

  /** Both ports are taken at once. Throws a Fault `bridge-busy` or `bridge-codecs`. */
  constructor({ a, b, path }: BridgeOptions) {
    if (a === b || a.joined || b.joined) throw new Fault('bridge-busy', 'the leg is in a bridge or a room already');
    this.a = a;
    this.b = b;
    this.#path = path;
    this.#check(path);
    a.joined = this;
    b.joined = this;
  }

  /** `openPipe` joins the two ports' workers when they live on two. Rejects with a Fault, and then the ports are free again. */
  async open(openPipe: (() => Promise<Pipe>) | undefined): Promise<void> {
    const { a, b } = this;
    try {
      this.#pipe = await openPipe?.();
      if (this.#pipe) this.#pipe.onBroken = () => this.gone();
      const [near, far] = this.#pipe ? [this.#pipe.near, this.#pipe.far] : [b, a];
      this.#aToB = this.#pipe ? [this.#link(a, near), this.#link(far, b)] : [this.#link(a, b)];
      this.#bToA = this.#pipe ? [this.#link(b, far), this.#link(near, a)] : [this.#link(b, a)];
      if (this.#closed) throw new Fault('media-port-closed', 'the media port is closed');
      await Promise.all(this.#links.map((link) => link.open()));
    } catch (error) {
      await this.close();
      // A port that closed while it was being laid has closed the bridge, and knew of no pipe.
      await this.#pipe?.close();
      throw error;
    }
  }

  async setPath(path: BridgePath): Promise<{ at: number }> {
    this.#check(path);
    this.#path = path;
    const effects = await Promise.all(this.#links.map((link) => link.set({ path })));
    return { at: Math.max(...effects.map(({ at }) => at)) };
  }

  async modes(): Promise<{ aToB: BridgeMode; bToA: BridgeMode }> {
    const [aToB, bToA] = await Promise.all([modeOf(this.#aToB), modeOf(this.#bToA)]);
    return { aToB, bToA };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const port of [this.a, this.b]) if (port.joined === this) port.joined = undefined;
    await Promise.all(this.#links.map((link) => link.close()));
    await this.#pipe?.close();
  }

  /** A port has closed, or the pipe has broken. */
  gone(): void {
    void this.close();
  }

  get #links(): LinkClient[] {
    return [...this.#aToB, ...this.#bToA];
  }

  #link(from: PortClient, to: PortClient): LinkClient {
    const link = new LinkClient({ from, side: 'ear', to }, { exclusive: true, path: this.#path });
    link.onGone = () => this.gone();
    return link;
  }

  #check(path: BridgePath): void {
    const codecs = [this.a, this.b].map((port) => port.negotiated?.codec);
    if (path === 'relay' && codecs[0] !== codecs[1]) {
      const text = `packets cannot be relayed: the legs speak ${codecs.map((codec) => codec ?? 'nothing yet').join(' and ')}`;
      throw new Fault('bridge-codecs', text);
    }
  }
}

/** Of links one behind the other: how the audio goes at its most handled. */
async function modeOf(links: readonly LinkClient[]): Promise<BridgeMode> {
  const modes = await Promise.all(links.map((link) => link.mode()));
  return modes.find((mode) => mode === 'silent') ?? modes.find((mode) => mode === 'processed') ?? modes[0] ?? 'silent';
}
