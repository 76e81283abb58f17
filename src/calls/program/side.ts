// A side program: verbs that a hook answers with, run on a call beside its program (music on hold, a wait for a conference, a confirmation).
import type { HookInput, Payload, RequestType } from '../../apps/index.ts';
import { errorText, isScopeClosed, type Refusal, refusalText, refuse, type Scope, sleep } from '../../base/index.ts';
import type { Answer } from '../application/conversation.ts';
import type { Call } from '../call.ts';
import { noteStrange } from '../events.ts';
import { sideRetriesMs } from '../limits.ts';
import type { Step, VerbRun } from '../types.ts';

interface SideRun {
  /** Whose far end hears it, and whose application is asked. */
  call: Call;
  /** Whose application is asked, when it is another's: a dialled child's is its parent's. */
  asking?: Call;
  /** What runs stops when this closes. */
  scope: Scope;
  /** A verb of this name ends the side program when its turn comes. */
  until?: string;
  /** A verb's own hook may replace the rest by these verbs, others are left out; its answer is ignored when absent. */
  replaceable?: ReadonlySet<string>;
}

export interface SideOptions extends SideRun {
  hook: HookInput;
  /** 'verb:hook' when absent. */
  type?: RequestType;
  /** Made anew for each time the hook is asked. */
  payload(): Payload;
  /** Verbs the answer may hold; another one, and none of it runs (app-interfaces.md 3.4). */
  allowed: ReadonlySet<string>;
  /** Silence before each time the hook is asked, ms, and later when it fails; once and at once when absent. */
  everyMs?: number;
  /** Before the first time, when it is another. */
  firstMs?: number;
}

/**
 * How it ended: all was run, `until` was met, the scope closed, the hook answered with nothing to run, or something was
 * wrong (the hook failed, or answered with what may not run); that has been noted and alerted.
 */
export type SideEnd = 'done' | 'until' | 'closed' | 'nothing' | 'failed';

/** Verbs of music and announcements (app-interfaces.md 3.4). */
export const soundVerbs: ReadonlySet<string> = new Set(['say', 'play', 'pause']);

/** Runs it. Never rejects; nothing of it is left when it resolves. The call's program, its `verb:status` and its events of verbs know nothing of it. */
export async function runSide(options: SideOptions): Promise<SideEnd> {
  const { call, scope, everyMs, firstMs = everyMs } = options;
  try {
    let unanswered = 0;
    for (let waitMs = firstMs; ; waitMs = everyMs) {
      if (waitMs) await sleep(call.clock, waitMs, scope.signal);
      let steps = await fetchSteps(options);
      for (; steps === 'unanswered' && everyMs !== undefined; steps = await fetchSteps(options))
        await sleep(call.clock, retryMs(unanswered++), scope.signal);
      if (steps === 'unanswered') return 'failed';
      unanswered = 0;
      const end = Array.isArray(steps) ? await new Side(options, steps).run() : steps;
      if (scope.closed) return 'closed';
      if (end !== 'done' || everyMs === undefined) return end;
    }
  } catch (error) {
    if (scope.closed || isScopeClosed(error)) return 'closed';
    call.events.append('error', { what: 'a side program failed', reason: errorText(error) });
    return 'failed';
  }
}

/** The same with verbs that are here already. */
export async function runBeside(call: Call, steps: Step[]): Promise<void> {
  await new Side({ call, scope: call.scope }, steps).run();
}

const retryMs = (failures: number): number => sideRetriesMs[failures] ?? sideRetriesMs.at(-1)!;

async function fetchSteps(options: SideOptions): Promise<Step[] | SideEnd | 'unanswered'> {
  const { call, asking = call, scope, hook, type = 'verb:hook', payload, allowed } = options;
  const { signal } = scope;
  const failed = (): undefined => undefined; // noted and alerted already
  const answer = await asking.conversation.ask(type, hook, payload(), { signal }).catch(failed);
  if (scope.closed) return 'closed';
  if (!answer) return 'unanswered';
  if (answer.kind === 'nothing' || answer.kind === 'empty') return 'nothing';
  const refusal = refusalOf(answer, allowed);
  if (refusal) {
    noteRefusal(asking, refusal);
    return 'failed';
  }
  return answer.kind === 'verbs' ? answer.steps : 'failed';
}

function refusalOf(answer: Answer, allowed: ReadonlySet<string>): Refusal | undefined {
  if (answer.kind === 'invalid') return answer.refusal;
  if (answer.kind !== 'verbs') return refuse('app-not-array', 'the hook must answer with an array of verbs');
  const index = answer.steps.findIndex((step) => !allowed.has(step.name));
  if (index < 0) return undefined;
  const names = [...allowed].join(', ');
  return refuse('verb-not-here', `only ${names} can run here`, { path: `[${index}].${answer.steps[index]?.name}` });
}

/** The application hears of what it did wrong; the call goes on without it. */
function noteRefusal(call: Call, refusal: Refusal): void {
  const text = refusalText(refusal);
  call.events.append('program-refused', { reason: text });
  call.alert('invalid-app-payload', text);
  call.conversation.notify('jambonz:error', { msg: 'invalid hook response', details: text });
}

/** One answer's verbs, one after another. */
class Side {
  readonly #options: SideRun;
  #steps: Step[];
  #running: Scope | undefined;

  constructor(options: SideRun, steps: Step[]) {
    this.#options = options;
    this.#steps = steps;
  }

  async run(): Promise<'done' | 'until' | 'closed'> {
    const { scope, until } = this.#options;
    for (let step = this.#steps.shift(); step; step = this.#steps.shift()) {
      if (step.name === until) return 'until';
      await this.#perform(step);
      if (scope.closed) return 'closed';
    }
    return 'done';
  }

  async #perform(step: Step): Promise<void> {
    const { call, scope } = this.#options;
    const running = scope.child(`side ${step.name}`);
    this.#running = running;
    noteStrange(call, step);
    try {
      await step.run(this.#context(step, running));
    } catch (error) {
      if (!isScopeClosed(error))
        call.events.append('error', { what: `${step.name} failed beside the program`, reason: errorText(error) });
    } finally {
      await running.close('finished');
    }
  }

  #context(step: Step, scope: Scope): VerbRun {
    const { call, asking = call } = this.#options;
    const withId = (extra: Payload): Payload =>
      call.payload(step.id === undefined ? extra : { ...extra, verbId: step.id });
    return {
      call,
      scope,
      step,
      hook: async (hook, extra) => {
        if (hook === undefined) return;
        const answer = await asking.conversation.ask('verb:hook', hook, withId(extra)).catch(() => undefined);
        if (answer && this.#running === scope && !scope.closed) this.#answered(answer);
      },
      tell: (hook, extra) => hook !== undefined && asking.conversation.tell(hook, withId(extra)),
      status: () => {},
    };
  }

  #answered(answer: Answer): void {
    const { call, asking = call, replaceable } = this.#options;
    if (!replaceable) return;
    if (answer.kind === 'invalid') return noteRefusal(asking, answer.refusal);
    if (answer.kind === 'verbs') this.#steps = answer.steps.filter((step) => replaceable.has(step.name));
  }
}
