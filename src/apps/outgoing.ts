// A message for a socket application, and the wait for its acknowledgement (app-interfaces.md 4.2, 4.3).
import { type Clock, Fault, type Timer } from '../base/index.ts';
import type { HookType } from './types.ts';

/** Messages that begin a conversation: they are repeated by session:reconnect and give the envelope its call_sid. */
const introductions: ReadonlySet<HookType> = new Set(['session:new', 'session:redirect', 'session:adulting']);
export const introduces = (type: HookType): boolean => introductions.has(type);

/** The types whose envelope names the hook (4.2). */
const hooked: ReadonlySet<HookType> = new Set(['verb:hook', 'dial:confirm', 'session:redirect']);

export interface Outgoing {
  readonly type: HookType;
  readonly msgid: string;
  /** As the application wrote it. */
  readonly hook: string | undefined;
  /** Snake-cased. */
  readonly data: unknown;
  /** Absent for what needs no acknowledgement. */
  readonly reply: Reply | undefined;
}

export const envelope = (message: Outgoing, callSid: string | undefined, b3: string | undefined): string =>
  JSON.stringify({
    type: message.type,
    msgid: message.msgid,
    call_sid: callSid,
    hook: hooked.has(message.type) ? message.hook : undefined,
    data: message.data,
    b3,
  });

/** The acknowledgement somebody waits for. Settles once. */
export class Reply {
  readonly promise: Promise<unknown>;
  /** When the message left, in clock time; undefined while it waits for the socket. */
  sentAt: number | undefined;
  settled = false;
  onSettled: () => void = () => {};
  readonly #settle: { resolve: (data: unknown) => void; reject: (error: unknown) => void };
  #timer: Timer | undefined;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#settle = { resolve, reject };
    // Whoever asked may have stopped waiting; a failure is an event in any case.
    promise.catch(() => {});
  }

  /** The message has left: the time for its acknowledgement runs. */
  sent(clock: Clock, timeoutMs: number, onTimeout: () => void): void {
    this.sentAt = clock.now();
    this.#timer = clock.after(timeoutMs, onTimeout);
  }

  /** The socket is lost, but the answer may still come as that of session:reconnect. */
  stopTimer(): void {
    this.#timer?.cancel();
  }

  resolve(data: unknown): void {
    if (this.#end()) this.#settle.resolve(data);
  }

  reject(error: unknown): void {
    if (this.#end()) this.#settle.reject(error);
  }

  #end(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#timer?.cancel();
    this.onSettled();
    return true;
  }
}

export const ackTimeout = (msgid: string): Fault =>
  new Fault('hook-timeout', `timeout from far end for msgid ${msgid}`, { detail: { why: 'rt' } });

export const abandoned = (msgid: string): Fault =>
  new Fault('hook-closed', `abandoning msgid ${msgid} since socket is closed`);
