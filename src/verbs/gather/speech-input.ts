// What a gather hears said: interims, finals, several finals as one (continuous ASR), and when a result is one (verbs.md 4.5, 4.6).
import type { Timer } from '../../base/index.ts';
import {
  type Failure,
  joinTranscripts,
  Listening,
  type ResolvedRecognizer,
  SttLatency,
  type Transcript,
  textOf,
  type VerbRun,
  withoutLastMark,
  wordsIn,
} from '../../calls/index.ts';
import { mostFinals } from '../limits.ts';

export interface SpeechInputOptions {
  run: VerbRun;
  recognizer: ResolvedRecognizer;
  interim: boolean;
  /** Any voice that lasts so long is told to `onVoice`; none when absent. */
  voiceMs: number | undefined;
  onVoice(): void;
  /** Something was said; `words` counts those of earlier finals too. */
  onHeard(transcript: Transcript, words: number): void;
  onResult(reason: 'speechDetected' | 'stt-low-confidence', transcript: Transcript): void;
  /** Continuous ASR: nobody says anything more, and nobody has said anything. */
  onNothing(): void;
  onFailed(failure: Failure): void;
}

/** Wait for a last final after the termination key (verbs.md 4.6). */
const finalWaitMs = 1_000;

export class SpeechInput {
  readonly #options: SpeechInputOptions;
  readonly #listening: Listening;
  readonly #latency: SttLatency | undefined;
  /** Seconds of silence that end a turn of several finals; 0: the first final does. */
  readonly #asrTimeout: number;
  readonly #finals: Transcript[] = [];
  /** The last interim since the last final. */
  #hypothesis: Transcript | undefined;
  #asr: Timer | undefined;
  #fast: Timer | undefined;
  /** The next final ends it: the termination key was pressed. */
  #finishing = false;
  #over = false;

  constructor(options: SpeechInputOptions) {
    const { run, recognizer, interim } = options;
    this.#options = options;
    this.#asrTimeout = recognizer.options.asrTimeout ?? 0;
    const { clock, speech } = run.call;
    if (speech.recognizer.measured) this.#latency = new SttLatency(clock);
    this.#listening = new Listening({
      call: run.call,
      verb: { name: run.step.name, id: run.step.id },
      side: 'ear',
      settings: speech.recognizer,
      recognizer,
      interim,
      voiceMs: options.voiceMs,
      onVoice: () => this.#over || options.onVoice(),
      onTranscript: (transcript, heard) => {
        this.#latency?.note(heard, transcript.isFinal);
        this.#heard(transcript);
      },
      onFailed: (failure) => this.#over || options.onFailed(failure),
    });
  }

  /** How long results took, for the hook; nothing unless asked for. */
  get latency(): Record<string, unknown> {
    return this.#latency?.take() ?? {};
  }

  /** The key that ends what is being said, and there is something: true. */
  terminate(key: string): boolean {
    const { asrDtmfTerminationDigit } = this.#options.recognizer.options;
    if (this.#asrTimeout === 0 || key !== asrDtmfTerminationDigit) return false;
    if (this.#finals.length === 0 && !this.#hypothesis) return false;
    this.#finishing = true;
    this.#arm(finalWaitMs);
    return true;
  }

  /** The gather's time is up: continuous ASR gets one more window. False when there is none. */
  extend(): boolean {
    if (this.#asrTimeout === 0) return false;
    if (!this.#asr) this.#arm(this.#asrTimeout * 1000);
    return true;
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#asr?.cancel();
    this.#fast?.cancel();
    this.#listening.close();
  }

  #heard(transcript: Transcript): void {
    if (this.#over) return;
    const text = textOf(transcript).trim();
    // An empty final says that nothing was said.
    if (text === '') return;
    this.#fast?.cancel();
    this.#options.onHeard(transcript, wordsIn(text) + this.#words());
    if (this.#over) return;
    if (transcript.isFinal) this.#final(transcript);
    else this.#interim(transcript);
  }

  #words(): number {
    return this.#finals.reduce((sum, final) => sum + wordsIn(textOf(final)), 0);
  }

  #interim(transcript: Transcript): void {
    this.#hypothesis = transcript;
    if (this.#asr && !this.#finishing) this.#arm(this.#asrTimeout * 1000);
    const { fastRecognitionTimeout = 0 } = this.#options.recognizer.options;
    if (fastRecognitionTimeout > 0)
      this.#fast = this.#after(fastRecognitionTimeout * 1000, () => this.#final({ ...transcript, isFinal: true }));
  }

  #final(transcript: Transcript): void {
    this.#hypothesis = undefined;
    const { minConfidence = 0 } = this.#options.recognizer.options;
    const confidence = transcript.alternatives[0]?.confidence ?? 1;
    if (confidence < minConfidence) return this.#options.onResult('stt-low-confidence', transcript);
    if (this.#asrTimeout === 0) return this.#options.onResult('speechDetected', transcript);
    this.#finals.push(withoutLastMark(transcript));
    if (this.#finishing || this.#finals.length >= mostFinals) return this.#conclude();
    this.#arm(this.#asrTimeout * 1000);
  }

  #conclude(): void {
    const hypothesis = this.#hypothesis && { ...this.#hypothesis, isFinal: true };
    const joined = joinTranscripts(hypothesis ? [...this.#finals, hypothesis] : this.#finals);
    if (joined) this.#options.onResult('speechDetected', joined);
    else this.#options.onNothing();
  }

  #arm(ms: number): void {
    this.#asr?.cancel();
    this.#asr = this.#after(ms, () => this.#conclude());
  }

  #after(ms: number, fn: () => void): Timer {
    const { call } = this.#options.run;
    return call.clock.after(ms, () => call.turn('gather speech timer', () => this.#over || fn()));
  }
}
