// One conversation with one application: where each hook goes, by which way, and when another server takes over.
import { errorText, Fault, isFault, Scope } from '../base/index.ts';
import type { AppsPorts, Conversation } from './context.ts';
import { adultingHook, against, isAbsolute, originOf, type ParsedHook, parseBase, parseHook } from './hook.ts';
import { closeWaitMs } from './limits.ts';
import { Notices } from './notices.ts';
import { AppSocket, type SocketEnd } from './socket.ts';
import { StatusRoute } from './status-route.ts';
import type {
  AppCommand,
  AppEvent,
  AppSession,
  AppSessionOptions,
  AskOptions,
  Hook,
  HookInput,
  NoticeType,
  Payload,
  RequestType,
} from './types.ts';
import { callWebhook } from './webhook.ts';

/** A request on its way: what to send, where, and until when. */
interface Asking {
  type: RequestType;
  payload: Payload;
  target: ParsedHook;
  /** The hook as the application wrote it. */
  written: string | undefined;
  signal: AbortSignal;
}

export class Session implements AppSession {
  readonly #talk: Conversation;
  readonly #scope: Scope;
  readonly #notices: Notices;
  readonly #status: StatusRoute;
  /** The application's server: relative hooks belong to it. A Fault when the call_hook is malformed. */
  #base: ParsedHook | Fault;
  /** The application's socket, when it has one; it connects with its first message. */
  #socket: AppSocket | undefined;
  #closing: Promise<void> | undefined;
  readonly #waitedEnough = Promise.withResolvers<void>();
  /** Requests that may hand the call to another server; until they are answered, the end of the present one is not the end. */
  #moving = 0;
  #endMeanwhile: (() => void) | undefined;

  onCommand: (command: AppCommand) => void = () => {};
  onEvent: (event: AppEvent) => void = () => {};
  onLost: (reason: string) => void = () => {};
  onEnded: (reason: string) => void = () => {};

  constructor(ports: AppsPorts, options: AppSessionOptions, onClosed: () => void) {
    this.#talk = {
      ...ports,
      log: ports.log.with({ call_sid: options.callSid }),
      callSid: options.callSid,
      webhookSecret: options.webhookSecret,
      traceId: options.traceId,
      emit: (event) => this.#guarded(() => this.onEvent(event)),
    };
    this.#scope = new Scope(`apps ${options.callSid}`);
    this.#scope.defer(onClosed);
    this.#notices = new Notices(this.#talk, this.#scope.signal);
    this.#base = orFault(() => parseBase(options.callHook));
    if (!isFault(this.#base) && this.#base.method === 'WS') this.#socket = this.#openSocket(this.#base);
    this.#status = new StatusRoute(this.#talk, this.#notices, {
      hook: options.statusHook === undefined ? undefined : this.#parsed(options.statusHook),
      outbound: options.outbound,
    });
  }

  get kind(): 'http' | 'ws' {
    return this.#socket ? 'ws' : 'http';
  }

  get gracefullyClosed(): boolean {
    return this.#socket?.gracefullyClosed ?? false;
  }

  get ended(): boolean {
    return this.#moving === 0 && (this.#socket?.ended ?? false);
  }

  get server(): HookInput {
    return this.#server ?? '';
  }

  resolve(hook: HookInput): Hook {
    const { method, ...absolute } = against(this.#known(), parseHook(hook));
    return { ...absolute, method: method === 'WS' ? 'POST' : method };
  }

  request(
    type: RequestType,
    hook: HookInput | undefined,
    payload: Payload,
    options: AskOptions = {},
  ): Promise<unknown> {
    const answer = this.#request(type, hook, payload, options);
    // Whoever asked may be gone when it fails; the failure is an event in any case.
    answer.catch(() => {});
    return answer;
  }

  async #request(
    type: RequestType,
    hook: HookInput | undefined,
    payload: Payload,
    options: AskOptions,
  ): Promise<unknown> {
    if (this.#closing) throw closed();
    const own = hook === undefined ? undefined : parseHook(hook);
    const asking: Asking = {
      type,
      payload,
      target: this.#target(own),
      written: typeof hook === 'object' ? hook.url : hook,
      signal: options.signal ? AbortSignal.any([options.signal, this.#scope.signal]) : this.#scope.signal,
    };
    try {
      return await (this.#socket ? this.#askOnSocket(this.#socket, asking, options) : this.#ask(asking, options));
    } catch (error) {
      throw this.#scope.closed && !options.signal?.aborted ? closed() : error;
    }
  }

  notify(type: NoticeType, payload: Payload): void {
    if (this.#closing) return;
    if (type === 'call:status' || type === 'recording:status') {
      this.#status.send(type, payload, { base: this.#server, socket: this.#socket });
    } else this.#socket?.post(type, payload);
  }

  tell(hook: HookInput, payload: Payload): void {
    const parsed = this.#closing ? undefined : this.#parsed(hook);
    if (!parsed || !(this.#server || isAbsolute(parsed.url))) return;
    const target = this.#target(parsed);
    const written = typeof hook === 'object' ? hook.url : hook;
    if (this.#socket && target.method === 'WS') return this.#socket.post('verb:hook', payload, written);
    const asking: Asking = { type: 'verb:hook', payload, target, written, signal: this.#scope.signal };
    this.#notices.oneWay(target, () => this.#askOnce(asking));
  }

  get statusWebhook(): Hook | undefined {
    return this.#status.webhook(this.#server, this.#socket);
  }

  setStatusHook(hook: HookInput): void {
    const parsed = this.#parsed(hook);
    if (parsed) this.#status.set(parsed, this.#server);
  }

  /** A later call may shorten the wait of an earlier one. */
  close(code: 1000 | 1001 = 1000, waitMs = closeWaitMs): Promise<void> {
    this.#closing ??= this.#close(code);
    const timer = this.#talk.clock.after(waitMs, () => this.#waitedEnough.resolve());
    this.#scope.defer(() => timer.cancel());
    return this.#closing;
  }

  async #close(code: number): Promise<void> {
    const sent = Promise.all([this.#notices.idle(), this.#socket?.flushed(), this.#status.flushed()]);
    await Promise.race([sent, this.#waitedEnough.promise]);
    this.#socket?.close(code);
    this.#status.close();
    await this.#scope.close('the call is over');
  }

  /** An application over HTTP (1.1): a socket hook opens a socket for itself, and a redirect to one hands the call over. */
  async #ask(asking: Asking, { rebase, aside }: AskOptions): Promise<unknown> {
    if (asking.type === 'session:adulting') {
      return callWebhook(this.#talk, { ...asking, hook: against(this.#known(), parseHook('/adulting')) });
    }
    if (asking.target.method === 'WS' && asking.type === 'session:redirect' && !aside)
      return this.#handOver('session:new', asking);
    const answer = await this.#askOnce(asking);
    if (rebase && (!this.#server || originOf(asking.target.url) !== originOf(this.#server.url)))
      this.#base = asking.target;
    return answer;
  }

  /** An application over a socket (1.1): http hooks are webhooks, and a redirect to one hands the call over. */
  async #askOnSocket(socket: AppSocket, asking: Asking, { rebase, aside }: AskOptions): Promise<unknown> {
    const { type, target, payload, signal, written } = asking;
    const redirect = type === 'session:redirect' && !aside;
    const absolute = written !== undefined && isAbsolute(written);
    const elsewhere = absolute && originOf(target.url) !== originOf(this.#known().url);
    if (aside && elsewhere) return this.#askOnce(asking);
    if (target.method !== 'WS') {
      if (!redirect) return this.#askOnce(asking);
      return this.#moved(async () => {
        const answer = await this.#askOnce(asking);
        this.#adopt(target, undefined);
        return answer;
      });
    }
    if (redirect && (elsewhere || (absolute && rebase)))
      return this.#moved(() => this.#handOver('session:redirect', asking));
    if (type === 'session:adulting') {
      const child = this.#openSocket(adultingHook(this.#known()));
      this.#adopt(this.#known(), child);
      return child.request(type, payload, { signal });
    }
    return socket.request(type, payload, { hook: written, signal });
  }

  async #moved(move: () => Promise<unknown>): Promise<unknown> {
    this.#moving++;
    const before = this.#socket;
    try {
      return await move();
    } finally {
      this.#moving--;
      const tell = this.#endMeanwhile;
      if (this.#moving === 0) this.#endMeanwhile = undefined;
      if (this.#moving === 0 && this.#socket === before) tell?.();
    }
  }

  /** Over a connection of its own, which changes nothing for the conversation. */
  async #askOnce(asking: Asking): Promise<unknown> {
    const { type, target: hook, payload, signal } = asking;
    if (hook.method !== 'WS') return callWebhook(this.#talk, { type, hook, payload, signal });
    const socket = new AppSocket(this.#talk, hook, { onCommand: () => {}, onEnd: () => {} });
    try {
      return await socket.request('session:new', payload, { signal });
    } finally {
      socket.close(1000);
    }
  }

  /** The call goes to another socket once that has answered; until then everything stays as it is. */
  async #handOver(type: 'session:new' | 'session:redirect', asking: Asking): Promise<unknown> {
    const { target, payload, signal, written } = asking;
    const socket = this.#openSocket(target);
    try {
      const answer = await socket.request(type, payload, { hook: written, signal });
      this.#adopt(target, socket);
      return answer;
    } catch (error) {
      socket.close(1000);
      throw error;
    }
  }

  #adopt(base: ParsedHook, socket: AppSocket | undefined): void {
    this.#socket?.close(1000);
    this.#base = base;
    this.#socket = socket;
    if (this.#scope.closed) socket?.close(1000);
    else if (socket?.ended) this.#guarded(() => this.onEnded('the application closed its socket'));
  }

  #openSocket(hook: ParsedHook): AppSocket {
    const socket: AppSocket = new AppSocket(this.#talk, hook, {
      onCommand: (command) => {
        if (!this.#closing) this.#guarded(() => this.onCommand(command));
      },
      onEnd: (how, reason) => {
        if (this.#socket === socket && !this.#closing) this.#onSocketEnd(how, reason);
      },
    });
    return socket;
  }

  #onSocketEnd(how: SocketEnd, reason: string): void {
    const tell = (): void => this.#guarded(() => (how === 'lost' ? this.onLost(reason) : this.onEnded(reason)));
    if (this.#moving > 0) this.#endMeanwhile = tell;
    else tell();
  }

  get #server(): ParsedHook | undefined {
    return isFault(this.#base) ? undefined : this.#base;
  }

  /** A hook nobody waits for: malformed, it becomes an alert. */
  #parsed(hook: HookInput): ParsedHook | undefined {
    const parsed = orFault(() => parseHook(hook));
    if (!isFault(parsed)) return parsed;
    // In a later turn, as a conversation that just opens has no listener yet.
    this.#talk.clock.soon(() => this.#talk.emit({ type: 'alert', alert: 'webhook-failure', detail: parsed.message }));
    return undefined;
  }

  /** Where a hook leads. An address needs no server of the application's: one that consists of stored verbs may have none. */
  #target(own: ParsedHook | undefined): ParsedHook {
    if (own && !this.#server && isAbsolute(own.url)) return own;
    return own ? against(this.#known(), own) : this.#known();
  }

  #known(): ParsedHook {
    if (isFault(this.#base)) throw this.#base;
    return this.#base;
  }

  /** A bug in the call must not break the conversation's own state. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#talk.log.error('a listener of the application threw', { error: errorText(error) });
    }
  }
}

const closed = (): Fault => new Fault('hook-closed', 'the conversation with the application is over');

/** The value, or the Fault it threw. */
function orFault<T>(make: () => T): T | Fault {
  try {
    return make();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
}
