// What a call does for its program: meets a verb's need, gives it a voice towards the application, notes what it does.
import type { Payload } from '../../apps/index.ts';
import { type Clock, errorText, type Refusal, refuse, type Scope } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { noteStrange } from '../events.ts';
import type { Step, VerbRun } from '../types.ts';
import type { ProgramOwner } from './program.ts';

export class VerbHost implements ProgramOwner {
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
  }

  get clock(): Clock {
    return this.#call.clock;
  }

  get scope(): Scope {
    return this.#call.scope;
  }

  turn(what: string, fn: () => void): void {
    this.#call.turn(what, fn);
  }

  async prepare(step: Step, scope: Scope): Promise<Refusal | undefined> {
    const { leg } = this.#call;
    // What is still said to pass the time is heard first.
    const patience = this.#call.patience.end();
    if (patience) await patience;
    if (step.needs === 'stable' && !leg.answered) return refuse('not-answered', `${step.name} needs an answered call`);
    if (step.needs === 'unanswered' && leg.answered) return refuse('answered', `${step.name} needs an unanswered call`);
    if (step.needs !== 'media') return undefined;
    const refusal = await leg.ensureMedia(step.earlyMedia, scope.signal);
    if (refusal) this.#call.mediaRefusal = refusal;
    return refusal;
  }

  context(step: Step, scope: Scope): VerbRun {
    const call = this.#call;
    const id = step.id === undefined ? {} : { id: step.id };
    const withId = (extra: Payload): Payload =>
      call.payload(step.id === undefined ? extra : { ...extra, verbId: step.id });
    return {
      call,
      scope,
      step,
      hook: async (hook, extra) => {
        if (hook === undefined) return;
        // A failed hook has been noted and alerted; the next verb runs (verbs.md 1.3).
        const answer = await call.conversation.ask('verb:hook', hook, withId(extra)).catch(() => undefined);
        if (answer && call.program.isRunning(scope)) call.applyAnswer(answer);
      },
      tell: (hook, extra) => hook !== undefined && call.conversation.tell(hook, withId(extra)),
      status: (event, extra = {}) => this.#status(event, { verb: step.name, ...id, ...extra }),
    };
  }

  onStarting(step: Step): void {
    noteStrange(this.#call, step);
    this.#call.events.append('verb-started', { verb: step.name, id: step.id, audible: step.audible });
    this.#status('starting', { id: step.id, name: step.name });
  }

  onFinished(step: Step): void {
    this.#call.events.append('verb-finished', { verb: step.name, id: step.id });
    this.#status('finished', { id: step.id, name: step.name });
  }

  onKilled(step: Step, reason: string, started: boolean): void {
    this.#call.events.append('verb-killed', { verb: step.name, id: step.id, reason });
    if (started) this.#status('finished', { id: step.id, name: step.name });
  }

  onSkipped(step: Step, refusal: Refusal): void {
    this.#call.events.append('verb-skipped', { verb: step.name, id: step.id, reason: refusal.reason });
  }

  onCrash(step: Step, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#call.events.append('error', { what: `${step.name} failed`, reason: errorText(error) });
    this.#call.log.error('a verb ended its call', { verb: step.name, error: errorText(error), stack });
    this.#call.hangup(errorText(error));
  }

  onIdle(): void {
    this.#call.turn('application ended', () => {
      this.#call.endIfIdle();
      if (this.#call.program.running === undefined) this.#call.patience.begin();
    });
  }

  #status(event: string, fields: Payload): void {
    if (this.#call.notifyEvents) this.#call.conversation.notify('verb:status', { event, ...fields });
  }
}
