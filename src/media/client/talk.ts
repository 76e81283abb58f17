// Who is told whether a port's far end speaks. The worker looks only while somebody wants to know.
import type { Answer, Ask, AskName } from '../channel.ts';

export type TalkListener = (talking: boolean) => void;

export class TalkWatchers {
  readonly #ask: (on: boolean) => Promise<unknown>;
  readonly #listeners = new Set<TalkListener>();
  /** Of `MediaPort.watchTalking`. */
  #owner: (() => void) | undefined;
  #talking = false;

  constructor(tap: { port: string; ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>> }) {
    // A port that is gone has nobody who speaks.
    this.#ask = (on) => tap.ask('watchTalking', { port: tap.port, on }).catch(() => {});
  }

  /** To be carried on by another worker. */
  get wanted(): boolean {
    return this.#listeners.size > 0;
  }

  own(listener: TalkListener | undefined): void {
    const old = this.#owner;
    this.#owner = listener && this.watch(listener);
    old?.();
  }

  /** Until the returned function is called. One who joins within a talk is told so. */
  watch(listener: TalkListener): () => void {
    // The same function may watch twice.
    const one: TalkListener = (talking) => listener(talking);
    this.#listeners.add(one);
    if (this.#listeners.size === 1) void this.#ask(true);
    else if (this.#talking) listener(true);
    return () => {
      if (!this.#listeners.delete(one) || this.#listeners.size > 0) return;
      this.#talking = false;
      void this.#ask(false);
    };
  }

  heard(talking: boolean): void {
    if (talking === this.#talking) return;
    this.#talking = talking;
    for (const listener of [...this.#listeners]) listener(talking);
  }
}
