// What nobody waits for: statuses over HTTP, in order, one at a time; and one-way hooks, a bounded number at once.
import { isFault } from '../base/index.ts';
import type { Conversation } from './context.ts';
import { type ParsedHook, wireUrl } from './hook.ts';
import { maxOneWayHooks, maxQueuedNotices } from './limits.ts';
import type { NoticeType, Payload } from './types.ts';
import { callWebhook } from './webhook.ts';

export class Notices {
  readonly #talk: Conversation;
  readonly #signal: AbortSignal;
  readonly #waiting: { type: NoticeType; hook: ParsedHook; payload: Payload }[] = [];
  #draining: Promise<void> | undefined;
  readonly #oneWay = new Set<Promise<void>>();

  constructor(talk: Conversation, signal: AbortSignal) {
    this.#talk = talk;
    this.#signal = signal;
  }

  /** A call status: sent after those before it have been answered or have failed. */
  status(type: NoticeType, hook: ParsedHook, payload: Payload): void {
    if (this.#waiting.length >= maxQueuedNotices) {
      return this.#dropped(hook, `a call status was dropped: ${maxQueuedNotices} others wait for the status hook`);
    }
    this.#waiting.push({ type, hook, payload });
    this.#draining ??= this.#drain();
  }

  /** A hook whose answer does not matter. */
  oneWay(hook: ParsedHook, send: () => Promise<unknown>): void {
    if (this.#oneWay.size >= maxOneWayHooks) {
      return this.#dropped(hook, `a one-way hook was dropped: ${maxOneWayHooks} others are unanswered`);
    }
    const sent: Promise<void> = this.#quietly(send).finally(() => this.#oneWay.delete(sent));
    this.#oneWay.add(sent);
  }

  /** Resolves when everything so far was answered or has failed. */
  async idle(): Promise<void> {
    await Promise.all([this.#draining, ...this.#oneWay]);
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { type, hook, payload } = next;
      await this.#quietly(() => callWebhook(this.#talk, { type, hook, payload, signal: this.#signal }));
    }
    this.#draining = undefined;
  }

  /** Failures are events already; an abort is the end of the conversation. */
  async #quietly(send: () => Promise<unknown>): Promise<void> {
    try {
      await send();
    } catch (error) {
      if (!isFault(error) && !this.#signal.aborted) this.#talk.log.error('a notice failed', { error: String(error) });
    }
  }

  #dropped(hook: ParsedHook, detail: string): void {
    this.#talk.emit({ type: 'alert', alert: 'webhook-failure', detail, url: wireUrl(hook.url) });
  }
}
