// Isolating: one side's noise suppression, on or off while the audio flows and its format changes.
import type { NoiseSuppression } from '../../audio/index.ts';
import { Isolation, type IsolationFormat } from './stages/index.ts';

export interface IsolationWish {
  level: number;
  suppression: NoiseSuppression;
}

export class Isolating {
  #wish: IsolationWish | undefined;
  #format: IsolationFormat | undefined;
  #stage: Isolation | undefined;

  /** Audio is changed, or was just now. */
  get active(): boolean {
    return this.#wish !== undefined || this.#stage !== undefined;
  }

  /** Undefined ends it. */
  set(wish: IsolationWish | undefined): void {
    this.#wish = wish;
    if (!wish) this.#stage?.leave();
    else if (this.#stage) this.#stage.set(wish.level);
    else this.#open();
  }

  /** Frames of this format come from now on; undefined: none come. */
  setFormat(format: IsolationFormat | undefined): void {
    if (format?.sampleRate === this.#format?.sampleRate && format?.frameMs === this.#format?.frameMs) return;
    this.#format = format;
    this.#close();
    this.#open();
  }

  /** In place; nothing when it is off. */
  process(frame: Int16Array): void {
    if (!this.#stage) return;
    this.#stage.process(frame);
    if (this.#stage.over) this.#close();
  }

  describe(): string {
    return this.#stage?.describe() ?? '';
  }

  close(): void {
    this.#wish = undefined;
    this.#close();
  }

  #open(): void {
    if (!this.#wish || !this.#format) return;
    this.#stage = new Isolation(this.#format, this.#wish.level, this.#wish.suppression);
  }

  #close(): void {
    this.#stage?.close();
    this.#stage = undefined;
  }
}
