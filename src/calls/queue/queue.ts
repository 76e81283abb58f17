// Queues: who waits under a name of an account, and who takes them, at once when both are there (verbs.md 7).
import type { Scope } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { Caller, type QueueEnd, type WaitOptions } from './caller.ts';
import { type TakeEnd, type TakeOptions, Taker } from './taker.ts';

export class Queues {
  readonly #bySid = new Map<string, Queue>();

  /** Waits in a queue until taken, and until the bridge that follows is over. Never rejects. */
  wait(call: Call, scope: Scope, options: WaitOptions): Promise<QueueEnd> {
    return new Caller({ call, scope, options, queue: this.#named(call, options.name) }).stay();
  }

  /** Takes a caller, waiting for one, and hears it until one of both goes. Never rejects. */
  take(call: Call, scope: Scope, options: TakeOptions): Promise<TakeEnd> {
    return new Taker({ call, scope, options, queue: this.#named(call, options.name) }).stay();
  }

  /** Those in which somebody waits. */
  list(accountSid: string): { name: string; length: number }[] {
    const own = [...this.#bySid.values()].filter((queue) => queue.accountSid === accountSid && queue.length > 0);
    return own.map(({ name, length }) => ({ name, length }));
  }

  #named(call: Call, name: string): Queue {
    const { accountSid } = call.facts;
    const sid = `queue:${accountSid}:${name}`;
    const known = this.#bySid.get(sid);
    if (known) return known;
    const queue: Queue = new Queue({ sid, name, accountSid }, () => {
      // An empty one may hear of its last pair's end when another of its name has begun.
      if (this.#bySid.get(sid) === queue) this.#bySid.delete(sid);
    });
    this.#bySid.set(sid, queue);
    return queue;
  }
}

export class Queue {
  readonly sid: string;
  readonly name: string;
  readonly accountSid: string;
  /** Lower priority first, then who came first. */
  readonly #callers: Caller[] = [];
  /** Who came first is served first. */
  readonly #takers = new Set<Taker>();
  readonly #onEmpty: () => void;

  constructor({ sid, name, accountSid }: { sid: string; name: string; accountSid: string }, onEmpty: () => void) {
    this.sid = sid;
    this.name = name;
    this.accountSid = accountSid;
    this.#onEmpty = onEmpty;
  }

  get length(): number {
    return this.#callers.length;
  }

  /** From 0. */
  positionOf(caller: Caller): number {
    return this.#callers.indexOf(caller);
  }

  join(caller: Caller): void {
    const behind = this.#callers.findIndex((other) => other.priority > caller.priority);
    this.#callers.splice(behind < 0 ? this.#callers.length : behind, 0, caller);
  }

  leave(caller: Caller): void {
    const index = this.#callers.indexOf(caller);
    if (index >= 0) this.#callers.splice(index, 1);
    this.#forgetIfEmpty();
  }

  ask(taker: Taker): void {
    this.#takers.add(taker);
  }

  withdraw(taker: Taker): void {
    this.#takers.delete(taker);
    this.#forgetIfEmpty();
  }

  /** Gives callers to who wants them. */
  match(): void {
    for (const taker of [...this.#takers]) {
      const caller = this.#callers.find(({ call }) => taker.callSid === undefined || call.sid === taker.callSid);
      if (!caller) continue;
      this.leave(caller);
      this.withdraw(taker);
      caller.taken(taker.call);
      taker.given(caller);
    }
  }

  #forgetIfEmpty(): void {
    if (this.#callers.length === 0 && this.#takers.size === 0) this.#onEmpty();
  }
}
