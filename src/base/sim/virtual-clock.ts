// Virtual clock: time that moves only when it is told to and nothing real is under way. The same seed gives the same run.
import type { Clock, Timer } from '../clock.ts';
import { type HeapTimer, TimerHeap } from './timer-heap.ts';

export interface VirtualClockOptions {
  /** Unix time in ms at which the clock starts. */
  startAt?: number;
}

/** Sunday, 1 March 2026 08:00 UTC: far from midnight, month ends and summer time. */
const defaultStart = Date.UTC(2026, 2, 1, 8);

/** Real turns granted before time moves: promises need one, a library that defers by an immediate or two needs the others. */
const turnsBeforeTimeMoves = 3;

/** Has anybody deferred something to the next real turn? Asking costs a tenth of such a turn. */
const turnIsWanted = (): boolean => process.getActiveResourcesInfo().includes('Immediate');

/** Real time after which held work counts as stuck: more than any file, child process or query of a scenario needs. */
const longestHoldMs = 60_000;

/** One real turn of the event loop: promises, process.nextTick and immediates already queued have run when it returns. */
const realTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  readonly #soon: (() => void)[] = [];
  #now: number;
  #order = 0;
  #holds = 0;
  #released: (() => void) | undefined;
  #running = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#now = options.startAt ?? defaultStart;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): Timer {
    const timer: HeapTimer = { at: this.#now + Math.max(0, ms), order: this.#order++, fn, index: -1 };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.remove(timer) };
  }

  soon(fn: () => void): void {
    this.#soon.push(fn);
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds--;
      if (this.#holds === 0) this.#released?.();
    };
  }

  /** Timers waiting, for leak checks. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Real work under way, for leak checks. */
  get holds(): number {
    return this.#holds;
  }

  /** Runs every timer due up to and at `time`; the clock then shows `time`. */
  async runUntil(time: number): Promise<void> {
    await this.#run(time, () => false);
    this.#now = Math.max(this.#now, time);
  }

  runFor(ms: number): Promise<void> {
    return this.runUntil(this.#now + ms);
  }

  /** Runs until no timer is left, at most `limitMs`. False when timers were left. */
  async runUntilIdle(limitMs = 3_600_000): Promise<boolean> {
    await this.#run(this.#now + limitMs, () => false);
    return this.#timers.size === 0;
  }

  /** Runs until the promise settles and gives its outcome; throws when it has not settled after `limitMs` or can never settle. */
  async settle<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    const start = this.#now;
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    await this.#run(start + limitMs, () => settled);
    if (!settled) {
      const why = this.#timers.size === 0 ? 'nothing is left that could wake it' : 'the limit was reached';
      throw new Error(`still waiting after ${this.#now - start} ms of virtual time: ${why}`);
    }
    return promise;
  }

  async #run(until: number, stop: () => boolean): Promise<void> {
    if (this.#running) throw new Error('the virtual clock is running already; await the first run');
    this.#running = true;
    try {
      for (;;) {
        const moves = this.#timers.peek()?.at !== this.#now;
        await this.#quiet(moves ? turnsBeforeTimeMoves : 1);
        if (stop()) return;
        const timer = this.#timers.peek();
        if (!timer || timer.at > until) return;
        this.#timers.remove(timer);
        this.#now = timer.at;
        timer.fn();
      }
    } finally {
      this.#running = false;
    }
  }

  #release(): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = `real work has held the virtual clock for ${longestHoldMs} ms; find the hold() that is not released`;
      const patience = setTimeout(() => reject(new Error(text)), longestHoldMs);
      this.#released = () => {
        this.#released = undefined;
        clearTimeout(patience);
        resolve();
      };
    });
  }

  /** Returns when everything that needs no time is done: promises, `soon`, and real work that holds the clock. */
  async #quiet(turns: number): Promise<void> {
    for (;;) {
      await realTurn();
      for (let i = 1; i < turns && turnIsWanted(); i++) await realTurn();
      if (this.#holds > 0) {
        await this.#release();
      } else {
        // One a turn, so that the promises each resolves run before the next, as with real immediates.
        const fn = this.#soon.shift();
        if (!fn) return;
        fn();
      }
    }
  }
}
