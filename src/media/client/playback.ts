// A playback as its owner sees it; it remembers where it stood, so that another worker can go on.
import type { Fault } from '../../base/index.ts';
import type { PlayOrder, PlayPosition } from '../channel.ts';
import type { Playback, PlaybackEvent, PlaybackResult } from '../types.ts';

const startOfAll: PlayPosition = { pass: 0, item: 0, offset: 0, playedMs: 0, passOffset: 0 };

export class PlaybackClient implements Playback {
  onEvent: (event: PlaybackEvent) => void = () => {};
  readonly done: Promise<PlaybackResult>;
  readonly order: PlayOrder;
  /** stop() has been asked for. */
  stopping = false;
  readonly #askStop: (playback: PlaybackClient) => void;
  readonly #orderedAt: number;
  readonly #settle: (result: PlaybackResult) => void;
  #finished = false;
  #startedAt: number | undefined;
  /** Where it stood at `at`, and whether it was moving. */
  #known: { position: PlayPosition; at: number; moving: boolean } | undefined;

  constructor(options: { order: PlayOrder; at: number; stop: (playback: PlaybackClient) => void }) {
    this.order = options.order;
    this.#orderedAt = options.at;
    this.#askStop = options.stop;
    const { promise, resolve } = Promise.withResolvers<PlaybackResult>();
    this.done = promise;
    this.#settle = resolve;
  }

  stop(): void {
    if (this.stopping || this.#finished) return;
    this.stopping = true;
    this.#askStop(this);
  }

  heard(event: PlaybackEvent): void {
    if (event.type === 'started') this.#startedAt ??= event.at;
    if (!this.#finished) this.onEvent(event);
  }

  finish(result: PlaybackResult): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#settle(result);
  }

  fail(fault: Fault): void {
    this.finish({ reason: 'failed', ...this.heardSoFar(), fault });
  }

  checked(known: { position: PlayPosition; at: number; moving: boolean }): void {
    this.#known = known;
  }

  heardSoFar(): { playedMs: number; lastOffsetSamples: number } {
    const { playedMs, passOffset } = this.#known?.position ?? startOfAll;
    return { playedMs, lastOffsetSamples: passOffset };
  }

  /** The order for another worker, after the one that played it died: on from where the far end last heard it. */
  resume(diedAt: number, now: number): PlayOrder {
    const order = { ...this.order, options: this.#optionsLeft(now) };
    if (this.#startedAt === undefined) return order;
    const { position: from, at, moving } = this.#known ?? { position: startOfAll, at: this.#startedAt, moving: true };
    const ms = moving ? Math.max(0, Math.round(diedAt - at)) : 0;
    const resume: PlayPosition = {
      ...from,
      offset: from.offset + ms * 8,
      passOffset: from.passOffset + ms * 8,
      playedMs: from.playedMs + ms,
    };
    return { ...order, resume };
  }

  /** The time limit counts from the first order. */
  #optionsLeft(now: number): PlayOrder['options'] {
    const { timeoutMs } = this.order.options;
    if (timeoutMs === undefined) return this.order.options;
    return { ...this.order.options, timeoutMs: Math.max(0, timeoutMs - (now - this.#orderedAt)) };
  }
}
