// config.bargeIn: a gather in the background, below whatever verbs run; what it hears cuts them (verbs.md 9.1).
import type { HookInput, Payload } from '../apps/index.ts';
import { isObject, type Refusal, type Scope, type Timer } from '../base/index.ts';
import type { BargeInPart, Call, Step, VerbRun } from '../calls/index.ts';
import { Gathering } from './gather/gathering.ts';
import { type GatherOptions, gatherRefusal } from './gather/options.ts';
import { bargeInPatienceMs } from './limits.ts';

export interface BargeInOptions extends GatherOptions {
  enable?: boolean;
  /** Listens anew after each result. */
  sticky?: boolean;
}

export function bargeInRefusal(input: BargeInOptions | undefined): Refusal | undefined {
  const refusal = input?.enable ? gatherRefusal(input) : undefined;
  return refusal && { ...refusal, path: `bargeIn.${refusal.path}` };
}

/** Starts it, changes it when its input differs, or ends it. `step` is the config that says so. */
export function configureBargeIn(call: Call, input: BargeInOptions | undefined, step: Step): void {
  if (input?.enable === undefined) return;
  const running = call.parts.get('bargeIn');
  if (!input.enable) {
    // A config that was spared when the caller barged in leaves it running (verbs.md 1.6).
    if (running?.spared !== step) running?.stop();
    return;
  }
  const wanted = inputOf(input);
  if (running && sameInput(running.input, wanted)) return;
  running?.stop();
  if (!call.leg.ended) new BackgroundGather(call, input, call.leg.scope.child('barge-in'));
}

const inputOf = ({ input = ['speech'] }: GatherOptions): readonly string[] => input;

const sameInput = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one) => b.includes(one));

/** A config that would end it: verbs are dropped up to here. */
const endsBargeIn = ({ name, options }: Step): boolean =>
  name === 'config' && isObject(options?.bargeIn) && options.bargeIn.enable === false;

class BackgroundGather implements BargeInPart {
  readonly input: readonly string[];
  spared: Step | undefined;
  readonly #call: Call;
  readonly #options: BargeInOptions;
  readonly #scope: Scope;
  #gathering: Gathering | undefined;
  /** The call is kept though its verbs are exhausted: somebody has begun to say something. */
  #keeping: Timer | undefined;
  /** Gathers that were not run wait for its next result. */
  #waiting: (() => void)[] = [];

  constructor(call: Call, options: BargeInOptions, scope: Scope) {
    this.#call = call;
    this.#options = options;
    this.#scope = scope;
    this.input = inputOf(options);
    call.parts.put('bargeIn', this, scope);
    void this.#gather();
  }

  takeTimeout(seconds: number): Promise<void> {
    this.#gathering?.setTimeout(seconds);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    void this.#scope.close('disabled');
  }

  async #gather(): Promise<void> {
    do {
      const scope = this.#scope.child('gather');
      const run = this.#run(scope);
      const options: GatherOptions = { timeout: 0, bargein: true, ...this.#options, input: [...this.input] };
      this.#gathering = new Gathering(options, run, { cut: (voice) => this.#cut(voice) });
      const resolution = await this.#gathering.done;
      void scope.close('resolved');
      if (!resolution || this.#scope.closed) break;
      this.#call.turn('barge-in', () => this.#interrupt());
      const waiting = this.#waiting.splice(0);
      const told = run.hook(this.#options.actionHook, { ...resolution }).then(() => letGo(waiting));
      this.#release();
      // Another one listens already while the application thinks.
      if (!this.#options.sticky || resolution.reason === 'error') {
        void this.#scope.close('resolved');
        await told;
      }
    } while (!this.#scope.closed);
    void this.#scope.close('over');
    this.#release();
    letGo(this.#waiting.splice(0));
  }

  /** Somebody speaks, or presses a key: what sounds is cut. A voice alone is enough for a socket application's verbs to end. */
  #cut(how: 'voice' | 'words' | 'key'): boolean {
    const prompt = this.#call.parts.get('prompt');
    this.#keep();
    prompt?.stop();
    if (how === 'voice') this.#interrupt();
    return prompt !== undefined;
  }

  /** A socket application's verbs end; a webhook's are replaced by what its hook answers, if at all. */
  #interrupt(): void {
    const { conversation, program } = this.#call;
    if (conversation.isSocket) this.spared = program.interrupt('barge-in', endsBargeIn);
  }

  /** A verb that is cut must not end the call of a webhook before the result is there. */
  #keep(): void {
    const { clock, redirects } = this.#call;
    redirects.waiting++;
    this.#keeping = clock.after(bargeInPatienceMs, () => this.#release());
  }

  #release(): void {
    if (!this.#keeping) return;
    this.#keeping.cancel();
    this.#keeping = undefined;
    this.#call.redirects.waiting--;
    this.#call.turn('barge-in has its result', () => this.#call.endIfIdle());
  }

  #run(scope: Scope): VerbRun {
    const call = this.#call;
    const ask = async (hook: HookInput | undefined, extra: Payload): Promise<void> => {
      if (hook === undefined || call.ended) return;
      // While the hook thinks, running out of verbs does not end the call. A failure has been noted and alerted.
      call.redirects.waiting++;
      const answer = await call.conversation.ask('verb:hook', hook, call.payload(extra)).catch(() => undefined);
      call.turn('barge-in answered', () => {
        call.redirects.waiting--;
        if (answer) call.applyAnswer(answer);
        call.endIfIdle();
      });
    };
    return {
      call,
      scope,
      step: background,
      hook: ask,
      tell: (hook, extra) => hook !== undefined && call.conversation.tell(hook, call.payload(extra)),
      status: (event, extra = {}) => {
        if (call.notifyEvents) call.conversation.notify('verb:status', { event, verb: background.name, ...extra });
      },
    };
  }
}

function letGo(waiting: (() => void)[]): void {
  for (const resolve of waiting) resolve();
}

/** Named in events and errors; it is no verb of the application's list. */
const background: Step = {
  name: 'gather',
  id: undefined,
  needs: 'media',
  earlyMedia: false,
  audible: false,
  run: async () => {},
};
