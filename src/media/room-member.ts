// A port's place in a room, as the main process sees it. A leg of another worker than the room's comes in by a pipe.
import { Fault } from '../base/index.ts';
import type { RoomPlace } from './channel.ts';
import type { MemberFlags, MemberOptions, RoomMember } from './joined-types.ts';
import { LinkClient } from './link-client.ts';
import type { Pipe } from './pipe.ts';
import type { PortClient } from './port-client.ts';
import type { Effect } from './types.ts';

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
  #unwatch: (() => void) | undefined;
  #speaks = false;
  #told = false;
  #left = false;

  /** Takes the port at once. Throws a Fault `bridge-busy`. */
  constructor(parts: MemberParts) {
    const { port, options } = parts;
    if (port.joined) throw new Fault('bridge-busy', 'the leg is in a bridge or a room already');
    const { onTalking: _, ...flags } = options;
    this.port = port;
    this.#seat = port;
    this.#parts = parts;
    this.#flags = flags;
    port.joined = { gone: () => this.gone() };
  }

  /** Rejects with a Fault, and then the port is free again. */
  async enter(openPipe: (() => Promise<Pipe>) | undefined): Promise<void> {
    try {
      if (openPipe) await this.#lay(await openPipe());
      if (this.#left) throw new Fault('media-port-closed', 'the media port is closed');
      const seat = this.#seat;
      const place = (): RoomPlace => this.#place;
      seat.joined = {
        get place() {
          return place();
        },
        gone: () => this.gone(),
      };
      const { onTalking } = this.#parts.options;
      if (onTalking) this.#watch(seat);
      await seat.ask('roomJoin', { port: seat.id, ...this.#place });
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  async set(flags: Partial<MemberFlags>): Effect {
    if (this.#left) throw new Fault('room-left', 'the member has left the room');
    this.#flags = { ...this.#flags, ...flags };
    this.#tell();
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

  /** The leg and the pipe's near end hear each other; the far end is who joins. */
  async #lay(pipe: Pipe): Promise<void> {
    const { port } = this;
    const link = (from: PortClient, to: PortClient): LinkClient => {
      const one = new LinkClient({ from, side: 'ear', to }, { exclusive: true, path: 'engine' });
      one.onGone = () => this.gone();
      return one;
    };
    const links = [link(port, pipe.near), link(pipe.near, port)];
    if (this.#left) return this.#takeUp({ pipe, links });
    this.#pipe = { pipe, links };
    this.#seat = pipe.far;
    pipe.onBroken = () => this.gone();
    await Promise.all(links.map((one) => one.open()));
  }

  async #takeUp({ pipe, links }: { pipe: Pipe; links: LinkClient[] }): Promise<void> {
    await Promise.all(links.map((link) => link.close()));
    await pipe.close();
  }

  #depart(): void {
    this.#left = true;
    this.port.joined = undefined;
    this.#seat.joined = undefined;
    this.#unwatch?.();
    this.#speaks = false;
    this.#tell();
    this.#parts.onGone();
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
