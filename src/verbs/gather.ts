// gather: collects digits, with or without a prompt (verbs.md 4). Speech input is not in this version.
import type { HookInput } from '../apps/index.ts';
import { isRefusal, type Refusal, refuse, type Timer } from '../base/index.ts';
import type { AudioPlan, Playing, VerbRun } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { longestGatherSeconds, mostGathered } from './limits.ts';
import { type PlayOptions, play, playOptionsPlan } from './play.ts';
import { playFailure, speechError, startPrompt } from './prompt.ts';
import { type SayOptions, say, sayPlan } from './say.ts';

interface Options {
  input?: string[];
  actionHook?: HookInput;
  partialResultHook?: HookInput;
  say?: SayOptions;
  play?: PlayOptions;
  timeout?: number;
  interDigitTimeout?: number;
  finishOnKey?: string;
  numDigits?: number;
  minDigits?: number;
  maxDigits?: number;
  dtmfBargein?: boolean;
  listenDuringPrompt?: boolean;
}

const defaultTimeoutSeconds = 15;
const defaultMinDigits = 1;

export const gather = defineVerb<Options>({
  name: 'gather',
  example: { numDigits: 1, timeout: 1, actionHook: '/done' },
  needs: 'media',
  check: (options) => inputRefusal(options) ?? numbersRefusal(options) ?? promptRefusal(options),
  run: (options, run) => new Gathering(options, run).done,
});

function inputRefusal({ input = ['digits'], finishOnKey }: Options): Refusal | undefined {
  if (input.includes('speech'))
    return refuse('verb-later', 'speech input is not in this version; use ["digits"]', { path: 'input' });
  if (input.length === 0) return refuse('verb-option', 'must name an input', { path: 'input' });
  // An empty text means no key, as in the reference.
  if (finishOnKey !== undefined && !/^[0-9*#]?$/.test(finishOnKey))
    return refuse('verb-option', 'must be one key: 0-9, * or #', { path: 'finishOnKey' });
  return undefined;
}

function numbersRefusal(options: Options): Refusal | undefined {
  for (const name of ['numDigits', 'minDigits', 'maxDigits'] as const) {
    const value = options[name];
    const least = name === 'minDigits' ? 0 : 1;
    if (value !== undefined && !(Number.isInteger(value) && value >= least && value <= mostGathered)) {
      return refuse('verb-option', `must be a whole number from ${least} to ${mostGathered}`, { path: name });
    }
  }
  for (const name of ['timeout', 'interDigitTimeout'] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0 && value <= longestGatherSeconds))
      return refuse('verb-option', `must be 0 to ${longestGatherSeconds} seconds`, { path: name });
  }
  if ((options.minDigits ?? 0) > (options.maxDigits ?? options.numDigits ?? mostGathered))
    return refuse('verb-option', 'must not be more than maxDigits or numDigits', { path: 'minDigits' });
  return undefined;
}

function promptRefusal(options: Options): Refusal | undefined {
  if (options.say && options.play) return refuse('verb-option', 'must not stand beside say', { path: 'play' });
  const inner = options.say ? say.check?.(options.say) : options.play ? play.check?.(options.play) : undefined;
  return inner && { ...inner, path: `${options.say ? 'say' : 'play'}.${inner.path}` };
}

type Reason = 'dtmfDetected' | 'timeout';

/** One gather while it runs: digits, two timers, a prompt. */
class Gathering {
  readonly done: Promise<void>;
  readonly #options: Options;
  readonly #run: VerbRun;
  readonly #min: number;
  readonly #max: number;
  #digits = '';
  #main: Timer | undefined;
  #interDigit: Timer | undefined;
  #prompt: Playing | undefined;
  readonly #settle: (reason: Reason | undefined) => void;
  #over = false;

  constructor(options: Options, run: VerbRun) {
    this.#options = options;
    this.#run = run;
    this.#min = options.minDigits ?? defaultMinDigits;
    this.#max = options.numDigits ?? options.maxDigits ?? mostGathered;
    const { promise, resolve, reject } = Promise.withResolvers<Reason | undefined>();
    this.#settle = resolve;
    run.scope.defer(() => this.#stop(undefined));
    this.done = promise.then((reason) => this.#report(reason));
    if (options.listenDuringPrompt !== false) this.#listen();
    this.#start().catch(reject);
  }

  async #start(): Promise<void> {
    const { say: speech, play: file } = this.#options;
    const plan = speech ? await sayPlan(speech, this.#run.call) : file ? playOptionsPlan(file) : undefined;
    if (this.#over) return;
    if (plan && this.#digits === '') await this.#playPrompt(plan);
    if (this.#over) return;
    if (this.#options.listenDuringPrompt === false) this.#listen();
    if (!this.#interDigit) this.#startMain();
  }

  async #playPrompt(plan: AudioPlan | Refusal): Promise<void> {
    if (isRefusal(plan)) return speechError(this.#run, plan.reason, 'no-tts');
    this.#prompt = startPrompt(this.#run, plan);
    const result = await this.#prompt?.done;
    this.#prompt = undefined;
    if (result?.reason === 'failed') playFailure(this.#run, result);
  }

  #listen(): void {
    this.#run.scope.defer(this.#run.call.digits.listen((digit, durationMs) => this.#heard(digit, durationMs)));
  }

  #heard(digit: string, durationMs: number): void {
    if (this.#over) return;
    if (this.#prompt && this.#options.dtmfBargein !== false) {
      this.#run.status('dtmf-bargein-detected', { dtmf: digit, duration: durationMs });
      this.#prompt.stop();
    }
    if (digit === this.#options.finishOnKey) return this.#stop('dtmfDetected');
    this.#digits += digit;
    if (this.#digits.length >= this.#max) return this.#stop('dtmfDetected');
    this.#run.tell(this.#options.partialResultHook, { digits: this.#digits });
    this.#restartTimers();
  }

  #restartTimers(): void {
    const seconds = this.#options.interDigitTimeout;
    if (seconds !== undefined && seconds > 0 && this.#digits.length >= this.#min) {
      this.#main?.cancel();
      this.#interDigit?.cancel();
      this.#interDigit = this.#after(seconds, () => this.#stop('dtmfDetected'));
    } else if (!this.#main) this.#startMain();
  }

  #startMain(): void {
    const seconds = this.#options.timeout ?? defaultTimeoutSeconds;
    if (this.#over || this.#main || seconds === 0) return;
    this.#main = this.#after(seconds, () =>
      this.#stop(this.#digits.length >= Math.max(1, this.#min) ? 'dtmfDetected' : 'timeout'),
    );
  }

  #after(seconds: number, fn: () => void): Timer {
    const { call } = this.#run;
    return call.clock.after(seconds * 1000, () => call.turn('gather timer', fn));
  }

  /** Ends it, once: with a reason to report, or none when the verb itself was ended. */
  #stop(reason: Reason | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#main?.cancel();
    this.#interDigit?.cancel();
    this.#prompt?.stop();
    this.#settle(reason);
  }

  async #report(reason: Reason | undefined): Promise<void> {
    if (reason === undefined) return;
    await this.#run.hook(
      this.#options.actionHook,
      reason === 'dtmfDetected' ? { reason, digits: this.#digits } : { reason },
    );
  }
}
