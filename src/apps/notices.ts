// What nobody waits for: statuses over HTTP and one-way hooks, to one address one at a time and in order, a bounded number of them.
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
  /** The last one-way hook to each address. */
  readonly #last = new Map<string, Promise<void>>();

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

  /** A hook whose answer does not matter: sent after those before it to the same address. */
  oneWay(hook: ParsedHook, send: () => Promise<unknown>): void {
    if (this.#oneWay.size >= maxOneWayHooks) {
      return this.#dropped(hook, `a one-way hook was dropped: ${maxOneWayHooks} others are unanswered`);
    }
    const before = this.#last.get(hook.url);
    const sending = before ? before.then(() => this.#quietly(send)) : this.#quietly(send);
    const sent: Promise<void> = sending.finally(() => {
      this.#oneWay.delete(sent);
      if (this.#last.get(hook.url) === sent) this.#last.delete(hook.url);
    });
    this.#oneWay.add(sent);
    this.#last.set(hook.url, sent);
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
