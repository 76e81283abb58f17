// A port's place in a room, as the main process sees it. A leg of another worker than the room's comes in by a pipe.
import { Fault } from '../../base/index.ts';
import type { RoomPlace } from '../channel.ts';
import type { MemberFlags, MemberOptions, RoomMember } from '../joined-types.ts';
import type { Effect } from '../types.ts';
import { LinkClient } from './link.ts';
import type { Pipe } from './pipe.ts';
import type { PortClient } from './port.ts';

export interface MemberParts {
  room: string;
  port: PortClient;
  options: MemberOptions;
  /** It is no longer a member. */
  onGone(): void;
}

export class MemberClient implements RoomMember {
  readonly port: PortClient;
  readonly #parts: MemberParts;
  #flags: MemberFlags;
  /** The port that lives with the room: the leg's own, or the far end of its pipe. */
  #seat: PortClient;
  #pipe: { pipe: Pipe; links: LinkClient[] } | undefined;
  #openPipe: (() => Promise<Pipe>) | undefined;
  /** On its way into the room, the first time or anew. */
  #entering: Promise<void> = Promise.resolve();
  #unwatch: (() => void) | undefined;
  #speaks = false;
  #told = false;
  #left = false;

  /** Takes the port at once. Throws a Fault `bridge-busy`. */
  constructor(parts: MemberParts) {
    const { port, options } = parts;
    if (port.joined) throw new Fault('bridge-busy', 'the leg is in a bridge or a room already');
    const { onTalking: _, onLeft: __, ...flags } = options;
    this.port = port;
    this.#seat = port;
    this.#parts = parts;
    this.#flags = flags;
    port.joined = { gone: () => this.gone() };
  }

  /** Rejects with a Fault, and then the port is free again. `openPipe` for a leg of another worker. */
  async enter(openPipe: (() => Promise<Pipe>) | undefined): Promise<void> {
    this.#openPipe = openPipe;
    this.#entering = this.#sit();
    try {
      await this.#entering;
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  async set(flags: Partial<MemberFlags>): Effect {
    this.#flags = { ...this.#flags, ...flags };
    this.#tell();
    await this.#entering;
    if (this.#left) throw new Fault('room-left', 'the member has left the room');
    return this.#seat.ask('roomSet', { port: this.#seat.id, ...this.#place });
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    const pipe = this.#pipe;
    this.#depart();
    if (pipe) return this.#takeUp(pipe);
    if (!this.port.closed) {
      await this.port.ask('roomLeave', { port: this.port.id, room: this.#parts.room }).catch(() => {});
    }
  }

  /** The port has closed, the pipe has broken, or the room is closing. */
  gone(): void {
    if (this.#left) return;
    const pipe = this.#pipe;
    this.#depart();
    if (pipe) void this.#takeUp(pipe);
  }

  get #place(): RoomPlace {
    return { room: this.#parts.room, flags: this.#flags };
  }

  async #sit(): Promise<void> {
    const { port, room, options } = this.#parts;
    const pipe = await this.#openPipe?.();
    if (pipe) await this.#lay(pipe);
    if (this.#left) throw new Fault('media-port-closed', 'the media port is closed');
    const seat = pipe?.far ?? port;
    const flags = (): MemberFlags => this.#flags;
    seat.joined = {
      get place(): RoomPlace {
        return { room, flags: flags() };
      },
      gone: () => (pipe ? this.#broken() : this.gone()),
    };
    this.#seat = seat;
    if (options.onTalking) this.#watch(seat);
    await seat.ask('roomJoin', { port: seat.id, ...this.#place });
  }

  /** The leg and the pipe's near end hear each other; the far end is who joins. */
  async #lay(pipe: Pipe): Promise<void> {
    const { port } = this;
    const link = (from: PortClient, to: PortClient): LinkClient => {
      const one = new LinkClient({ from, side: 'ear', to }, { exclusive: true, path: 'engine' });
      one.onGone = () => this.#broken();
      return one;
    };
    const links = [link(port, pipe.near), link(pipe.near, port)];
    if (this.#left) return this.#takeUp({ pipe, links });
    this.#pipe = { pipe, links };
    pipe.onBroken = () => this.#broken();
    await Promise.all(links.map((one) => one.open()));
  }

  /** The pipe is lost: another takes its place, or the member has left. */
  #broken(): void {
    const old = this.#pipe;
    if (this.#left || !old) return;
    this.#pipe = undefined;
    this.#stopWatching();
    this.#entering = this.#takeUp(old).then(() => this.#sit());
    this.#entering.catch(() => {
      if (this.#left) return;
      this.gone();
      this.#parts.options.onLeft?.();
    });
  }

  async #takeUp({ pipe, links }: { pipe: Pipe; links: LinkClient[] }): Promise<void> {
    await Promise.all(links.map((link) => link.close()));
    await pipe.close();
  }

  #depart(): void {
    this.#left = true;
    this.port.joined = undefined;
    this.#seat.joined = undefined;
    this.#stopWatching();
    this.#parts.onGone();
  }

  #stopWatching(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#speaks = false;
    this.#tell();
  }

  #watch(seat: PortClient): void {
    this.#unwatch = seat.talk.watch((talking) => {
      this.#speaks = talking;
      this.#tell();
    });
  }

  /** One who is muted does not talk to anybody. */
  #tell(): void {
    const talking = this.#speaks && !this.#flags.muted;
    if (talking === this.#told) return;
    this.#told = talking;
    this.#parts.options.onTalking?.(talking);
  }
}
