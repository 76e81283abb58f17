// Rooms: those of one engine, by name. A room is there from the first who needs it until the last has gone.
import { atMost, Fault } from '../../../base/index.ts';
import type { Ask, PlayPosition, Responder } from '../../channel.ts';
import { recordCloseMs } from '../../limits.ts';
import type { EngineWorld } from '../world.ts';
import { Room, type RoomPort } from './room.ts';
import type { RoomRecordings } from './room-recordings.ts';
import type { RoomStreams } from './room-streams.ts';

export class Rooms {
  readonly #world: EngineWorld;
  readonly #notify: Responder['notify'];
  readonly #rooms = new Map<string, Room>();

  constructor(world: EngineWorld, notify: Responder['notify']) {
    this.#world = world;
    this.#notify = notify;
  }

  join({ room, flags }: Omit<Ask<'roomJoin'>, 'port'>, port: RoomPort): { at: number } {
    this.#room(room).join(port, flags);
    return this.#now();
  }

  set({ room, port, flags }: Ask<'roomSet'>): Promise<{ at: number }> {
    return (this.#rooms.get(room) ?? gone()).set(port, flags);
  }

  leave({ room, port }: Ask<'roomLeave'>): { at: number } {
    this.#rooms.get(room)?.leave(port);
    this.#tidy(room);
    return this.#now();
  }

  /** A port has closed. */
  left(port: string): void {
    for (const [id, room] of this.#rooms) {
      if (!room.has(port)) continue;
      room.leave(port);
      this.#tidy(id);
    }
  }

  play({ room, order }: Ask<'roomPlay'>): { at: number } {
    this.#room(room).play(order);
    return this.#now();
  }

  stop({ room, playback }: Ask<'roomStop'>): { at: number } {
    this.#rooms.get(room)?.stop(playback);
    this.#tidy(room);
    return this.#now();
  }

  /** Recordings are whole before the room is gone, unless the disk hangs. */
  async close({ room }: Ask<'roomClose'>): Promise<{ at: number }> {
    const recorded = this.#rooms.get(room)?.close();
    this.#rooms.delete(room);
    if (recorded) await atMost(this.#world.clock, recordCloseMs, recorded);
    return this.#now();
  }

  /** The engine is closing. */
  closeAll(): void {
    for (const room of this.#rooms.values()) void room.close();
    this.#rooms.clear();
  }

  stream({ room, order }: Ask<'roomStream'>): { at: number } {
    this.#room(room).streams.begin(order);
    return this.#now();
  }

  record({ room, order }: Ask<'roomRecord'>): { at: number } {
    return this.#room(room).recordings.begin(order);
  }

  /** Of a room; undefined when there is none of this name. */
  recordings(room: string): RoomRecordings | undefined {
    return this.#rooms.get(room)?.recordings;
  }

  /** Of a room; undefined when there is none of this name. */
  streams(room: string): RoomStreams | undefined {
    return this.#rooms.get(room)?.streams;
  }

  checkpoints(): { room: string; plays: { playback: number; position: PlayPosition; moving: boolean }[] }[] {
    const found: ReturnType<Rooms['checkpoints']> = [];
    for (const [room, one] of this.#rooms) {
      const plays = one.positions();
      if (plays.length > 0) found.push({ room, plays });
    }
    return found;
  }

  #room(id: string): Room {
    let room = this.#rooms.get(id);
    if (!room) {
      room = new Room({
        id,
        world: this.#world,
        onPlayback: (playback, event) => this.#notify('roomPlayback', { room: id, playback, event }),
        onFinished: (playback, result) => this.#notify('roomFinished', { room: id, playback, result }),
        notify: this.#notify,
      });
      this.#rooms.set(id, room);
    }
    return room;
  }

  #tidy(id: string): void {
    if (this.#rooms.get(id)?.isEmpty) this.#rooms.delete(id);
  }

  #now(): { at: number } {
    return { at: this.#world.clock.now() };
  }
}

function gone(): never {
  throw new Fault('room-left', 'the member has left the room');
}
