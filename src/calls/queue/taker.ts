// A call that takes a caller from a queue: waits for one, hears it, until one of both goes (verbs.md 7.2).
import { isRefusal, type Scope, type Timer } from '../../base/index.ts';
import { Bridge } from '../bridge/bridge.ts';
import type { Call } from '../call.ts';
import { playPlan } from '../sound/playing.ts';
import type { Caller } from './caller.ts';
import type { Queue } from './queue.ts';

export interface TakeOptions {
  name: string;
  /** How long it waits for a caller; 0 for ever. */
  timeoutMs: number;
  /** A tone to the taking call before both hear each other. */
  beep: boolean;
  /** This caller and no other. */
  callSid: string | undefined;
}

/** `dequeue_result`. */
export type TakeEnd = 'complete' | 'timeout' | 'hangup';

const beep = 'tone_stream://%(200,0,880)';

export class Taker {
  readonly call: Call;
  readonly callSid: string | undefined;
  readonly #queue: Queue;
  readonly #options: TakeOptions;
  readonly #scope: Scope;
  readonly #given = Promise.withResolvers<Caller | undefined>();
  #patience: Timer | undefined;

  constructor(given: { call: Call; scope: Scope; queue: Queue; options: TakeOptions }) {
    this.call = given.call;
    this.callSid = given.options.callSid;
    this.#queue = given.queue;
    this.#options = given.options;
    this.#scope = given.scope.child('dequeue');
  }

  async stay(): Promise<TakeEnd> {
    this.#note('asks');
    const caller = await this.#next();
    const end = caller ? await this.#hear(caller) : this.#scope.closed ? 'hangup' : 'timeout';
    if (end === 'timeout') this.#note('nobody');
    await this.#scope.close(end);
    return end;
  }

  given(caller: Caller): void {
    this.#patience?.cancel();
    this.#note('takes', { caller: caller.call.sid });
    this.#given.resolve(caller);
  }

  #next(): Promise<Caller | undefined> {
    const giveUp = (): void => {
      this.#patience?.cancel();
      this.#queue.withdraw(this);
      this.#given.resolve(undefined);
    };
    const { timeoutMs } = this.#options;
    if (timeoutMs > 0)
      this.#patience = this.call.clock.after(timeoutMs, () => this.call.turn('dequeue timeout', giveUp));
    this.#scope.defer(giveUp);
    this.#queue.ask(this);
    this.#queue.match();
    return this.#given.promise;
  }

  async #hear(caller: Caller): Promise<'complete' | 'hangup'> {
    if (this.#options.beep) await this.#beep();
    const bridge = caller.present
      ? await Bridge.join({ owner: this.call, other: caller.call, scope: this.#scope })
      : undefined;
    if (!bridge || isRefusal(bridge)) {
      if (bridge) this.call.events.append('error', { what: 'the caller could not be heard', reason: bridge.reason });
      caller.end('error');
      return 'hangup';
    }
    caller.bridged(bridge);
    await bridge.over;
    await bridge.close('over');
    caller.end('bridged');
    return 'complete';
  }

  async #beep(): Promise<void> {
    const plan = { sources: [{ kind: 'url' as const, url: beep }], loop: 1 };
    const playing = playPlan(this.call, plan, { layer: 'prompt' });
    this.#scope.defer(() => playing?.stop());
    await playing?.done;
  }

  #note(what: string, more: Record<string, unknown> = {}): void {
    this.call.events.append('queue', { what, queue: this.#queue.name, length: this.#queue.length, ...more });
  }
}
