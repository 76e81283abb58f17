// A link as the main process sees it: one direction between two ports of one worker, which their next worker is told of too.

import type { LinkState } from '../channel.ts';
import type { BridgeMode, CopySide } from '../joined-types.ts';
import type { PortClient } from './port.ts';

export interface LinkEnds {
  from: PortClient;
  side: CopySide;
  to: PortClient;
}

export class LinkClient {
  /** Either port is gone, and the link with it. */
  onGone: () => void = () => {};
  readonly state: LinkState;
  readonly #from: PortClient;
  readonly #to: PortClient;

  constructor(ends: LinkEnds, { exclusive, path }: Pick<LinkState, 'exclusive' | 'path'>) {
    const { from, side, to } = ends;
    this.#from = from;
    this.#to = to;
    this.state = {
      link: `${from.id}.${side}>${to.id}`,
      from: from.id,
      side,
      to: to.id,
      path,
      paused: false,
      exclusive,
    };
  }

  /** Rejects with a Fault when a port is gone. */
  async open(): Promise<{ at: number }> {
    this.#from.links.add(this);
    this.#to.links.add(this);
    try {
      return await this.#to.ask('link', this.state);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  set(change: Partial<Pick<LinkState, 'path' | 'paused'>>): Promise<{ at: number }> {
    Object.assign(this.state, change);
    return this.#to.ask('link', { ...this.state });
  }

  async mode(): Promise<BridgeMode> {
    const { modes } = await this.#to.ask('linkModes', { links: [this.state.link] });
    return modes[0] ?? 'silent';
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.#forget();
    if (!this.#to.closed) await this.#to.ask('unlink', { link: this.state.link, to: this.#to.id }).catch(() => {});
  }

  /** Told by a port that closes. */
  gone(): void {
    this.#forget();
    this.onGone();
  }

  #forget(): void {
    this.#from.links.delete(this);
    this.#to.links.delete(this);
  }
}
