// Call: an owner with a mailbox. Everything that happens to it is one of its turns; its verbs are tasks below its scope.
import {
  type AskOptions,
  baseInfo,
  type CallFacts,
  type HookInput,
  type Payload,
  sessionRedirect,
} from '../apps/index.ts';
import { atMost, type Clock, errorText, type Log, Mailbox, type Refusal, Scope } from '../base/index.ts';
import type { ExtraHeaders } from '../sip/index.ts';
import { type Answer, Conversation } from './application/conversation.ts';
import type { CallEnd, CallOptions, Conclusion } from './call-types.ts';
import { conclude } from './conclude.ts';
import { EventLog } from './events.ts';
import { InDialog } from './far-end/in-dialog.ts';
import { Digits } from './leg/digits-in.ts';
import { Leg } from './leg/leg.ts';
import type { LegHandler } from './leg/types.ts';
import { lastHooksMs, mailboxLimit } from './limits.ts';
import { Parts } from './parts.ts';
import { Patience } from './program/patience.ts';
import { Program } from './program/program.ts';
import { VerbHost } from './program/verb-host.ts';
import { Recordings } from './recording/recordings.ts';
import { BackgroundStream } from './sound/background-stream.ts';
import { DubTracks } from './sound/dub-tracks.ts';
import { SpeechSettings } from './sound/speech-settings.ts';
import { Whispers } from './sound/whispers.ts';
import { type CallStatus, finalStatuses } from './status.ts';
import { type CallOwner, type CallWorld, type Step, speechOf } from './types.ts';

export class Call {
  readonly world: CallWorld;
  readonly owner: CallOwner;
  readonly facts: CallFacts;
  readonly scope: Scope;
  readonly log: Log;
  readonly events: EventLog;
  readonly digits: Digits;
  readonly leg: Leg;
  readonly program: Program;
  readonly speech: SpeechSettings;
  readonly whispers = new Whispers(this);
  /** What commands reach of running verbs. */
  readonly parts = new Parts();
  readonly recordings = new Recordings(this);
  /** Calls of one group are carried by one media worker. */
  readonly group: string;
  readonly backgroundStream = new BackgroundStream(this);
  readonly dub = new DubTracks(this);
  /** Resolves with the last status, when that is given. */
  readonly over: Promise<CallEnd>;
  /** Why media could not be had: the final response of a call that was never answered says so. */
  mediaRefusal: Refusal | undefined;
  /** config.notifyEvents: verb:status is wanted. */
  notifyEvents = false;
  /** Requests, hold and REFER of the far end, for the application. */
  readonly inDialog = new InDialog(this);
  readonly patience = new Patience(this);
  /** Redirects by update: how many were asked for, the newest that was applied, and whose hooks still think. */
  readonly redirects = { asked: 0, applied: 0, waiting: 0 };
  readonly #mailbox: Mailbox<{ what: string; run: () => void }>;
  #parent: Call | undefined;
  #conversation: Conversation;
  readonly #tellOver: (end: CallEnd) => void;
  #answeredAt: number | undefined;
  #reported = '';
  #ended = false;
  /** BYE or CANCEL on its way: a call waits for the answer before it is gone. */
  #farewell: Promise<void> = Promise.resolve();
  #gone: Promise<void> = Promise.resolve();

  constructor(options: CallOptions, handler: (call: Call) => LegHandler) {
    const { world, facts, parent } = options;
    this.world = world;
    this.#parent = parent;
    this.group = parent?.group ?? facts.callSid;
    const { promise, resolve } = Promise.withResolvers<CallEnd>();
    this.over = promise;
    this.#tellOver = resolve;
    this.owner = options.owner;
    this.facts = facts;
    this.log = world.log.with({ call_sid: facts.callSid });
    this.events = new EventLog(
      () => world.clock.now(),
      (event) => world.onEvent(this, event),
    );
    this.scope = new Scope(`call ${facts.callSid}`, { onError: (error) => this.#bug('closing', error) });
    this.#mailbox = new Mailbox({
      limit: mailboxLimit,
      handle: (message) => message.run(),
      onError: (error, message) => this.#bug(message.what, error),
    });
    this.digits = new Digits(world.clock);
    this.leg = new Leg({
      world,
      callSid: facts.callSid,
      group: this.group,
      scope: this.scope,
      events: this.events,
      handler: handler(this),
      answerHeaders: options.answerHeaders ?? {},
    });
    this.program = new Program(new VerbHost(this));
    this.speech = new SpeechSettings(speechOf(options.owner));
    this.#conversation = parent?.conversation ?? new Conversation(this, options.hooks);
    this.events.append('created', { direction: facts.direction, from: facts.from, to: facts.to });
  }

  get sid(): string {
    return this.facts.callSid;
  }

  get clock(): Clock {
    return this.world.clock;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whose verb dialled this leg; undefined once it stands on its own. */
  get parent(): Call | undefined {
    return this.#parent;
  }

  /** The talk with its application; of a dialled leg with its parent's. */
  get conversation(): Conversation {
    return this.#conversation;
  }

  /** A dialled leg becomes a call of its own (live-call-control.md 7.4). */
  standAlone(conversation: Conversation): void {
    this.#parent = undefined;
    this.#conversation = conversation;
  }

  /** Runs `fn` alone, after what the call is doing now; false when nothing is left of the call. Its errors end this call and nothing else. */
  turn(what: string, fn: () => void): boolean {
    return this.#mailbox.post({ what, run: fn });
  }

  /** Standard call information, for every hook (verbs.md 1.2). */
  payload(extra: Payload = {}): Payload {
    return { ...baseInfo(this.facts), ...extra };
  }

  /** Asks a hook for verbs to run from here on (session:redirect). */
  askRedirect(hook: HookInput, options: AskOptions = {}): Promise<Answer> {
    return this.conversation.ask('session:redirect', hook, sessionRedirect(this.facts), options);
  }

  /** A status on the way; the last one is given by `finish`. */
  setStatus(status: CallStatus, sipStatus: number, sipReason: string): void {
    if (!this.ended && this.#reported !== `${status} ${sipStatus}`) this.#report(status, sipStatus, sipReason);
  }

  markAnswered(): void {
    this.#answeredAt ??= this.clock.now();
    this.setStatus('in-progress', 200, 'OK');
    this.recordings.answered();
  }

  /** Starts with these verbs, or gives the running application way to them. */
  run(steps: Step[]): void {
    if (this.ended) return;
    this.events.append('program-replaced', { verbs: steps.map((s) => s.name) });
    this.program.replace(steps);
  }

  /** Hangs up, cancels or refuses, whatever its state asks for. */
  hangup(reason?: string, headers: ExtraHeaders = {}): void {
    this.conclude({ headers, ...(reason !== undefined && { reason }) });
  }

  /** Ends the call from our side. */
  conclude(conclusion: Conclusion): void {
    if (this.ended) return;
    const { end, said } = conclude(this, conclusion);
    this.#farewell = said;
    this.finish(end, conclusion.socketCode);
  }

  /** The one end of every call: the last status, then the verbs' last words, then nothing is left. */
  finish(end: CallEnd, socketCode: 1000 | 1001 = 1000): void {
    if (this.ended) return;
    this.#ended = true;
    this.facts.callTerminationBy = end.by;
    if (end.headers) this.facts.headers = end.headers;
    if (end.status === 'completed')
      this.facts.duration = Math.round((this.clock.now() - (this.#answeredAt ?? this.clock.now())) / 1000);
    if (end.reasonHeader !== undefined) this.facts.sipReasonHeader = end.reasonHeader;
    this.#report(end.status, end.sipStatus, end.sipReason, end.said);
    this.#tellOver(end);
    this.#gone = this.#leave(Promise.all([this.program.stop('hangup'), this.#farewell]), socketCode);
  }

  /** Resolves when the call has left nothing behind. */
  gone(): Promise<void> {
    return this.#gone;
  }

  alert(type: string, message: string): void {
    this.events.append('alert', { alert: type, message });
    this.world.onAlert({ accountSid: this.facts.accountSid, callSid: this.sid, type, message });
  }

  /** Applies a hook's answer: verbs replace the application, bad ones are reported, anything else goes on. */
  applyAnswer(answer: Answer): void {
    if (this.ended) return;
    if (answer.kind === 'verbs') this.run(answer.steps);
    if (answer.kind === 'invalid') this.conversation.refused(answer.refusal);
  }

  /** A call with nothing to do ends, unless its application may still send commands. What becomes of a dialled leg its dial decides. */
  endIfIdle(): void {
    const { program, conversation, redirects } = this;
    const busy = program.running !== undefined || program.queued > 0 || redirects.waiting > 0;
    if (!busy && !this.#parent && !conversation.waitsForCommands) this.hangup();
  }

  #report(status: CallStatus, sipStatus: number, sipReason: string, said?: string): void {
    const { facts } = this;
    if (finalStatuses.has(facts.callStatus)) return;
    this.#reported = `${status} ${sipStatus}`;
    Object.assign(facts, { callStatus: status, sipStatus, sipReason });
    const { callTerminationBy: by } = facts;
    this.events.append('status', { status, sip_status: sipStatus, sip_reason: sipReason, by, said });
    this.conversation.notify('call:status', this.payload());
  }

  async #leave(lastWords: Promise<unknown>, socketCode: 1000 | 1001): Promise<void> {
    const { callStatus: status, direction, duration } = this.facts;
    await this.leg.scope.close('call over');
    await atMost(this.clock, lastHooksMs, Promise.all([lastWords, this.recordings.settled()]));
    if (this.conversation.call === this) await this.conversation.close(socketCode);
    await this.scope.close('call over');
    this.#mailbox.close();
    this.events.append('ended', { status, direction, duration });
    this.world.directory.remove(this);
  }

  /** The code is wrong, not the world: this call ends, the server does not. */
  #bug(what: string, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.log.error(`bug in a call while ${what}`, { error: errorText(error), stack });
    this.events.append('error', { what: `internal error while ${what}`, reason: errorText(error) });
    this.hangup('Internal Error');
  }
}
