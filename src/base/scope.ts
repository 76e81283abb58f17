// Scope: a lifetime. Children and clean-ups close in reverse order, once, also when one of them fails.
import { bug } from './errors.ts';

/** Why a scope closed: it was told to, or its parent went. */
export interface ScopeEnd {
  readonly by: 'self' | 'parent';
  readonly reason: string;
}

/** What an aborted `signal` carries. */
export class ScopeClosed extends Error {
  readonly end: ScopeEnd;
  constructor(name: string, end: ScopeEnd) {
    // No stack: it is an end like any other, and there are several in each call.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${name} closed: ${end.reason}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'ScopeClosed';
    this.end = end;
  }
}

export const isScopeClosed = (error: unknown): error is ScopeClosed => error instanceof ScopeClosed;

type CleanUp = (end: ScopeEnd) => void | Promise<void>;

let open = 0;
/** Scopes open in this process, for leak checks. */
export const openScopes = (): number => open;

export class Scope {
  readonly name: string;
  /** Made when somebody asks for the signal: most scopes live and close without one. */
  #abort: AbortController | undefined;
  readonly #cleanUps = new Set<{ run: CleanUp }>();
  readonly #onError: (error: unknown) => void;
  #detach: (() => void) | undefined;
  #end: ScopeEnd | undefined;
  #settled: Promise<void> = Promise.resolve();

  constructor(name: string, options: { parent?: Scope; onError?: (error: unknown) => void } = {}) {
    this.name = name;
    const parent = options.parent;
    this.#onError = options.onError ?? (parent ? (error) => parent.#onError(error) : () => {});
    if (parent?.closed) bug(`scope ${name} opened below ${parent.name}, which is closed`);
    open++;
    this.#detach = parent?.defer((end) => this.#close({ by: 'parent', reason: end.reason }));
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#end) this.#abort.abort(new ScopeClosed(this.name, this.#end));
    }
    return this.#abort.signal;
  }

  get closed(): boolean {
    return this.#end !== undefined;
  }

  get end(): ScopeEnd | undefined {
    return this.#end;
  }

  child(name: string): Scope {
    return new Scope(name, { parent: this });
  }

  /** Registers a clean-up; the returned function takes it back. Runs at once when the scope is closed already. */
  defer(run: CleanUp): () => void {
    if (this.#end) {
      this.#track(run, this.#end, []);
      return () => {};
    }
    const entry = { run };
    this.#cleanUps.add(entry);
    return () => void this.#cleanUps.delete(entry);
  }

  /** Closes what is inside, in reverse order. Synchronous clean-ups have run when this returns; the promise waits for the others. */
  close(reason = 'done'): Promise<void> {
    return this.#close({ by: 'self', reason });
  }

  #close(end: ScopeEnd): Promise<void> {
    if (this.#end) return this.#settled;
    this.#end = end;
    open--;
    this.#detach?.();
    this.#detach = undefined;
    const waiting: Promise<void>[] = [];
    const entries = [...this.#cleanUps].reverse();
    this.#cleanUps.clear();
    this.#abort?.abort(new ScopeClosed(this.name, end));
    for (const { run } of entries) this.#track(run, end, waiting);
    this.#settled = Promise.all(waiting).then(() => {});
    return this.#settled;
  }

  #track(run: CleanUp, end: ScopeEnd, waiting: Promise<void>[]): void {
    try {
      const result = run(end);
      if (result) waiting.push(result.catch((error) => this.#onError(error)));
    } catch (error) {
      this.#onError(error);
    }
  }
}
