// One gather while it runs: digits, speech, a prompt that either may cut, and timers; the first that resolves ends it (verbs.md 4).
import { isRefusal, type Refusal, type Timer } from '../../base/index.ts';
import {
  type AudioPlan,
  type Failure,
  type Playing,
  speechObject,
  type Transcript,
  type VerbRun,
} from '../../calls/index.ts';
import { mostGathered } from '../limits.ts';
import { playOptionsPlan } from '../play.ts';
import { playFailure, speechError, startPrompt } from '../prompt.ts';
import { sayPlan } from '../say.ts';
import type { GatherOptions } from './options.ts';
import { SpeechInput } from './speech-input.ts';

export const defaultTimeoutSeconds = 15;
const defaultMinDigits = 1;

/** How it ended, as its hook is told. */
export type Resolution =
  | { reason: 'dtmfDetected'; digits: string }
  | { reason: 'speechDetected' | 'stt-low-confidence'; speech: Record<string, unknown> }
  | { reason: 'timeout' }
  | { reason: 'error'; details: string };

/** A gather in the background has no prompt of its own. */
export interface Background {
  /** Somebody speaks or presses a key: cuts what others play. True when something sounded. */
  cut(how: 'voice' | 'words' | 'key'): boolean;
}

export class Gathering {
  /** Undefined: it was ended from outside, or cannot go on and has said so; nothing is to be told to its hook. */
  readonly done: Promise<Resolution | undefined>;
  readonly #options: GatherOptions;
  readonly #run: VerbRun;
  readonly #background: Background | undefined;
  readonly #digitsWanted: boolean;
  readonly #speechWanted: boolean;
  readonly #min: number;
  readonly #max: number;
  #timeoutSeconds: number;
  #digits = '';
  #main: Timer | undefined;
  #interDigit: Timer | undefined;
  #prompt: Playing | undefined;
  #speech: SpeechInput | undefined;
  #cutAlready = false;
  readonly #settle: (resolution: Resolution | undefined) => void;
  #over = false;

  constructor(options: GatherOptions, run: VerbRun, background?: Background) {
    const { input = ['digits'], listenDuringPrompt = true } = options;
    this.#options = options;
    this.#run = run;
    this.#background = background;
    this.#digitsWanted = input.includes('digits');
    this.#speechWanted = input.includes('speech');
    this.#min = options.minDigits ?? defaultMinDigits;
    this.#max = options.numDigits ?? options.maxDigits ?? mostGathered;
    this.#timeoutSeconds = options.timeout ?? defaultTimeoutSeconds;
    const { promise, resolve, reject } = Promise.withResolvers<Resolution | undefined>();
    this.#settle = resolve;
    this.done = promise;
    run.scope.defer(() => this.#stop(undefined));
    if (listenDuringPrompt || background) this.#listen();
    this.#start().catch(reject);
  }

  /** Waits so long from now on; 0 for ever (a gather that was not run hands its timeout over). */
  setTimeout(seconds: number): void {
    if (this.#over) return;
    this.#timeoutSeconds = seconds;
    this.#main?.cancel();
    this.#main = undefined;
    this.#startMain();
  }

  async #start(): Promise<void> {
    const { say, play, listenDuringPrompt } = this.#options;
    const plan = say ? await sayPlan(say, this.#run.call) : play ? playOptionsPlan(play) : undefined;
    if (this.#over) return;
    if (plan && this.#digits === '') await this.#playPrompt(plan);
    if (this.#over) return;
    if (listenDuringPrompt === false) this.#listen();
    if (!this.#interDigit && !this.#main) this.#startMain();
  }

  async #playPrompt(plan: AudioPlan | Refusal): Promise<void> {
    if (isRefusal(plan)) return speechError(this.#run, plan.reason, 'no-tts');
    this.#prompt = startPrompt(this.#run, plan);
    const result = await this.#prompt?.done;
    this.#prompt = undefined;
    if (result?.reason === 'failed') playFailure(this.#run, result);
    if (result?.reason === 'completed') this.#run.status('stop-playback');
  }

  #listen(): void {
    const { call, scope } = this.#run;
    scope.defer(call.digits.listen((digit, durationMs) => this.#pressed(digit, durationMs)));
    if (this.#speechWanted) this.#listenToSpeech();
  }

  // --- speech

  #listenToSpeech(): void {
    const { bargein, partialResultHook, recognizer, minBargeinWordCount, vad } = this.#options;
    const settings = this.#run.call.speech.recognizer;
    const resolved = settings.resolve(recognizer);
    const { interim, fastRecognitionTimeout = 0, asrTimeout = 0, vad: recognizerVad } = resolved.options;
    const { voiceMs = settings.voiceMs } = { ...recognizerVad, ...vad };
    const interims =
      partialResultHook !== undefined ||
      bargein === true ||
      interim === true ||
      this.#timeoutSeconds > 0 ||
      fastRecognitionTimeout > 0 ||
      asrTimeout > 0;
    this.#speech = new SpeechInput({
      run: this.#run,
      recognizer: resolved,
      interim: interims,
      // Any voice cuts the prompt, by our own ear.
      voiceMs: bargein && minBargeinWordCount === 0 ? voiceMs : undefined,
      onVoice: () => this.#bargeIn('voice', {}),
      onHeard: (transcript, words) => this.#said(transcript, words),
      onResult: (reason, transcript) => this.#stop({ reason, speech: speechObject(transcript) }),
      onNothing: () => this.#stop({ reason: 'timeout' }),
      onFailed: (failure) => this.#failed(failure),
    });
  }

  #said(transcript: Transcript, words: number): void {
    const speech = speechObject(transcript);
    const { minBargeinWordCount = 1, partialResultHook } = this.#options;
    if (words >= Math.max(1, minBargeinWordCount)) this.#bargeIn('words', speech);
    if (transcript.isFinal) return;
    this.#run.tell(partialResultHook, { speech });
    if (!this.#main) return;
    this.#main.cancel();
    this.#main = undefined;
    this.#startMain();
  }

  #bargeIn(how: 'voice' | 'words', speech: Record<string, unknown>): void {
    if (this.#options.bargein && this.#cut(how)) this.#run.status('speech-bargein-detected', speech);
  }

  /** True when something sounded. */
  #cut(how: 'voice' | 'words' | 'key'): boolean {
    // Once: what begins to sound while somebody still speaks is left to him.
    if (this.#cutAlready) return false;
    this.#cutAlready = this.#background !== undefined;
    if (this.#background) return this.#background.cut(how);
    return this.#cutPrompt();
  }

  #cutPrompt(): boolean {
    const prompt = this.#prompt;
    this.#prompt = undefined;
    if (!prompt) return false;
    prompt.stop();
    this.#run.status('kill-playback');
    return true;
  }

  /** Nobody listens any more. Only a failure while it listened is told to the hook (verbs.md 4.9). */
  #failed({ when, details }: Failure): void {
    this.#stop(when === 'runtime' ? { reason: 'error', details } : undefined);
  }

  // --- digits

  #pressed(digit: string, durationMs: number): void {
    if (this.#over) return;
    if (this.#keysCut && this.#cut('key'))
      this.#run.status('dtmf-bargein-detected', { dtmf: digit, duration: durationMs });
    if (this.#speech?.terminate(digit)) {
      this.#main?.cancel();
      return;
    }
    if (!this.#digitsWanted) return;
    // Who presses keys does not speak.
    this.#speech?.stop();
    if (digit === this.#options.finishOnKey) return this.#digitsDone();
    this.#digits += digit;
    if (this.#digits.length >= this.#max) return this.#digitsDone();
    this.#run.tell(this.#options.partialResultHook, { digits: this.#digits });
    this.#restartTimers();
  }

  get #keysCut(): boolean {
    return this.#options.dtmfBargein ?? this.#digitsWanted;
  }

  #digitsDone(): void {
    this.#stop({ reason: 'dtmfDetected', digits: this.#digits });
  }

  #restartTimers(): void {
    const seconds = this.#options.interDigitTimeout;
    if (seconds !== undefined && seconds > 0 && this.#digits.length >= this.#min) {
      this.#main?.cancel();
      this.#interDigit?.cancel();
      this.#interDigit = this.#after(seconds, () => this.#digitsDone());
    } else if (!this.#main) this.#startMain();
  }

  // --- time and end

  #startMain(): void {
    if (this.#over || this.#main || this.#timeoutSeconds === 0) return;
    this.#main = this.#after(this.#timeoutSeconds, () => {
      if (this.#digits.length >= Math.max(1, this.#min)) return this.#digitsDone();
      if (this.#digits === '' && this.#speech?.extend()) return;
      this.#stop({ reason: 'timeout' });
    });
  }

  #after(seconds: number, fn: () => void): Timer {
    const { call } = this.#run;
    return call.clock.after(seconds * 1000, () => call.turn('gather timer', () => this.#over || fn()));
  }

  #stop(resolution: Resolution | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#main?.cancel();
    this.#interDigit?.cancel();
    this.#speech?.stop();
    this.#cutPrompt();
    if (!resolution || resolution.reason === 'dtmfDetected') return this.#settle(resolution);
    this.#settle({ ...resolution, ...this.#speech?.latency });
  }
}
