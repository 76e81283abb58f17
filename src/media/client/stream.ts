// A port's streams as their owners see them; what is wanted of them is remembered, so that another worker can take them up.
import { Fault, isFault } from '../../base/index.ts';
import {
  type Answer,
  type Ask,
  type EndedStream,
  type Notices,
  type StreamNote,
  type StreamOrder,
  unpackFault,
} from '../channel.ts';
import type { MediaStream, StreamEnd, StreamEvent, StreamOptions, TapState } from '../tap-types.ts';
import type { Effect } from '../types.ts';

type StreamAsk = 'stream' | 'streamState' | 'streamTell' | 'endStream';

export interface StreamsHost {
  readonly port: string;
  /** Asks the worker, or the one that follows it. */
  ask<N extends StreamAsk>(name: N, body: Ask<N>): Promise<Answer<N>>;
}

/** All of one port. */
export class StreamClients {
  readonly #host: StreamsHost;
  readonly #open = new Map<number, StreamClient>();
  #last = 0;

  constructor(host: StreamsHost) {
    this.#host = host;
  }

  open(options: StreamOptions): MediaStream {
    const client = new StreamClient(this.#host, ++this.#last, options);
    this.#open.set(client.stream, client);
    void client.done.then(() => this.#open.delete(client.stream));
    client.begin();
    return client;
  }

  heard({ stream, event }: Notices['stream']): void {
    this.#open.get(stream)?.heard(event);
  }

  finished({ stream, end }: Notices['streamEnded']): void {
    this.#open.get(stream)?.finish(end);
  }

  /** What a new worker must be told. */
  get orders(): StreamOrder[] {
    return [...this.#open.values()].filter(({ stopping }) => !stopping).map(({ order }) => order);
  }

  /** The worker died: those that were ending have ended. */
  workerLost(): void {
    for (const client of this.#open.values()) if (client.stopping) client.finish(stopped);
  }

  /** The port is gone, and its streams with it. */
  abandon(): void {
    for (const client of this.#open.values()) client.finish(stopped);
  }
}

const stopped: EndedStream = { reason: 'stopped', sentMs: 0, droppedMs: 0 };

class StreamClient implements MediaStream {
  onEvent: (event: StreamEvent) => void = () => {};
  readonly done: Promise<StreamEnd>;
  readonly stream: number;
  stopping = false;
  readonly #host: StreamsHost;
  readonly #options: StreamOptions;
  readonly #settle: (end: StreamEnd) => void;
  #state: TapState;
  #wasOpen = false;
  #over = false;

  constructor(host: StreamsHost, stream: number, options: StreamOptions) {
    this.#host = host;
    this.stream = stream;
    this.#options = options;
    this.#state = options.paused ? 'pause' : 'run';
    const { promise, resolve } = Promise.withResolvers<StreamEnd>();
    this.done = promise;
    this.#settle = resolve;
  }

  /** As another worker must be told. */
  get order(): StreamOrder {
    return { stream: this.stream, options: this.#options, state: this.#state, regain: this.#wasOpen };
  }

  begin(): void {
    this.#host.ask('stream', { port: this.#host.port, order: this.order }).catch((error: unknown) => {
      const fault = isFault(error) ? error : new Fault('stream-failed', 'the stream cannot begin', { cause: error });
      this.#finish({ reason: 'failed', fault, sentMs: 0, droppedMs: 0 });
    });
  }

  setState(state: TapState): Effect {
    this.#state = state;
    return this.#host.ask('streamState', { port: this.#host.port, stream: this.stream, state });
  }

  tell(message: Record<string, unknown>): void {
    if (this.#over) return;
    // The port may be gone.
    this.#host.ask('streamTell', { port: this.#host.port, stream: this.stream, message }).catch(() => {});
  }

  stop(): void {
    if (this.stopping || this.#over) return;
    this.stopping = true;
    const told = (): void => this.finish(stopped);
    // The answer comes after the notice of the end; without one, it was gone already.
    this.#host.ask('endStream', { port: this.#host.port, stream: this.stream }).then(told, told);
  }

  heard(event: StreamNote): void {
    if (this.#over) return;
    if (event.type === 'open') this.#wasOpen = true;
    this.onEvent(event.type === 'reconnecting' ? { ...event, fault: unpackFault(event.fault) } : event);
  }

  finish({ fault, ...end }: EndedStream): void {
    this.#finish({ ...end, ...(fault && { fault: unpackFault(fault) }) });
  }

  #finish(end: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle(end);
  }
}
