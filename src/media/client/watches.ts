// Who is told what a port's far end does: whether it speaks, and its beeps. The worker looks only while somebody wants to know.
import type { Answer, Ask, AskName } from '../channel.ts';
import type { Watch, Watched } from '../types.ts';

interface WatchHost {
  port: string;
  ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>>;
}

export class Watchers<T> implements Watch<T> {
  readonly what: Watched;
  readonly #host: WatchHost;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(host: WatchHost, what: Watched) {
    this.#host = host;
    this.what = what;
  }

  get wanted(): boolean {
    return this.#listeners.size > 0;
  }

  watch(listener: (value: T) => void): () => void {
    // The same function may watch twice.
    const one = (value: T): void => listener(value);
    this.#listeners.add(one);
    if (this.#listeners.size === 1) this.#set(true);
    return () => {
      if (this.#listeners.delete(one) && !this.wanted) this.#set(false);
    };
  }

  tell(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** A port that is gone has nobody to be watched. */
  #set(on: boolean): void {
    this.#host.ask('watch', { port: this.#host.port, what: this.what, on }).catch(() => {});
  }
}

/** Remembers whether the far end speaks: one who joins within a talk is told so. */
export class TalkWatchers extends Watchers<boolean> {
  #talking = false;

  constructor(host: WatchHost) {
    super(host, 'talking');
  }

  override watch(listener: (talking: boolean) => void): () => void {
    if (!this.wanted) this.#talking = false;
    const stop = super.watch(listener);
    if (this.#talking) listener(true);
    return stop;
  }

  override tell(talking: boolean): void {
    if (talking === this.#talking) return;
    this.#talking = talking;
    super.tell(talking);
  }
}
