// Listening: one side of a leg is recognized for a verb, by its vendor and, when that fails, once by the fallback.
import { type Fault, isRefusal, type Refusal } from '../../base/index.ts';
import type { HeardAudio, MediaRecognition, RecognitionNews, Transcript } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { chooseRecognizer } from './choice.ts';
import type { Listener, RecognizerSettings, ResolvedRecognizer } from './settings.ts';
import { textOf } from './speech.ts';

export interface ListeningOptions {
  /** Whose leg is heard. */
  call: Call;
  /** Whose application hears of errors, and whose turns these are; the same call when absent. */
  session?: Call;
  /** For whom: named in errors. */
  verb: { name: string; id?: string | undefined };
  /** 'ear': what the far end says; 'mouth': what it hears. */
  side: 'ear' | 'mouth';
  settings: RecognizerSettings;
  recognizer: ResolvedRecognizer;
  interim: boolean;
  /** Its vendor listens; what was said until now is given to it too. Again after a failover, or a worker's death. */
  onOpen?(): void;
  onTranscript(transcript: Transcript, heard: HeardAudio | undefined): void;
  /** A voice that lasts so long is told to `onVoice`. */
  voiceMs?: number | undefined;
  onVoice?(): void;
  onTranslation?(translation: { language: string; translation: string }): void;
  /** Nobody listens any more, and not because of `stop`: said to the account and the application already. */
  onFailed(failure: Failure): void;
}

/** 'missing': no credential; 'connect': the vendor was not reached, or cannot do this; 'runtime': it failed while it listened. */
export interface Failure {
  when: 'missing' | 'connect' | 'runtime';
  details: string;
}

/** A recognizer that ends by itself sooner than this does not listen: it is not begun again. */
const leastListeningMs = 500;

export class Listening {
  /** Resolves when nothing more will be told. */
  readonly done: Promise<void>;
  readonly #options: ListeningOptions;
  readonly #session: Call;
  readonly #settle: () => void;
  #recognition: MediaRecognition | undefined;
  #spare: Listener | undefined;
  #stopping = false;
  #over = false;

  constructor(options: ListeningOptions) {
    this.#options = options;
    this.#session = options.session ?? options.call;
    this.#spare = options.recognizer.fallback;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = resolve;
    this.started = this.#begin(options.recognizer.primary);
  }

  /** When audio began to be heard. Never rejects. */
  readonly started: Promise<{ at: number }>;

  /** Softly: what was said is still told, within 1.5 s. Resolves with the time from which nothing is heard. */
  async stop(): Promise<{ at: number }> {
    this.#stopping = true;
    const recognition = this.#recognition;
    if (!recognition) {
      this.#end();
      return { at: this.#options.call.clock.now() };
    }
    return recognition.stop();
  }

  /** At once: nothing more is told. */
  close(): void {
    this.#end();
    void this.#recognition?.stop();
  }

  async #begin(listener: Listener): Promise<{ at: number }> {
    const { call, recognizer, interim, side } = this.#options;
    const { options } = recognizer;
    const choice = await chooseRecognizer(call, listener, { options, interim });
    const now = { at: call.clock.now() };
    if (this.#over) return now;
    if (isRefusal(choice)) {
      this.#inTurn(() => this.#missing(choice));
      return now;
    }
    const port = call.leg.port;
    if (!port) {
      // The leg is over, and the call is about to hear of it.
      this.#end();
      return now;
    }
    const { settings, voiceMs } = this.#options;
    const measured = settings.measured;
    const recognition = port.recognize({ choice, side, measured, ...(voiceMs !== undefined && { voiceMs }) });
    this.#recognition = recognition;
    recognition.onEvent = (event, heard) => this.#inTurn(() => this.#heard(event, heard));
    const from = call.clock.now();
    void recognition.done.then(({ fault }) => this.#inTurn(() => this.#ended(recognition, listener, fault, from)));
    call.events.append('recognition', { what: 'started', vendor: choice.vendor, language: choice.language, side });
    return recognition.started;
  }

  #inTurn(fn: () => void): void {
    const taken = this.#session.turn('recognition', () => {
      if (!this.#over) fn();
    });
    if (!taken) this.#end();
  }

  #heard(event: RecognitionNews, heard: HeardAudio | undefined): void {
    const { call, verb, side, onOpen, onTranscript, onTranslation, onVoice } = this.#options;
    if (event.type === 'speech-started') return;
    if (event.type === 'open') return onOpen?.();
    if (event.type === 'voice') return onVoice?.();
    if (event.type === 'translation') {
      const { language, translation } = event;
      return onTranslation?.({ language, translation });
    }
    const { transcript } = event;
    if (transcript.isFinal)
      call.events.append('transcript', {
        verb: verb.name,
        side,
        text: textOf(transcript).slice(0, 60),
        confidence: transcript.alternatives[0]?.confidence,
        vendor: transcript.vendor.name,
      });
    onTranscript(transcript, heard);
  }

  #ended(recognition: MediaRecognition, listener: Listener, fault: Fault | undefined, from: number): void {
    if (this.#recognition !== recognition) return;
    this.#recognition = undefined;
    if (this.#stopping || this.#options.call.leg.ended) return this.#end();
    if (!fault && this.#options.call.clock.now() - from >= leastListeningMs) return void this.#begin(listener);
    const when = fault && fault.code !== 'stt-failed' ? 'connect' : 'runtime';
    this.#failed(when, `${listener.vendor}: ${fault?.message ?? 'it stopped listening at once'}`, 'stt-failure');
  }

  #missing(refusal: Refusal): void {
    this.#failed('missing', refusal.reason, 'no-stt');
  }

  #failed(when: Failure['when'], details: string, alert: string): void {
    const { verb, settings, onFailed } = this.#options;
    const spare = this.#spare;
    this.#session.alert(alert, details);
    this.#session.conversation.notify('jambonz:error', {
      msg: 'ASR error',
      details,
      verb: verb.name,
      ...(verb.id !== undefined && { id: verb.id }),
      failover: spare ? 'in progress' : 'not available',
    });
    this.#session.events.append('recognition', { what: 'failed', reason: details, failover: spare?.vendor });
    if (spare) {
      this.#spare = undefined;
      settings.fellBack();
      void this.#begin(spare);
      return;
    }
    this.#end();
    onFailed({ when, details });
  }

  #end(): void {
    this.#over = true;
    this.#settle();
  }
}
