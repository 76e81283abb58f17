// A room's streams: each is a guest of its own, so that it hears what the others bring back, and never itself.

import { Fault } from '../../../base/index.ts';
import type { Ask, Responder, StreamOrder } from '../../channel.ts';
import { maxStreams } from '../../limits.ts';
import { Streams } from '../stream/streams.ts';
import type { EngineWorld } from '../world.ts';
import type { Guest } from './guest.ts';

export interface RoomStreamsOptions {
  room: string;
  world: EngineWorld;
  notify: Responder['notify'];
  invite(sampleRate: number, onBroken: (error: unknown) => void): Guest;
}

export class RoomStreams {
  readonly #options: RoomStreamsOptions;
  readonly #running = new Map<number, { guest: Guest; streams: Streams }>();

  constructor(options: RoomStreamsOptions) {
    this.#options = options;
  }

  /** One that is known already is not begun anew. */
  begin(order: StreamOrder): void {
    const { room: port, world, notify, invite } = this.#options;
    const { stream } = order;
    if (this.#running.has(stream)) return;
    if (this.#running.size >= maxStreams)
      throw new Fault('stream-too-many', `a room can have ${maxStreams} streams at once`);
    // Voices at the telephone's rate lose nothing at it; a better stream hears those who are better.
    const guest = invite(order.options.sampleRate > 8000 ? 16_000 : 8000, (error) => this.#broken(stream, error));
    const streams = new Streams({
      port,
      world,
      ear: guest.ear,
      mouth: guest.mouth,
      notify: (name, body) => {
        if (name === 'streamEnded') this.#ended(stream);
        notify(name, body);
      },
    });
    this.#running.set(stream, { guest, streams });
    streams.begin(order);
  }

  setState(ask: Ask<'streamState'>): { at: number } {
    void this.#running.get(ask.stream)?.streams.setState(ask);
    return this.#now();
  }

  tell(stream: number, message: Record<string, unknown>): { at: number } {
    this.#running.get(stream)?.streams.tell(stream, message);
    return this.#now();
  }

  stop(stream: number): { at: number } {
    this.#running.get(stream)?.streams.stop(stream);
    return this.#now();
  }

  close(): void {
    for (const { streams } of [...this.#running.values()]) streams.close();
  }

  #now(): { at: number } {
    return { at: this.#options.world.clock.now() };
  }

  #broken(stream: number, error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.world.log.error('room stream failed', { room: this.#options.room, stream, error: reason });
    this.stop(stream);
  }

  #ended(stream: number): void {
    const one = this.#running.get(stream);
    this.#running.delete(stream);
    one?.guest.close();
  }
}
