// Conversation: a call's talk with its application. Answers become steps, failures become events and alerts.
import type {
  AppEvent,
  AppSession,
  AskOptions,
  Hook,
  HookInput,
  NoticeType,
  Payload,
  RequestType,
} from '../../apps/index.ts';
import { isFault, isRefusal, type Refusal, refusalText } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { logged } from '../events.ts';
import type { Step } from '../types.ts';

/** Where an application is reached. */
export interface Hooks {
  callHook: HookInput;
  statusHook?: HookInput;
  /** As AppSessionOptions has it; the call's direction when absent. */
  outbound?: boolean;
}

export class Conversation {
  /** Whose it is: a dialled leg's is its parent's. */
  readonly call: Call;
  readonly #session: AppSession;
  readonly #hooks: Hooks;

  constructor(call: Call, hooks: Hooks = { callHook: '' }) {
    const { callHook, statusHook, outbound = call.facts.direction === 'outbound' } = hooks;
    const session = call.world.openApp({
      callSid: call.sid,
      callHook,
      ...(statusHook !== undefined && { statusHook }),
      webhookSecret: call.owner.account.webhook_secret,
      outbound,
    });
    this.call = call;
    this.#hooks = { callHook, ...(statusHook !== undefined && { statusHook }), outbound };
    this.#session = session;
    session.onEvent = (event) => this.#noted(event);
    session.onCommand = (command) => call.turn('command', () => call.world.onSocketCommand(call, command));
    session.onEnded = () => call.turn('application gone', () => call.endIfIdle());
    session.onLost = (reason) => call.turn('application lost', () => call.hangup(reason));
  }

  get waitsForCommands(): boolean {
    return this.#session.kind === 'ws' && !this.#session.ended;
  }

  get isSocket(): boolean {
    return this.#session.kind === 'ws';
  }

  /** Asks a hook. Steps when it answered with verbs, undefined when it answered with none, a refusal when they are not valid; rejects when it failed. */
  async ask(
    type: RequestType,
    hook: HookInput | undefined,
    payload: Payload,
    options: AskOptions = {},
  ): Promise<Answer> {
    const reply = await this.#session.request(type, hook, payload, options);
    if (reply === undefined || reply === null || reply === '') return { kind: 'nothing' };
    if (!Array.isArray(reply)) return { kind: 'other', value: reply };
    if (reply.length === 0) return { kind: 'empty' };
    const steps = this.call.world.parse(reply);
    return isRefusal(steps) ? { kind: 'invalid', refusal: steps } : { kind: 'verbs', steps };
  }

  notify(type: NoticeType, payload: Payload): void {
    this.#session.notify(type, payload);
  }

  tell(hook: HookInput, payload: Payload): void {
    this.#session.tell(hook, payload);
  }

  /** Another one with the same application, for a dialled leg that becomes a call of its own. */
  branch(call: Call): Conversation {
    return new Conversation(call, { ...this.#hooks, callHook: this.#session.server });
  }

  /** The hook with its whole address; undefined when it is malformed. */
  resolve(hook: HookInput): Hook | undefined {
    try {
      return this.#session.resolve(hook);
    } catch (error) {
      if (isFault(error)) return undefined;
      throw error;
    }
  }

  /** Where notices go that outlive the call; undefined when statuses go over a socket, or nowhere. */
  get statusWebhook(): Hook | undefined {
    return this.#session.statusWebhook;
  }

  setStatusHook(hook: HookInput): void {
    this.#hooks.statusHook = hook;
    this.#session.setStatusHook(hook);
  }

  close(code: 1000 | 1001): Promise<void> {
    return this.#session.close(code);
  }

  /** A hook's answer was no valid application (verbs.md 4.9): the application hears of it every way it has. */
  refused(refusal: Refusal): void {
    const text = refusalText(refusal);
    this.call.events.append('program-refused', { reason: text });
    this.call.alert('invalid-app-payload', text);
    this.notify('jambonz:error', { msg: 'invalid actionHook response', details: text });
    if (!this.isSocket)
      this.notify('call:status', { ...this.call.payload(), error: 'invalid actionHook response', reason: text });
  }

  #noted(event: AppEvent): void {
    const { type, ...fields } = event;
    if (event.type === 'alert') return this.call.alert(event.alert, event.detail);
    if (event.type === 'hook-failed' || event.type === 'socket-failed') {
      const { type: _, fault, ...rest } = event;
      return this.call.events.append(type, { ...logged(rest), reason: fault.message, code: fault.code });
    }
    this.call.events.append(type, logged(fields));
  }
}

export type Answer =
  | { kind: 'verbs'; steps: Step[] }
  | { kind: 'nothing' }
  | { kind: 'empty' }
  | { kind: 'other'; value: unknown }
  | { kind: 'invalid'; refusal: Refusal };
