// Single flight: callers that want the same thing at the same time share one piece of work.

interface Flight<T> {
  result: Promise<T>;
  abort: AbortController;
  waiting: number;
}

export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  get size(): number {
    return this.#flights.size;
  }

  /** Joins the work under this key or starts it. The caller's signal ends its own wait; the work is aborted when nobody waits. */
  async join(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiting++;
    try {
      return await abortable(flight.result, signal);
    } finally {
      flight.waiting--;
      if (flight.waiting === 0) {
        this.#remove(key, flight);
        flight.abort.abort(new Error('nobody waits for this any more'));
      }
    }
  }

  /** Fails every wait with this reason. */
  abortAll(reason: Error): void {
    for (const flight of this.#flights.values()) flight.abort.abort(reason);
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const abort = new AbortController();
    const result = abortable(work(abort.signal), abort.signal);
    const flight: Flight<T> = { result, abort, waiting: 0 };
    this.#flights.set(key, flight);
    const remove = (): void => this.#remove(key, flight);
    result.then(remove, remove);
    return flight;
  }

  #remove(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

/** Settles as the promise does, or rejects with the signal's reason, whichever is first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
