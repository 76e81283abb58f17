// Where call statuses go (app-interfaces.md 3.2): the application's socket, the status hook, or both.
import { isFault } from '../base/index.ts';
import type { Conversation } from './context.ts';
import { against, isAbsolute, originOf, type ParsedHook, parseHook } from './hook.ts';
import type { Notices } from './notices.ts';
import { AppSocket } from './socket.ts';
import type { AppSessionOptions, HookInput, Payload } from './types.ts';

export class StatusRoute {
  readonly #talk: Conversation;
  readonly #notices: Notices;
  #hook: ParsedHook | undefined;
  /** Chosen over the application's socket: by REST with an outbound call, or while the call lives. */
  #instead: boolean;
  /** A status hook that is a socket of its own. */
  #own: AppSocket | undefined;

  constructor(talk: Conversation, notices: Notices, options: AppSessionOptions) {
    this.#talk = talk;
    this.#notices = notices;
    this.#instead = options.outbound;
    this.#hook = options.statusHook === undefined ? undefined : this.#parsed(options.statusHook);
  }

  /** Replaces the status hook; a path is one on the server the application has now. */
  set(input: HookInput, base: ParsedHook): void {
    const hook = this.#parsed(input);
    if (!hook) return;
    this.close();
    this.#instead = true;
    this.#hook = base.method === 'WS' ? hook : against(base, hook);
  }

  send(payload: Payload, base: ParsedHook, socket: AppSocket | undefined): void {
    const hook = this.#besides(base, socket);
    if (socket && !(hook && this.#instead)) socket.post('call:status', payload);
    if (!hook) return;
    if (hook.method !== 'WS') return this.#notices.status(hook, payload);
    this.#own ??= new AppSocket(this.#talk, hook, { onCommand: () => {}, onEnd: () => {} });
    this.#own.post('call:status', payload);
  }

  /** The status hook when it is not the application's socket: a path, a socket of the same server, or one nobody chose instead. */
  #besides(base: ParsedHook, socket: AppSocket | undefined): ParsedHook | undefined {
    const hook = this.#hook;
    if (!hook || !socket) return hook && against(base, hook);
    if (!isAbsolute(hook.url)) return undefined;
    if (hook.method === 'WS' && (!this.#instead || originOf(hook.url) === originOf(base.url))) return undefined;
    return against(base, hook);
  }

  flushed(): Promise<void> {
    return this.#own?.flushed() ?? Promise.resolve();
  }

  close(): void {
    this.#own?.close(1000);
    this.#own = undefined;
  }

  #parsed(input: HookInput): ParsedHook | undefined {
    try {
      return parseHook(input);
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#talk.emit({ type: 'alert', alert: 'webhook-failure', detail: `status hook: ${error.message}` });
      return undefined;
    }
  }
}
