// Recordings as their owner sees them; what is wanted of them is remembered, so that another worker can go on with the same file.
import { Fault } from '../../base/index.ts';
import { type Answer, type Ask, type Notices, type RecordOrder, unpackFault, workerLost } from '../channel.ts';
import type { MediaRecording, RecordEnd, RecordOptions, TapState } from '../tap-types.ts';
import type { Effect } from '../types.ts';

type RecordAsk = 'record' | 'recordState' | 'stopRecording';

export interface RecordingHost {
  port: string;
  now(): number;
  ask<N extends RecordAsk>(name: N, body: Ask<N>): Promise<Answer<N>>;
}

class RecordingClient implements MediaRecording {
  readonly recording: number;
  readonly done: Promise<RecordEnd>;
  readonly started: Effect;
  readonly #host: RecordingHost;
  readonly #options: RecordOptions;
  readonly #settle: (end: RecordEnd) => void;
  #state: TapState = 'run';
  /** The file was to hold so much at that time; undefined before its first frame. */
  #stood: { ms: number; at: number } | undefined;

  constructor(host: RecordingHost, recording: number, options: RecordOptions) {
    this.recording = recording;
    this.#host = host;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<RecordEnd>();
    this.done = promise;
    this.#settle = resolve;
    this.started = this.#begin();
  }

  async setState(state: TapState): Effect {
    this.#mark(this.#host.now());
    this.#state = state;
    const { at } = await this.#host.ask('recordState', { port: this.#host.port, recording: this.recording, state });
    return { at };
  }

  stop(): void {
    const { port } = this.#host;
    // A port that is gone has told already.
    this.#host.ask('stopRecording', { port, recording: this.recording }).catch(() => {});
  }

  /** For another worker. */
  get order(): RecordOrder {
    return {
      recording: this.recording,
      options: this.#options,
      state: this.#state,
      ...(this.#stood && { resume: this.#stood }),
    };
  }

  finish(end: RecordEnd): void {
    this.#settle(end);
  }

  /** Where the file stands, before a change of its pace. */
  #mark(at: number): void {
    if (!this.#stood) return;
    const ran = this.#state === 'pause' ? 0 : Math.max(0, at - this.#stood.at);
    this.#stood = { ms: this.#stood.ms + ran, at };
  }

  async #begin(): Effect {
    try {
      const { at } = await this.#host.ask('record', { port: this.#host.port, order: this.order });
      this.#stood ??= { ms: 0, at };
      return { at };
    } catch (error) {
      const fault =
        error instanceof Fault ? error : new Fault('record-failed', 'the recording cannot begin', { cause: error });
      this.finish({ durationMs: 0, bytes: 0, fault });
      return { at: this.#host.now() };
    }
  }
}

/** All of one port. */
export class RecordingClients {
  readonly #host: RecordingHost;
  readonly #running = new Map<number, RecordingClient>();
  #last = 0;

  constructor(host: RecordingHost) {
    this.#host = host;
  }

  start(options: RecordOptions): MediaRecording {
    const client = new RecordingClient(this.#host, ++this.#last, options);
    this.#running.set(client.recording, client);
    void client.done.then(() => this.#running.delete(client.recording));
    return client;
  }

  /** What a new worker must be told. */
  get orders(): RecordOrder[] {
    return [...this.#running.values()].map((client) => client.order);
  }

  finished({ recording, end: { fault, ...end } }: Notices['recorded']): void {
    this.#running.get(recording)?.finish({ ...end, ...(fault && { fault: unpackFault(fault) }) });
  }

  /** The port is gone, and did not say how they ended. */
  abandon(): void {
    for (const client of this.#running.values()) client.finish({ durationMs: 0, bytes: 0, fault: workerLost() });
  }
}
