// Detecting: a leg is listened to, and the application is told whether a human or a machine has answered it (verbs.md 15).
import type { AmdNotice } from '../../apps/index.ts';
import type { Scope, Timer } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { longestGreeting } from '../limits.ts';
import { Listening, textOf } from '../recognition/index.ts';
import { type AmdInput, amdSettings } from './options.ts';
import { type AmdHappening, type AmdTimer, type Consequence, Verdicts } from './verdicts.ts';

export interface DetectOptions {
  /** Whose leg is heard. */
  call: Call;
  /** Whose application is told, and whose recognizer listens when none is named; the same call when absent. */
  session?: Call;
  input: AmdInput;
  /** For whom: named in errors. */
  verb: { name: string; id?: string | undefined };
  /** It ends with this. */
  scope: Scope;
  /** Sends to the hook and does what it answers. */
  send(notice: AmdNotice): Promise<void>;
}

/** Begins at once. One at a time on a leg: another that runs is stopped. */
export function detectMachine(options: DetectOptions): void {
  options.call.parts.get('amd')?.stop();
  new Detecting(options);
}

class Detecting {
  readonly #options: DetectOptions;
  readonly #session: Call;
  readonly #verdicts: Verdicts;
  readonly #timers = new Map<AmdTimer, Timer>();
  readonly #settle: () => void;
  #listening: Listening | undefined;
  /** What it opened, beside recognition. */
  readonly #undo: (() => void)[] = [];
  #sent: Promise<void> = Promise.resolve();
  #over = false;

  constructor(options: DetectOptions) {
    const { call, session = call, input, scope } = options;
    this.#options = options;
    this.#session = session;
    this.#verdicts = new Verdicts(amdSettings(input, call.world.settings.voicemailPhrases));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settle = resolve;
    // Its last words come within the time that a call waits for those.
    session.program.linger(promise);
    call.events.append('amd', { what: 'started' });
    this.#listen();
    const unwatch = call.leg.port?.beeps.watch((beep) => this.#inTurn({ what: 'beep', ...beep }));
    if (unwatch) this.#undo.push(unwatch);
    this.#undo.push(
      call.parts.put('amd', this, scope),
      scope.defer(() => this.stop()),
    );
    this.#follow(this.#verdicts.begin());
  }

  stop(): void {
    this.#take({ what: 'stopped' });
  }

  #listen(): void {
    const { call, input, verb } = this.#options;
    const { recognizer: settings } = this.#session.speech;
    const recognizer = settings.resolve(input.recognizer);
    // Whatever a verb wants of its recognizer: here it goes on, and tells what it has so far.
    const options = { enhancedModel: true, ...recognizer.options, singleUtterance: false };
    this.#listening = new Listening({
      call,
      session: this.#session,
      verb,
      side: 'ear',
      settings,
      recognizer: { ...recognizer, options },
      interim: true,
      onOpen: () => this.#take({ what: 'listening' }),
      onTranscript: (transcript) => {
        const { isFinal, language } = transcript;
        this.#take({ what: 'transcript', text: textOf(transcript).slice(0, longestGreeting), isFinal, language });
      },
      onFailed: ({ details }) => this.#take({ what: 'failed', reason: details }),
    });
  }

  #inTurn(happening: AmdHappening): void {
    this.#session.turn('amd', () => this.#take(happening));
  }

  #take(happening: AmdHappening): void {
    if (!this.#over) this.#follow(this.#verdicts.hear(happening));
  }

  #follow({ tell, timers, over }: Consequence): void {
    for (const notice of tell) this.#tell(notice);
    for (const [timer, ms] of Object.entries(timers) as [AmdTimer, number | false][]) this.#set(timer, ms);
    if (over) this.#end();
  }

  #set(timer: AmdTimer, ms: number | false): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
    if (ms === false) return;
    const expired = (): void => this.#inTurn({ what: 'expired', timer });
    this.#timers.set(timer, this.#session.clock.after(ms, expired));
  }

  /** In order. An HTTP application is asked for one at a time; a socket keeps the order by itself. */
  #tell(notice: AmdNotice): void {
    const { call, send } = this.#options;
    const { type, ...facts } = notice;
    const what = type.slice('amd_'.length).replaceAll('_', '-');
    call.events.append('amd', { what, ...facts, ...(facts.greeting && { greeting: facts.greeting.slice(0, 60) }) });
    const before = this.#sent;
    const sent = this.#session.conversation.isSocket ? send(notice) : before.then(() => send(notice));
    this.#sent = Promise.all([before, sent]).then(() => {});
  }

  #end(): void {
    this.#over = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#listening?.close();
    for (const undo of this.#undo) undo();
    void this.#sent.then(this.#settle);
  }
}
