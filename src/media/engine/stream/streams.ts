// Streams: those of one port, by number.
import { Fault } from '../../../base/index.ts';
import { type Ask, packFault, type Responder, type StreamOrder } from '../../channel.ts';
import { maxStreams } from '../../limits.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';
import type { EngineWorld } from '../world.ts';
import { Stream } from './stream.ts';

export interface StreamsPlace {
  port: string;
  world: EngineWorld;
  ear: Pick<Ear, 'listen'>;
  mouth: Pick<Mouth, 'listen' | 'mixIn'>;
  notify: Responder['notify'];
  /** Sound is to be sent from now on. */
  start?(): void;
  /** The next frame time; now when there are none. */
  effect?(): Promise<{ at: number }>;
}

export class Streams {
  readonly #place: StreamsPlace;
  readonly #streams = new Map<number, Stream>();

  constructor(place: StreamsPlace) {
    this.#place = place;
  }

  get any(): boolean {
    return this.#streams.size > 0;
  }

  /** One that is known already is not begun anew. */
  begin(order: StreamOrder): { at: number } {
    const { stream } = order;
    const { port, notify } = this.#place;
    if (this.#streams.has(stream)) return this.#now();
    if (this.#streams.size >= maxStreams)
      throw new Fault('stream-too-many', `a leg can have ${maxStreams} streams at once`);
    const made = new Stream({
      ...this.#place,
      order,
      onEvent: (event) => {
        const plain = event.type === 'reconnecting' ? { ...event, fault: packFault(event.fault) } : event;
        notify('stream', { port, stream, event: plain });
      },
      onEnd: ({ fault, ...end }) => {
        this.#streams.delete(stream);
        notify('streamEnded', { port, stream, end: { ...end, ...(fault && { fault: packFault(fault) }) } });
      },
    });
    this.#streams.set(stream, made);
    this.#place.start?.();
    return this.#now();
  }

  setState({ stream, state }: Pick<Ask<'streamState'>, 'stream' | 'state'>): Promise<{ at: number }> | { at: number } {
    this.#streams.get(stream)?.setState(state);
    return this.#place.effect?.() ?? this.#now();
  }

  tell(stream: number, message: Record<string, unknown>): { at: number } {
    this.#streams.get(stream)?.tell(message);
    return this.#now();
  }

  stop(stream: number): { at: number } {
    this.#streams.get(stream)?.stop();
    return this.#now();
  }

  #now(): { at: number } {
    return { at: this.#place.world.clock.now() };
  }

  close(): void {
    for (const stream of [...this.#streams.values()]) stream.stop();
  }

  describe(): string {
    return [...this.#streams.values()].map((stream) => `stream ${stream.describe()}`).join(', ');
  }
}
