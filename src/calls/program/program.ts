// Program: runs an application's steps one after another, and changes course when told to.
import { type Clock, Fault, isScopeClosed, type Refusal, type Scope } from '../../base/index.ts';
import { programLimit, programPaces } from '../limits.ts';
import type { Step, VerbRun } from '../types.ts';

/** The call, as its program sees it. */
export interface ProgramOwner {
  readonly clock: Clock;
  readonly scope: Scope;
  /** Runs `fn` as one of the owner's turns. */
  turn(what: string, fn: () => void): void;
  /** Meets the step's need, or says why that cannot be; does nothing more once the scope has closed. */
  prepare(step: Step, scope: Scope): Promise<Refusal | undefined>;
  context(step: Step, scope: Scope): VerbRun;
  onStarting(step: Step): void;
  onFinished(step: Step): void;
  /** `started`: it has been told that it is starting. */
  onKilled(step: Step, reason: string, started: boolean): void;
  onSkipped(step: Step, refusal: Refusal): void;
  /** A step threw what it should have handled. The program has stopped. */
  onCrash(step: Step, error: unknown): void;
  /** Nothing left to run. */
  onIdle(): void;
}

interface Running {
  readonly step: Step;
  readonly scope: Scope;
  started: boolean;
}

export class Program {
  readonly #owner: ProgramOwner;
  #queue: Step[] = [];
  #running: Running | undefined;
  #stopped = false;
  readonly #paces = programPaces.map((limit) => ({ ...limit, from: 0, count: 0 }));
  /** Steps that were ended and still say goodbye (a last hook). */
  readonly #leaving = new Set<Promise<void>>();

  constructor(owner: ProgramOwner) {
    this.#owner = owner;
  }

  get running(): Step | undefined {
    return this.#running?.step;
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Steps that may still be added. */
  get room(): number {
    return programLimit - this.#queue.length;
  }

  isRunning(scope: Scope): boolean {
    return this.#running?.scope === scope;
  }

  /** Drops what runs and what waits; the new steps start at once. */
  replace(steps: Step[]): void {
    this.#queue = [...steps];
    this.#kill('replaced');
    this.#advance();
  }

  /** Adds steps behind those that wait; starts them when nothing runs. */
  append(steps: Step[]): void {
    this.#queue.push(...steps);
    if (!this.#running) this.#advance();
  }

  /** Ends the running step only; the next one follows. */
  skip(reason: string): void {
    this.#kill(reason);
    this.#advance();
  }

  /** Ends the running step and drops those that wait, up to the first that `keep` names; it is returned and follows. */
  interrupt(reason: string, keep: (step: Step) => boolean): Step | undefined {
    const index = this.#queue.findIndex(keep);
    this.#queue = index < 0 ? [] : this.#queue.slice(index);
    const kept = this.#queue[0];
    this.#kill(reason);
    this.#advance();
    return kept;
  }

  /** Ends everything, for good. Resolves when the ended steps have said goodbye. */
  async stop(reason: string): Promise<void> {
    this.#stopped = true;
    this.#queue = [];
    this.#kill(reason);
    await Promise.all(this.#leaving);
  }

  /** Something beside the steps that has last words too: `stop` waits for it. */
  linger(words: Promise<void>): void {
    const done = words.finally(() => this.#leaving.delete(done));
    this.#leaving.add(done);
  }

  #kill(reason: string): void {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    this.#owner.onKilled(running.step, reason, running.started);
    void running.scope.close(reason);
  }

  #advance(): void {
    if (this.#stopped || this.#running) return;
    const step = this.#queue.shift();
    if (!step) return this.#owner.onIdle();
    const running: Running = { step, scope: this.#owner.scope.child(step.name), started: false };
    this.#running = running;
    const done = this.#perform(running).finally(() => this.#leaving.delete(done));
    this.#leaving.add(done);
  }

  async #perform(running: Running): Promise<void> {
    let failure: { error: unknown } | undefined;
    let skipped = false;
    try {
      this.#checkPace();
      const refusal = await this.#owner.prepare(running.step, running.scope);
      if (this.#running !== running) return;
      if (refusal) {
        skipped = true;
        this.#owner.onSkipped(running.step, refusal);
      } else {
        running.started = true;
        this.#owner.onStarting(running.step);
        await running.step.run(this.#owner.context(running.step, running.scope));
      }
    } catch (error) {
      if (!isScopeClosed(error)) failure = { error };
    }
    this.#owner.turn('verb ended', () => this.#ended(running, skipped, failure));
  }

  #ended(running: Running, skipped: boolean, failure: { error: unknown } | undefined): void {
    void running.scope.close('finished');
    if (this.#running !== running) return;
    this.#running = undefined;
    if (failure) {
      this.#stopped = true;
      this.#queue = [];
      return this.#owner.onCrash(running.step, failure.error);
    }
    if (!skipped) this.#owner.onFinished(running.step);
    this.#advance();
  }

  /** Stops an application that goes round without ever waiting. */
  #checkPace(): void {
    const now = this.#owner.clock.now();
    for (const pace of this.#paces) {
      if (now - pace.from > pace.ms) {
        pace.from = now;
        pace.count = 0;
      }
      if (++pace.count <= pace.steps) continue;
      const text = `the application started ${pace.steps} verbs within ${pace.ms} ms: it goes round in circles`;
      throw new Fault('program-loop', text);
    }
  }
}
