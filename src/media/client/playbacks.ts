// A port's playbacks as their owner sees them: begun, stopped, and carried on by another worker.
import { Fault, isFault } from '../../base/index.ts';
import { type Answer, type Ask, type Checkpoint, type Notices, type PlayOrder, unpackFault } from '../channel.ts';
import { maxSources } from '../limits.ts';
import type { AudioSource, Playback, PlayOptions } from '../types.ts';
import { PlaybackClient } from './playback.ts';

export interface PlaybackHost {
  port: string;
  now(): number;
  ask<N extends 'play' | 'stop'>(name: N, body: Ask<N>): Promise<Answer<N>>;
  /** Set once nothing can be played any more. */
  closed(): Fault | undefined;
  /** The worker is being replaced. */
  restoring(): boolean;
}

export class PlaybackClients {
  readonly #host: PlaybackHost;
  readonly #playing = new Map<number, PlaybackClient>();
  #last = 0;

  constructor(host: PlaybackHost) {
    this.#host = host;
  }

  play(sources: AudioSource[], options: PlayOptions): Playback {
    const playback = new PlaybackClient({
      order: { playback: ++this.#last, sources, options },
      at: this.#host.now(),
      stop: (one) => void this.#stop(one),
    });
    const closed = this.#host.closed();
    if (closed) playback.fail(closed);
    else if (sources.length > maxSources) {
      playback.fail(new Fault('play-too-many', `at most ${maxSources} sources may be played as one`));
    } else void this.#play(playback);
    return playback;
  }

  heard({ playback, event }: Notices['playback']): void {
    this.#playing.get(playback)?.heard(event);
  }

  finished({ playback, result }: Notices['finished']): void {
    const { fault, ...rest } = result;
    this.#playing.get(playback)?.finish(fault ? { ...rest, fault: unpackFault(fault) } : rest);
    this.#playing.delete(playback);
  }

  checked(plays: Checkpoint['plays'], at: number): void {
    for (const { playback, ...where } of plays) this.#playing.get(playback)?.checked({ ...where, at });
  }

  /** What a new worker must be told. */
  orders(diedAt: number): PlayOrder[] {
    return [...this.#playing.values()]
      .filter((one) => !one.stopping)
      .map((one) => one.resume(diedAt, this.#host.now()));
  }

  workerLost(): void {
    for (const one of this.#playing.values()) if (one.stopping) this.#finishStopped(one);
  }

  /** The port is gone. */
  abandon(): void {
    for (const one of [...this.#playing.values()]) this.#finishStopped(one);
  }

  async #play(playback: PlaybackClient): Promise<void> {
    const { order } = playback;
    this.#playing.set(order.playback, playback);
    try {
      await this.#host.ask('play', { port: this.#host.port, order });
    } catch (error) {
      this.#playing.delete(order.playback);
      playback.fail(isFault(error) ? error : new Fault('media-failed', 'the audio cannot be played', { cause: error }));
    }
  }

  async #stop(playback: PlaybackClient): Promise<void> {
    // What plays on a port ends with it.
    if (this.#host.closed()) return;
    // Told at once; the next worker may have been given the order already, so it is asked as well.
    if (this.#host.restoring()) this.#finishStopped(playback);
    try {
      await this.#host.ask('stop', { port: this.#host.port, playback: playback.order.playback });
    } catch {
      this.#finishStopped(playback);
    }
  }

  #finishStopped(playback: PlaybackClient): void {
    this.#playing.delete(playback.order.playback);
    playback.finish({ reason: 'stopped', ...playback.heardSoFar() });
  }
}
