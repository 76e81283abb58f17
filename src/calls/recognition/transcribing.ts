// Transcribing: one or two legs are written down for an application, until stopped; a pause ends recognition and keeps the rest (verbs.md 10).
import type { HookInput, Payload } from '../../apps/index.ts';
import type { Scope } from '../../base/index.ts';
import type { Transcript } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { transcriptLimit } from '../limits.ts';
import type { TranscriptionPart } from '../parts.ts';
import { FinalBuffer } from './final-buffer.ts';
import { SttLatency } from './latency.ts';
import { Listening } from './listening.ts';
import type { RecognizerInput, ResolvedRecognizer } from './settings.ts';
import { speechObject, textOf } from './speech.ts';

/** A transcribe's options, as a verb, in config, or nested in a dial or a listen. */
export interface TranscribeInput {
  transcriptionHook?: HookInput;
  translationHook?: HookInput;
  recognizer?: RecognizerInput;
  /** Only this one: 1 is the caller's or the only leg, 2 the other. */
  channel?: number;
}

export interface TranscribedLeg {
  call: Call;
  /** `channel_tag` of what it says. */
  tag: 1 | 2;
  /** 'ear' when absent: what its far end says. */
  side?: 'ear' | 'mouth';
}

export interface TranscribeOptions {
  /** Whose application is told. */
  session: Call;
  input: TranscribeInput;
  /** For whom: named in errors. */
  verb: { name: string; id?: string | undefined };
  legs: readonly TranscribedLeg[];
  /** It ends, softly, when this closes. */
  scope: Scope;
  /** Sends to a hook and does what it answers; when absent the answer is ignored. */
  send?(hook: HookInput, extra: Payload): Promise<void>;
}

/** Begins at once. `transcribe_status` reaches it. */
export const transcribe = (options: TranscribeOptions): Transcribing => new Transcribing(options);

export class Transcribing implements TranscriptionPart {
  /** Resolves when it has ended and the last transcript was sent: stopped, or nobody can listen any more. */
  readonly done: Promise<void>;
  readonly #options: TranscribeOptions;
  readonly #recognizer: ResolvedRecognizer;
  readonly #legs: readonly TranscribedLeg[];
  readonly #latencies = new Map<TranscribedLeg, SttLatency>();
  readonly #buffers = new Map<TranscribedLeg, FinalBuffer>();
  readonly #listening = new Map<TranscribedLeg, Listening>();
  /** Those that end softly after a pause or the end. */
  readonly #ending = new Set<Promise<void>>();
  readonly #settle: () => void;
  readonly #leaveParts: () => void;
  /** Sent and not answered yet. */
  #waiting = 0;
  #sent: Promise<void> = Promise.resolve();
  #paused = false;
  #stopped = false;

  constructor(options: TranscribeOptions) {
    const { session, input, legs, scope } = options;
    this.#options = options;
    this.#recognizer = session.speech.recognizer.resolve(input.recognizer);
    this.#legs = chosen(legs, input.channel, this.#recognizer);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = resolve;
    session.program.linger(promise);
    this.#leaveParts = session.parts.put('transcription', this, scope);
    scope.defer(() => void this.stop());
    for (const leg of this.#legs) this.#listen(leg);
  }

  /** Recognition ends softly: a last transcript may still come. */
  pause(): Promise<{ at: number }> {
    this.#paused = true;
    return this.#endListening();
  }

  async resume(): Promise<{ at: number }> {
    const begun = this.#paused && !this.#stopped ? this.#legs.map((leg) => this.#listen(leg).started) : [];
    this.#paused = false;
    return this.#last(begun);
  }

  /** For good; what was said is still sent. */
  async stop(): Promise<{ at: number }> {
    if (this.#stopped) return this.#last([]);
    this.#stopped = true;
    this.#leaveParts();
    const effect = await this.#endListening();
    await Promise.all(this.#ending);
    for (const buffer of this.#buffers.values()) buffer.flush();
    await this.#sent;
    this.#settle();
    return effect;
  }

  #endListening(): Promise<{ at: number }> {
    const effects = [...this.#listening.values()].map((listening) => {
      const ended = listening.done.then(() => void this.#ending.delete(ended));
      this.#ending.add(ended);
      return listening.stop();
    });
    this.#listening.clear();
    return this.#last(effects);
  }

  async #last(effects: Promise<{ at: number }>[]): Promise<{ at: number }> {
    const times = (await Promise.all(effects)).map(({ at }) => at);
    return { at: times.length > 0 ? Math.max(...times) : this.#options.session.clock.now() };
  }

  #listen(leg: TranscribedLeg): Listening {
    const { session, verb } = this.#options;
    const { options } = this.#recognizer;
    const listening = new Listening({
      call: leg.call,
      session,
      verb,
      side: leg.side ?? 'ear',
      settings: session.speech.recognizer,
      recognizer: this.#recognizer,
      // Continuous ASR hears from interims that somebody still speaks.
      interim: options.interim === true || this.#asrMs > 0,
      onTranscript: (transcript, heard) => {
        this.#latencies.get(leg)?.note(heard, transcript.isFinal);
        this.#heard(leg, transcript);
      },
      onTranslation: (translation) => this.#translated(leg, translation),
      onFailed: () => this.#failed(leg, listening),
    });
    this.#listening.set(leg, listening);
    if (session.speech.recognizer.measured) this.#latencies.set(leg, new SttLatency(session.clock));
    return listening;
  }

  get #asrMs(): number {
    return (this.#recognizer.options.asrTimeout ?? 0) * 1000;
  }

  #heard(leg: TranscribedLeg, transcript: Transcript): void {
    const buffer = this.#buffer(leg);
    if (transcript.isFinal && buffer) return buffer.add(transcript);
    buffer?.postpone();
    if (transcript.isFinal || this.#recognizer.options.interim === true) this.#tell(leg, transcript);
  }

  #buffer(leg: TranscribedLeg): FinalBuffer | undefined {
    if (this.#asrMs === 0) return undefined;
    const { session } = this.#options;
    const known = this.#buffers.get(leg);
    const buffer = known ?? new FinalBuffer(session, this.#asrMs, (joined) => this.#tell(leg, joined));
    this.#buffers.set(leg, buffer);
    return buffer;
  }

  /** Empty results are no news. */
  #tell(leg: TranscribedLeg, transcript: Transcript): void {
    if (textOf(transcript).trim() === '') return;
    const speech = speechObject(transcript, leg.tag);
    const latency = transcript.isFinal ? this.#latencies.get(leg)?.take() : undefined;
    this.#send(this.#options.input.transcriptionHook, { speech, ...latency }, transcript.isFinal);
  }

  #translated({ tag }: TranscribedLeg, translation: { language: string; translation: string }): void {
    this.#send(this.#options.input.translationHook, { translation: { channel: tag, ...translation } }, true);
  }

  /** In order. An HTTP application is asked for one at a time; a socket keeps the order by itself. */
  #send(hook: HookInput | undefined, extra: Payload, important: boolean): void {
    const { session } = this.#options;
    if (hook === undefined) return;
    const { isSocket } = session.conversation;
    if (this.#waiting >= transcriptLimit || (this.#waiting > 1 && !important && !isSocket)) {
      if (important) session.events.append('error', { what: 'a transcript was not sent', reason: 'too many wait' });
      return;
    }
    this.#waiting++;
    const ask = (): Promise<void> => this.#ask(hook, extra).finally(() => this.#waiting--);
    const before = this.#sent;
    const asked = isSocket ? ask() : before.then(ask);
    this.#sent = Promise.all([before, asked]).then(() => {});
  }

  async #ask(hook: HookInput, extra: Payload): Promise<void> {
    const { session, send } = this.#options;
    if (send) return send(hook, extra);
    // A failure has been noted and alerted.
    await session.conversation.ask('verb:hook', hook, session.payload(extra)).catch(() => undefined);
  }

  /** Said to account and application already. The other leg is still heard; with the last one it ends. */
  #failed(leg: TranscribedLeg, listening: Listening): void {
    if (this.#listening.get(leg) !== listening) return;
    this.#listening.delete(leg);
    if (this.#listening.size === 0 && !this.#paused) void this.stop();
  }
}

function chosen(
  legs: readonly TranscribedLeg[],
  channel: number | undefined,
  { options }: ResolvedRecognizer,
): readonly TranscribedLeg[] {
  const only = channel ?? (options.separateRecognitionPerChannel === false ? 1 : undefined);
  return only === undefined || legs.length < 2 ? legs : legs.filter(({ tag }) => tag === only);
}
