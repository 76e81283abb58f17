// Clock: the only way to know or wait for time. Real here; virtual in sim/virtual-clock.ts.

/** A pending timer. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Milliseconds everywhere. `now()` is Unix time in fractional ms that never runs backwards. */
export interface Clock {
  now(): number;
  /** Calls `fn` once, `ms` from now, as exactly as the system's timers are: to a millisecond. A timer does not keep the process alive. */
  after(ms: number, fn: () => void): Timer;
  /** Calls `fn` in a later turn of the event loop, after what is already queued. */
  soon(fn: () => void): void;
  /** Counts real work under way (file, child process, library with its own I/O), so that virtual time stands still until it is released. */
  hold(): () => void;
}

/** A longer setTimeout would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

const noop = (): void => {};

/** ms of the clock that all processes of this machine share, and that nobody sets. */
const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The time by `clock` when the machine's monotonic clock stood at 0: `realClock(zeroOf(clock))` in another process tells the same time. */
export const zeroOf = (clock: Clock): number => clock.now() - monotonic();

/** The machine's clock. Two processes that started before and after the wall clock was set differ, unless one gives the other its zero. */
export function realClock(zero?: number): Clock {
  const origin = zero === undefined ? performance.timeOrigin : zero + monotonic() - performance.now();
  return {
    now: () => origin + performance.now(),
    after(ms, fn) {
      let handle: NodeJS.Timeout;
      const arm = (leftMs: number): void => {
        const partMs = Math.min(Math.max(0, leftMs), longestTimerMs);
        handle = setTimeout(() => (leftMs > partMs ? arm(leftMs - partMs) : fn()), partMs).unref();
      };
      arm(ms);
      return { cancel: () => clearTimeout(handle) };
    },
    soon: (fn) => void setImmediate(fn),
    hold: () => noop,
  };
}

/** Resolves after `ms`; rejects with the signal's reason when aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Calls `fn` every `ms`, by deadlines (a late turn does not shift the next one), until cancelled. */
export function every(clock: Clock, ms: number, fn: () => void): Timer {
  let next = clock.now() + ms;
  let timer: Timer;
  const tick = (): void => {
    next = Math.max(next + ms, clock.now());
    timer = clock.after(next - clock.now(), tick);
    fn();
  };
  timer = clock.after(ms, tick);
  return { cancel: () => timer.cancel() };
}

/** Runs real work while virtual time stands still. */
export async function held<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const release = clock.hold();
  try {
    return await work();
  } finally {
    release();
  }
}

/** Waits until the promise settles, either way, but no longer than `ms`. */
export function atMost(clock: Clock, ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, resolve);
    const done = (): void => {
      timer.cancel();
      resolve();
    };
    promise.then(done, done);
  });
}
