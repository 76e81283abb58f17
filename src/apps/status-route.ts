// Where call statuses go (app-interfaces.md 3.2): the application's socket, the status hook, or both.
import type { Conversation } from './context.ts';
import { against, isAbsolute, originOf, type ParsedHook } from './hook.ts';
import type { Notices } from './notices.ts';
import { AppSocket } from './socket.ts';
import type { Hook, Payload } from './types.ts';

export type StatusType = 'call:status' | 'recording:status';

/** The application's server and its socket, as they are now. */
interface Parties {
  base: ParsedHook | undefined;
  socket: AppSocket | undefined;
}

export class StatusRoute {
  readonly #talk: Conversation;
  readonly #notices: Notices;
  #hook: ParsedHook | undefined;
  /** Chosen over the application's socket: by REST with an outbound call, or while the call lives. */
  #instead: boolean;
  /** A status hook that is a socket of its own. */
  #own: AppSocket | undefined;

  constructor(talk: Conversation, notices: Notices, options: { hook: ParsedHook | undefined; outbound: boolean }) {
    this.#talk = talk;
    this.#notices = notices;
    this.#hook = options.hook;
    this.#instead = options.outbound;
  }

  /** Replaces the status hook; a path is one on the server the application has now. */
  set(hook: ParsedHook, base: ParsedHook | undefined): void {
    this.close();
    this.#instead = true;
    this.#hook = base && base.method !== 'WS' ? against(base, hook) : hook;
  }

  /** `base` is absent when the application's own address is malformed: a status hook with an address still hears of the call. */
  send(type: StatusType, payload: Payload, { base, socket }: Parties): void {
    const hook = this.#besides(base, socket);
    if (socket && !(hook && this.#instead)) socket.post(type, payload);
    if (!hook) return;
    if (hook.method !== 'WS') return this.#notices.status(type, hook, payload);
    this.#own ??= new AppSocket(this.#talk, hook, { onCommand: () => {}, onEnd: () => {} });
    this.#own.post(type, payload);
  }

  /** The status hook, if that is what statuses go to, and by HTTP. */
  webhook(base: ParsedHook | undefined, socket: AppSocket | undefined): Hook | undefined {
    const hook = this.#besides(base, socket);
    return hook && hook.method !== 'WS' ? { ...hook, method: hook.method } : undefined;
  }

  /** The status hook when it is not the application's socket: a path, a socket of the same server, or one nobody chose instead. */
  #besides(base: ParsedHook | undefined, socket: AppSocket | undefined): ParsedHook | undefined {
    const hook = this.#hook;
    if (!hook || !base) return hook && isAbsolute(hook.url) ? hook : undefined;
    if (!socket) return against(base, hook);
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
}
