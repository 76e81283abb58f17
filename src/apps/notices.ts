// Statuses over HTTP: one after the other, in order, never in the way of verb hooks, and never more than a bounded queue.
import { isFault } from '../base/index.ts';
import type { Conversation } from './context.ts';
import type { ParsedHook } from './hook.ts';
import { maxOneWayHooks, maxQueuedNotices } from './limits.ts';
import type { Payload } from './types.ts';
import { callWebhook } from './webhook.ts';

export class HttpNotices {
  readonly #talk: Conversation;
  readonly #signal: AbortSignal;
  #waiting: { hook: ParsedHook; payload: Payload }[] = [];
  #draining: Promise<void> | undefined;
  readonly #oneWay = new Set<Promise<void>>();

  constructor(talk: Conversation, signal: AbortSignal) {
    this.#talk = talk;
    this.#signal = signal;
  }

  /** A call status: sent after those before it have been answered or have failed. */
  status(hook: ParsedHook, payload: Payload): void {
    if (this.#signal.aborted) return;
    if (this.#waiting.length >= maxQueuedNotices) {
      this.#dropped(hook, 'call:status', `${maxQueuedNotices} statuses are waiting for this hook already`);
      return;
    }
    this.#waiting.push({ hook, payload });
    this.#draining ??= this.#drain();
  }

  /** A hook whose answer does not matter. */
  oneWay(hook: ParsedHook, payload: Payload): void {
    if (this.#signal.aborted) return;
    if (this.#oneWay.size >= maxOneWayHooks) {
      this.#dropped(hook, 'verb:hook', `${maxOneWayHooks} one-way hooks are under way already`);
      return;
    }
    const sent: Promise<void> = this.#send('verb:hook', hook, payload).finally(() => this.#oneWay.delete(sent));
    this.#oneWay.add(sent);
  }

  /** Resolves when everything posted so far was answered or has failed. */
  async idle(): Promise<void> {
    await Promise.all([this.#draining, ...this.#oneWay]);
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      await this.#send('call:status', next.hook, next.payload);
    }
    this.#draining = undefined;
  }

  async #send(type: 'call:status' | 'verb:hook', hook: ParsedHook, payload: Payload): Promise<void> {
    try {
      await callWebhook(this.#talk, { type, hook, payload, signal: this.#signal });
    } catch (error) {
      // Failures are events already; an abort is the end of the conversation.
      if (!isFault(error) && !this.#signal.aborted) this.#talk.log.error('a notice failed', { error: String(error) });
    }
  }

  #dropped(hook: ParsedHook, type: string, why: string): void {
    this.#talk.emit({ type: 'alert', alert: 'webhook-failure', detail: `${type} dropped: ${why}`, url: hook.url });
  }
}
