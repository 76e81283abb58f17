// A caller in a queue: waits with what its waitHook offers, is taken, hears who took it, and leaves (verbs.md 7.1).
import type { HookInput, Payload } from '../../apps/index.ts';
import { baseInfo } from '../../apps/index.ts';
import type { Scope } from '../../base/index.ts';
import { hookOf } from '../application/hook-of.ts';
import type { Bridge } from '../bridge/bridge.ts';
import type { Call } from '../call.ts';
import { queueWaitGapMs } from '../limits.ts';
import { runSide } from '../program/side.ts';
import type { Queue } from './queue.ts';

export interface WaitOptions {
  name: string;
  /** Lower leaves first. */
  priority: number;
  waitHook: HookInput | undefined;
}

/** How it went (`queue_result`), and the seconds it waited. */
export interface QueueEnd {
  sid: string;
  seconds: number;
  result: 'bridged' | 'leave' | 'hangup' | 'error';
}

/** app-interfaces.md 3.4. */
const waitVerbs: ReadonlySet<string> = new Set(['say', 'play', 'pause', 'leave', 'tag']);

export class Caller {
  readonly call: Call;
  readonly priority: number;
  readonly #queue: Queue;
  readonly #options: WaitOptions;
  /** Closes when it is over, or the verb is ended. */
  readonly #scope: Scope;
  /** What it hears while it waits. */
  readonly #audio: Scope;
  readonly #joinedAt: number;
  readonly #over = Promise.withResolvers<QueueEnd['result']>();
  #waitedSeconds: number | undefined;
  #bridged = false;

  constructor(given: { call: Call; scope: Scope; queue: Queue; options: WaitOptions }) {
    this.call = given.call;
    this.priority = given.options.priority;
    this.#queue = given.queue;
    this.#options = given.options;
    this.#scope = given.scope.child('queue');
    this.#audio = this.#scope.child('queue audio');
    this.#joinedAt = given.call.clock.now();
  }

  /** False once it hung up, or was given something else to do. */
  get present(): boolean {
    return !this.#scope.closed;
  }

  async stay(): Promise<QueueEnd> {
    const { waitHook } = this.#options;
    this.#scope.defer(({ reason }) => this.#depart(reason));
    this.#queue.join(this);
    this.#note('joined');
    this.#tell({ event: 'join', joinTime: Math.round(this.#joinedAt) });
    this.#queue.match();
    if (waitHook !== undefined && !this.#audio.closed) void this.#listen(waitHook);
    const result = await this.#over.promise;
    await this.#scope.close(result);
    return { sid: this.#queue.sid, seconds: this.#seconds, result };
  }

  /** Its turn has come: it is in the queue no longer. */
  taken(by: Call): void {
    this.#waitedSeconds = this.#seconds;
    void this.#audio.close('taken');
    this.#note('taken', { by: by.sid });
    this.#tell({ event: 'leave', leaveReason: 'dequeued', leaveTime: this.#now, dequeuer: baseInfo(by.facts) });
  }

  /** Hears who took it; the bridge ends with it. */
  bridged(bridge: Bridge): void {
    this.#bridged = true;
    this.#scope.defer(({ reason }) => bridge.close(reason));
  }

  /** The bridge is over, or never came to be. */
  end(result: 'bridged' | 'error'): void {
    if (result === 'error' && this.present) this.#note('lost');
    this.#over.resolve(result);
  }

  get #seconds(): number {
    return this.#waitedSeconds ?? Math.floor((this.call.clock.now() - this.#joinedAt) / 1000);
  }

  /** Clients read whole ms. */
  get #now(): number {
    return Math.round(this.call.clock.now());
  }

  async #listen(hook: HookInput): Promise<void> {
    const end = await runSide({
      call: this.call,
      scope: this.#audio,
      hook,
      payload: () => this.#waitPayload(),
      allowed: waitVerbs,
      everyMs: queueWaitGapMs,
      until: 'leave',
    });
    if (end === 'until') this.#leave('leave', 'leave');
  }

  /** Not the base payload: clients know it sparse. */
  #waitPayload(): Payload {
    const { callSid, callId, customerData } = this.call.facts;
    return {
      queueSid: this.#queue.sid,
      queueTime: this.#seconds,
      queueSize: this.#queue.length,
      queuePosition: this.#queue.positionOf(this),
      callSid,
      callId,
      customerData,
    };
  }

  /** The verb was ended, or all is over already. */
  #depart(reason: string): void {
    if (this.#bridged) return this.#over.resolve('bridged');
    this.#leave(this.call.ended ? 'hangup' : 'leave', reason);
  }

  #leave(result: 'leave' | 'hangup', reason: string): void {
    if (this.#waitedSeconds === undefined) {
      this.#waitedSeconds = this.#seconds;
      this.#queue.leave(this);
      this.#note('left', { reason });
      this.#tell({ event: 'leave', leaveReason: 'abandoned', leaveTime: this.#now });
    }
    this.#over.resolve(result);
  }

  #note(what: string, more: Payload = {}): void {
    const seconds = this.#waitedSeconds === undefined ? {} : { seconds: this.#waitedSeconds };
    this.call.events.append('queue', {
      what,
      queue: this.#queue.name,
      length: this.#queue.length,
      ...seconds,
      ...more,
    });
  }

  /** The account's own hook hears of its queues (app-interfaces.md 3.7). */
  #tell(event: Payload): void {
    const { call } = this;
    const hook = call.owner.account.queue_event_hook;
    const { name: queue, length } = this.#queue;
    if (hook) call.conversation.tell(hookOf(hook), call.payload({ ...event, queue, length }));
  }
}
