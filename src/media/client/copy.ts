// A copy as the main process sees it: what a port hears or says goes to another port's far end too.
import { Fault } from '../../base/index.ts';
import type { MediaCopy } from '../joined-types.ts';
import { LinkClient, type LinkEnds } from './link.ts';
import type { Joined } from './port.ts';

export class CopyClient implements MediaCopy, Joined {
  readonly #ends: LinkEnds;
  readonly #link: LinkClient;
  #closed = false;

  /** The port that sends it is taken. Throws a Fault `bridge-busy`. */
  constructor(ends: LinkEnds) {
    if (ends.to.joined) throw new Fault('bridge-busy', 'the leg is in a bridge or a room already');
    this.#ends = ends;
    this.#link = new LinkClient(ends, { exclusive: false, path: 'engine' });
    this.#link.onGone = () => this.gone();
    ends.to.joined = this;
  }

  async open(): Promise<void> {
    try {
      await this.#link.open();
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  setPaused(paused: boolean): Promise<{ at: number }> {
    return this.#link.set({ paused });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#free();
    await this.#link.close();
  }

  gone(): void {
    void this.close();
  }

  #free(): void {
    this.#closed = true;
    if (this.#ends.to.joined === this) this.#ends.to.joined = undefined;
  }
}
