// Links: all directions between this worker's ports. One acts once both its ports are there, in whatever order they come.
import type { Clock } from '../../../base/index.ts';
import type { LinkState } from '../../channel.ts';
import type { BridgeMode } from '../../joined-types.ts';
import type { Port } from '../port.ts';
import { Link } from './link.ts';

export class Links {
  readonly #clock: Clock;
  readonly #find: (port: string) => Port | undefined;
  readonly #wanted = new Map<string, LinkState>();
  readonly #links = new Map<string, Link>();

  constructor(clock: Clock, find: (port: string) => Port | undefined) {
    this.#clock = clock;
    this.#find = find;
  }

  /** A new one, or another state of one that is known. Settles with the first frame time that shows it. */
  async want(state: LinkState): Promise<{ at: number }> {
    this.#wanted.set(state.link, state);
    const known = this.#links.get(state.link);
    if (known) known.set(state);
    const link = known ?? this.#join(state);
    return link?.effect() ?? { at: this.#clock.now() };
  }

  async drop({ link: id, to }: { link: string; to: string }): Promise<{ at: number }> {
    const effect = this.#end(id) ? this.#find(to)?.effect() : undefined;
    return effect ?? { at: this.#clock.now() };
  }

  mode(id: string): BridgeMode {
    return this.#links.get(id)?.mode ?? 'silent';
  }

  /** A port is there: what it is an end of begins when the other end is there too. */
  opened(states: readonly LinkState[]): void {
    for (const state of states) void this.want(state);
  }

  /** A port goes, and its links with it. */
  closed(port: string): void {
    for (const { link, from, to } of [...this.#wanted.values()]) if (from === port || to === port) this.#end(link);
  }

  #join(state: LinkState): Link | undefined {
    const from = this.#find(state.from);
    const to = this.#find(state.to);
    if (!from || !to) return undefined;
    const link = new Link(state, { from, to, now: () => this.#clock.now() });
    this.#links.set(state.link, link);
    return link;
  }

  #end(id: string): boolean {
    this.#wanted.delete(id);
    const link = this.#links.get(id);
    this.#links.delete(id);
    link?.close();
    return link !== undefined;
  }
}
