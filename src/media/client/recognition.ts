// A port's recognitions as their owners see them; another worker takes them up when theirs dies.
import { Fault, isFault } from '../../base/index.ts';
import { type Answer, type Ask, type AskName, type Notices, type RecognizeOrder, unpackFault } from '../channel.ts';
import type { HeardAudio, MediaRecognition, RecognizeOptions } from '../tap-types.ts';
import type { Effect } from '../types.ts';

export interface RecognitionsHost {
  readonly port: string;
  now(): number;
  /** Asks the worker, or the one that follows it. */
  ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>>;
}

export class RecognitionClients {
  readonly #host: RecognitionsHost;
  readonly #open = new Map<number, RecognitionClient>();
  #last = 0;
  #whenNone: (() => void) | undefined;

  constructor(host: RecognitionsHost) {
    this.#host = host;
  }

  open(options: RecognizeOptions): MediaRecognition {
    const order: RecognizeOrder = { recognition: ++this.#last, options };
    const client = new RecognitionClient(order, this.#host, () => this.#ended(order.recognition));
    this.#open.set(order.recognition, client);
    client.begin();
    return client;
  }

  heard(notice: Notices['recognition']): void {
    this.#open.get(notice.recognition)?.heard(notice.event, notice.heard);
  }

  finished({ recognition, fault }: Notices['recognized']): void {
    this.#open.get(recognition)?.finish(fault && unpackFault(fault));
  }

  /** What a new worker must be told. */
  get orders(): RecognizeOrder[] {
    return [...this.#open.values()].filter(({ stopping }) => !stopping).map(({ order }) => order);
  }

  /** The worker died: those that were ending have ended. */
  workerLost(): void {
    for (const client of [...this.#open.values()]) if (client.stopping) client.finish();
  }

  /** The port is about to be closed: they end softly with it. */
  closing(): void {
    for (const client of this.#open.values()) client.stopping = true;
  }

  /** The port has been closed; `then` is called when the last of them has ended. */
  closed(then: () => void): void {
    if (this.#open.size === 0) then();
    else this.#whenNone = then;
  }

  /** Nothing more will be heard. */
  abandon(): void {
    for (const client of [...this.#open.values()]) client.finish();
  }

  #ended(recognition: number): void {
    this.#open.delete(recognition);
    if (this.#open.size === 0) this.#whenNone?.();
  }
}

class RecognitionClient implements MediaRecognition {
  onEvent: MediaRecognition['onEvent'] = () => {};
  readonly done: Promise<{ fault?: Fault }>;
  readonly started: Effect;
  readonly order: RecognizeOrder;
  stopping = false;
  readonly #host: RecognitionsHost;
  readonly #onOver: () => void;
  readonly #settle: (end: { fault?: Fault }) => void;
  readonly #begun: (effect: { at: number }) => void;
  #over = false;

  constructor(order: RecognizeOrder, host: RecognitionsHost, onOver: () => void) {
    this.order = order;
    this.#host = host;
    this.#onOver = onOver;
    const done = Promise.withResolvers<{ fault?: Fault }>();
    const started = Promise.withResolvers<{ at: number }>();
    this.done = done.promise;
    this.started = started.promise;
    this.#settle = done.resolve;
    this.#begun = started.resolve;
  }

  begin(): void {
    this.#host.ask('recognize', { port: this.#host.port, order: this.order }).then(this.#begun, (error: unknown) => {
      this.finish(isFault(error) ? error : new Fault('stt-failed', 'the recognizer failed', { cause: error }));
    });
  }

  async stop(): Effect {
    if (this.stopping || this.#over) return { at: this.#host.now() };
    this.stopping = true;
    try {
      return await this.#host.ask('endRecognition', { port: this.#host.port, recognition: this.order.recognition });
    } catch {
      this.finish();
      return { at: this.#host.now() };
    }
  }

  heard(event: Notices['recognition']['event'], heard: HeardAudio | undefined): void {
    if (!this.#over) this.onEvent(event, heard);
  }

  finish(fault?: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#begun({ at: this.#host.now() });
    this.#onOver();
    this.#settle(fault ? { fault } : {});
  }
}
