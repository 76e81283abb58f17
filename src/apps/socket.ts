// The conversation over one socket: messages in order, acknowledgements, and taking it up again after a loss (app-interfaces.md 4).
import { Fault, isObject, shortId } from '../base/index.ts';
import { b3Of, type Conversation } from './context.ts';
import { alertOf, unawaited } from './faults.ts';
import { isAbsolute, originOf, type ParsedHook, wireUrl } from './hook.ts';
import { Inbox } from './inbox.ts';
import { maxPendingRequests, maxQueuedMessages } from './limits.ts';
import { Link } from './link.ts';
import { abandoned, ackTimeout, envelope, introduces, type Outgoing, Reply } from './outgoing.ts';
import { snakeCase } from './snake-case.ts';
import type { AppCommand, HookType, NoticeType, Payload, RequestType } from './types.ts';

/**
 * idle: the next message makes the connection. open: messages leave at once. connecting and resuming (session:reconnect is
 * unanswered): messages queue. graceful: closed by the application with 1000. over: given up, or closed by us.
 */
type State = 'idle' | 'connecting' | 'open' | 'resuming' | 'graceful' | 'over';

export type SocketEnd = 'graceful' | 'unreachable' | 'lost';

export interface SocketOwner {
  onCommand(command: AppCommand): void;
  /** No more will come. `lost`: session:reconnect was not acknowledged, so the call must end. */
  onEnd(how: SocketEnd, reason: string): void;
}

type MessageOptions = { hook?: string | undefined; reply?: Reply };

export class AppSocket {
  readonly #talk: Conversation;
  readonly #owner: SocketOwner;
  readonly #link: Link;
  readonly #inbox: Inbox;
  readonly #pending = new Map<string, Outgoing>();
  #state: State = 'idle';
  #outbox: Outgoing[] = [];
  /** What began the conversation; session:reconnect repeats its data. */
  #introduction: Outgoing | undefined;
  #onFlushed: (() => void)[] = [];

  constructor(talk: Conversation, hook: ParsedHook, owner: SocketOwner) {
    this.#talk = talk;
    this.#owner = owner;
    this.#inbox = new Inbox(talk, {
      onAck: (msgid, data) => this.#acknowledged(msgid, data),
      onCommand: (command) => owner.onCommand(command),
      onRefused: (notice) => this.post('jambonz:error', notice),
      onFlood: () => this.#giveUp('unreachable', new Fault('hook-closed', 'the application floods its socket'), 1008),
    });
    this.#link = new Link(talk, hook, {
      onOpen: () => this.#opened(),
      onMessage: (data) => this.#inbox.receive(data),
      onDown: (code, reason) => this.#down(code, reason),
      onFailed: (fault) => this.#unreachable(fault),
    });
  }

  get gracefullyClosed(): boolean {
    return this.#state === 'graceful';
  }

  /** No more will come from the application. */
  get ended(): boolean {
    return this.#state === 'graceful' || this.#state === 'over';
  }

  /** Sends what wants an acknowledgement and resolves with its data. Rejects with a Fault `hook-…` or the signal's reason. */
  request(
    type: RequestType,
    payload: Payload,
    options: { hook?: string; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const reply = new Reply();
    const message = this.#message(type, snakeCase(payload), { hook: options.hook, reply });
    const onAbort = (): void => {
      this.#forget(message);
      reply.reject(signal?.reason);
      if (reply.sentAt !== undefined) this.#fail(message, unawaited());
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    reply.onSettled = () => signal?.removeEventListener('abort', onAbort);
    this.#submit(message);
    return reply.promise;
  }

  /** Sends what needs no acknowledgement, or one that does not matter. */
  post(type: NoticeType | 'verb:hook', payload: Payload, hook?: string): void {
    this.#submit(this.#message(type, snakeCase(payload), { hook }));
  }

  /** Resolves when nothing waits to be sent any more: sent, or given up. */
  flushed(): Promise<void> {
    if (this.#outbox.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onFlushed.push(resolve));
  }

  /** Ours to end it. What is unanswered fails with `hook-closed`, or with `fault`. */
  close(code: number, fault?: Fault): void {
    this.#state = 'over';
    this.#abandonPending(() => true, fault);
    for (const message of this.#outbox.splice(0)) this.#fail(message, fault ?? abandoned(message.msgid));
    this.#tellFlushed();
    this.#link.close(code, fault?.message);
  }

  #forget(message: Outgoing): void {
    this.#pending.delete(message.msgid);
    this.#outbox = this.#outbox.filter((waiting) => waiting !== message);
    this.#tellFlushed();
  }

  #message(type: HookType, data: unknown, { hook, reply }: MessageOptions): Outgoing {
    return { type, msgid: shortId(this.#talk.random), hook, data, reply };
  }

  #submit(message: Outgoing): void {
    if (this.#state === 'open') return this.#transmit(message);
    if (this.#state === 'graceful') return message.reply?.resolve(undefined);
    if (this.#state === 'over') return message.reply && this.#fail(message, abandoned(message.msgid));
    if (this.#outbox.length >= maxQueuedMessages) return this.#fail(message, tooMany('messages wait for the socket'));
    this.#outbox.push(message);
    if (this.#state !== 'idle') return;
    this.#state = 'connecting';
    this.#link.connect();
  }

  #transmit(message: Outgoing): void {
    const { type, msgid, reply } = message;
    if (reply && this.#pending.size >= maxPendingRequests) return this.#fail(message, tooMany('hooks are unanswered'));
    if (introduces(type) && (type !== 'session:redirect' || !this.#introduction)) this.#introduction = message;
    if (reply) {
      this.#pending.set(msgid, message);
      reply.sent(this.#talk.clock, this.#talk.settings.wsAckTimeoutMs, () => this.#timedOut(message));
    }
    this.#talk.emit({ type: 'hook-sent', hook: type, url: this.#urlOf(message), attempt: 1, msgid });
    this.#link.send(envelope(message, this.#introduction && this.#talk.callSid, b3Of(this.#talk)));
  }

  #flush(): void {
    for (let next = this.#outbox[0]; next && this.#state === 'open'; next = this.#outbox[0]) {
      this.#outbox.shift();
      this.#transmit(next);
    }
    this.#tellFlushed();
  }

  #tellFlushed(): void {
    if (this.#outbox.length > 0) return;
    for (const resolve of this.#onFlushed.splice(0)) resolve();
  }

  #opened(): void {
    if (this.#introduction) {
      // The first message after a loss; the others wait until it is acknowledged.
      this.#state = 'resuming';
      this.#transmit(this.#message('session:reconnect', this.#introduction.data, { reply: new Reply() }));
    } else {
      this.#state = 'open';
      this.#flush();
    }
  }

  #acknowledged(msgid: string, data: unknown): void {
    const message = this.#pending.get(msgid);
    if (!message) return this.#talk.log.debug('an ack for an unknown msgid was ignored', { msgid });
    this.#answered(message, data);
    if (message.type !== 'session:reconnect') return;
    // An unanswered session:new takes the verbs; otherwise they are ignored (4.7).
    if (this.#unanswered) this.#answered(this.#unanswered, data);
    this.#state = 'open';
    this.#flush();
  }

  #answered(message: Outgoing, data: unknown): void {
    const { type, msgid, reply } = message;
    this.#pending.delete(msgid);
    const elapsedMs = this.#talk.clock.now() - (reply?.sentAt ?? this.#talk.clock.now());
    const verbs = Array.isArray(data) ? data.length : undefined;
    const unread = verbs === undefined && isObject(data) ? { unread: 'it is no array of verbs' } : {};
    this.#talk.emit({
      type: 'hook-answered',
      hook: type,
      url: this.#urlOf(message),
      elapsedMs,
      verbs,
      msgid,
      ...unread,
    });
    reply?.resolve(data);
  }

  #timedOut(message: Outgoing): void {
    const fault = ackTimeout(message.msgid);
    const first = this.#unanswered;
    this.#fail(message, fault);
    if (message.type === 'session:reconnect') return this.#giveUp(first ? 'unreachable' : 'lost', fault);
    this.#talk.emit(alertOf(fault, this.#link.url));
  }

  /** The introduction, while its answer is still awaited. */
  get #unanswered(): Outgoing | undefined {
    return this.#introduction?.reply && !this.#introduction.reply.settled ? this.#introduction : undefined;
  }

  #down(code: number, reason: string): void {
    if (this.#introduction && code === 1000) return this.#closedGracefully(reason);
    const kept = this.#unanswered;
    kept?.reply?.stopTimer();
    this.#abandonPending((message) => message !== kept);
    if (!this.#introduction) {
      this.#state = 'idle';
    } else if (this.#link.mayReconnect) {
      this.#state = 'connecting';
      this.#link.reconnect();
    } else {
      this.#giveUp('unreachable', new Fault('hook-closed', `the application closed its socket too often (${code})`));
    }
  }

  /** Hooks count as answered empty from now on, but a call that never got its verbs has no application. */
  #closedGracefully(reason: string): void {
    const first = this.#unanswered;
    if (first) this.#fail(first, new Fault('hook-closed', 'the application closed its socket without an answer'));
    this.#state = 'graceful';
    for (const message of this.#pending.values()) this.#answered(message, undefined);
    for (const message of this.#outbox.splice(0)) message.reply?.resolve(undefined);
    this.#tellFlushed();
    this.#owner.onEnd('graceful', reason);
  }

  /** The last try to connect failed. A conversation that has not begun may try again with its next message. */
  #unreachable(fault: Fault): void {
    if (this.#introduction) return this.#giveUp('unreachable', fault);
    this.#state = 'idle';
    for (const message of this.#outbox.splice(0)) this.#fail(message, fault);
    this.#talk.emit(alertOf(fault, this.#link.url));
    this.#tellFlushed();
  }

  #giveUp(how: 'unreachable' | 'lost', fault: Fault, code = 1001): void {
    if (this.#state === 'over') return;
    this.#talk.emit(alertOf(fault, this.#link.url));
    this.close(code, fault);
    this.#owner.onEnd(how, fault.message);
  }

  #abandonPending(which: (message: Outgoing) => boolean, fault?: Fault): void {
    for (const message of this.#pending.values()) {
      if (which(message)) this.#fail(message, fault ?? abandoned(message.msgid));
    }
  }

  /** For events: the hook's address, of which the socket's server is the base; else the socket's. */
  #urlOf({ hook }: Outgoing): string {
    if (hook === undefined) return this.#link.url;
    return wireUrl(isAbsolute(hook) ? hook : originOf(this.#link.url) + hook);
  }

  #fail(message: Outgoing, fault: Fault): void {
    const { type, msgid, reply } = message;
    this.#pending.delete(msgid);
    const elapsedMs = reply?.sentAt === undefined ? 0 : this.#talk.clock.now() - reply.sentAt;
    this.#talk.emit({ type: 'hook-failed', hook: type, url: this.#urlOf(message), fault, elapsedMs, msgid });
    reply?.reject(fault);
  }
}

const tooMany = (what: string): Fault => new Fault('hook-closed', `too many ${what} already`);
