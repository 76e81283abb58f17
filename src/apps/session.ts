// One conversation with one application: where each hook goes, by which way, with whose credentials.
import { Fault, isFault, Scope, sleep } from '../base/index.ts';
import type { AppsPorts, Conversation } from './context.ts';
import { against, originOf, type ParsedHook, parseHook } from './hook.ts';
import { closeWaitMs } from './limits.ts';
import { HttpNotices } from './notices.ts';
import type {
  AppCommand,
  AppEvent,
  AppSession,
  AppSessionOptions,
  Hook,
  HookInput,
  NoticeType,
  Payload,
  RequestType,
} from './types.ts';
import { callWebhook } from './webhook.ts';

export class Session implements AppSession {
  readonly #talk: Conversation;
  readonly #scope: Scope;
  readonly #notices: HttpNotices;
  #base: ParsedHook | Fault;
  #statusHook: HookInput | undefined;
  #closing: Promise<void> | undefined;

  onCommand: (command: AppCommand) => void = () => {};
  onEvent: (event: AppEvent) => void = () => {};
  onLost: (reason: string) => void = () => {};

  constructor(ports: AppsPorts, options: AppSessionOptions, onClosed: () => void) {
    this.#talk = {
      ...ports,
      callSid: options.callSid,
      webhookSecret: options.webhookSecret,
      traceId: options.traceId,
      emit: (event) => this.onEvent(event),
    };
    this.#scope = new Scope(`apps ${options.callSid}`);
    this.#scope.defer(onClosed);
    this.#notices = new HttpNotices(this.#talk, this.#scope.signal);
    this.#statusHook = options.statusHook;
    this.#base = attempt(() => parseBase(options.callHook));
  }

  get kind(): 'http' | 'ws' {
    return 'http';
  }

  get gracefullyClosed(): boolean {
    return false;
  }

  resolve(hook: HookInput): Hook {
    const { method, ...absolute } = this.#absolute(hook);
    return { ...absolute, method: method === 'WS' ? 'POST' : method };
  }

  async request(
    type: RequestType,
    hook: HookInput | undefined,
    payload: Payload,
    options: { rebase?: boolean; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    if (this.#scope.closed) throw new Fault('hook-closed', 'the conversation with the application is closed');
    const target = hook === undefined ? this.#known() : this.#absolute(hook);
    const signal = options.signal ? AbortSignal.any([options.signal, this.#scope.signal]) : this.#scope.signal;
    const answer = await callWebhook(this.#talk, { type, hook: target, payload, signal });
    if (options.rebase && originOf(target.url) !== originOf(this.#known().url)) this.#base = target;
    return answer;
  }

  notify(type: NoticeType, payload: Payload): void {
    if (this.#scope.closed || type !== 'call:status' || this.#statusHook === undefined) return;
    const hook = attempt(() => this.#absolute(this.#statusHook!));
    if (!isFault(hook)) this.#notices.status(hook, payload);
  }

  tell(hook: HookInput, payload: Payload): void {
    const target = attempt(() => this.#absolute(hook));
    if (!isFault(target)) this.#notices.oneWay(target, payload);
  }

  setStatusHook(hook: HookInput): void {
    this.#statusHook = hook;
  }

  close(_code: 1000 | 1001 = 1000, waitMs = closeWaitMs): Promise<void> {
    this.#closing ??= this.#close(waitMs);
    return this.#closing;
  }

  async #close(waitMs: number): Promise<void> {
    await Promise.race([this.#notices.idle(), sleep(this.#talk.clock, waitMs, this.#scope.signal)]);
    await this.#scope.close('the call is over');
  }

  #known(): ParsedHook {
    if (isFault(this.#base)) throw this.#base;
    return this.#base;
  }

  #absolute(hook: HookInput): ParsedHook {
    return against(this.#known(), parseHook(hook));
  }
}

function parseBase(hook: HookInput): ParsedHook {
  const base = parseHook(hook);
  if (base.url.startsWith('/'))
    throw new Fault('hook-invalid', 'the call_hook of an application must be an absolute address');
  return base;
}

/** The value, or the Fault it threw. */
function attempt<T>(make: () => T): T | Fault {
  try {
    return make();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
}
