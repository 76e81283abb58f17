// Recognition: a recognizer's session that hears an ear or a mouth. Audio is kept while the session opens; the end is soft.
import { Resampler } from '../../../audio/index.ts';
import { errorText, Fault, isFault, type Timer } from '../../../base/index.ts';
import type { OpenRecognition, RecognitionEvent, RecognizerSession } from '../../../speech/index.ts';
import { packFault, type RecognizeOrder, type Responder } from '../../channel.ts';
import { maxTranscriptsPerSecond, maxUnheardMs, recognitionGraceMs } from '../../limits.ts';
import type { HeardAudio, RecognitionNews } from '../../tap-types.ts';
import type { EngineWorld } from '../world.ts';
import { Spurts } from './spurts.ts';
import { VoiceGate } from './voice-gate.ts';

/** Hears frames of one side of a leg (reused; undefined is silence), until the returned function is called. */
export type Listen = (listener: (frame: Int16Array | undefined, sampleRate: number) => void) => () => void;

export interface RecognitionParts {
  world: EngineWorld;
  notify: Responder['notify'];
  port: string;
  order: RecognizeOrder;
  listen: Listen;
  /** Length of the leg's frames now. */
  ptimeMs(): number;
  /** Called once, when nothing is left of it. */
  onOver(): void;
}

export class Recognition {
  readonly #parts: RecognitionParts;
  readonly #opening = new AbortController();
  #deafen: (() => void) | undefined;
  #open: OpenRecognition | undefined;
  /** What was said before the session was open. */
  #early: { pcm: Int16Array; rate: number }[] = [];
  #earlyMs = 0;
  #resampler: Resampler | undefined;
  #resampled = new Int16Array(0);
  #silence = new Int16Array(0);
  #stopping = false;
  #grace: Timer | undefined;
  #over = false;
  readonly #release: () => void;
  #second = 0;
  #transcripts = 0;
  readonly #spurts: Spurts | undefined;
  readonly #gate: VoiceGate | undefined;

  constructor(parts: RecognitionParts) {
    this.#parts = parts;
    const { world, order, listen } = parts;
    const { measured, voiceMs } = order.options;
    if (measured) this.#spurts = new Spurts();
    if (voiceMs !== undefined) this.#gate = new VoiceGate(voiceMs, () => this.#tell({ type: 'voice' }));
    this.#release = world.scope.defer(() => this.#finish());
    this.#deafen = listen((frame, rate) => this.#hear(frame, rate));
    if (world.recognizers) void this.#start(world.recognizers.open(order.options.choice, this.#opening.signal));
    else this.#finish(new Fault('stt-failed', 'this server has no recognizers'));
  }

  /** Softly: what was said is still recognized, for a short time. */
  stop(): { at: number } {
    const { clock } = this.#parts.world;
    if (!this.#stopping && !this.#over) {
      this.#stopping = true;
      this.#deafen?.();
      this.#grace = clock.after(recognitionGraceMs, () => this.#finish());
      this.#open?.session.end();
    }
    return { at: clock.now() };
  }

  async #start(opening: Promise<OpenRecognition>): Promise<void> {
    try {
      const open = await opening;
      if (this.#over) return open.session.close();
      this.#open = open;
      const { session } = open;
      session.onEvent = (event) => this.#told(event);
      void session.done.then(() => this.#finish());
      this.#tell({ type: 'open' });
      for (const { pcm, rate } of this.#early.splice(0)) this.#write(open, pcm, rate);
      if (this.#stopping) session.end();
    } catch (error) {
      this.#finish(asFault(error));
    }
  }

  #hear(frame: Int16Array | undefined, rate: number): void {
    const pcm = frame ?? this.#silent((rate * this.#parts.ptimeMs()) / 1000);
    this.#spurts?.add(pcm, rate);
    this.#gate?.add(pcm, rate);
    try {
      if (this.#open) this.#write(this.#open, pcm, rate);
      else this.#keep(pcm, rate);
    } catch (error) {
      // A recognizer's bug ends the recognition, not the leg's audio.
      this.#parts.world.log.error('a recognizer threw', { error: errorText(error) });
      this.#finish(asFault(error));
    }
  }

  #write({ session, sampleRate }: OpenRecognition, pcm: Int16Array, rate: number): void {
    if (rate === sampleRate) return session.write(pcm);
    if (this.#resampler?.from !== rate) this.#resampler = new Resampler(rate, sampleRate);
    const room = this.#resampler.maxOutput(pcm.length);
    if (this.#resampled.length < room) this.#resampled = new Int16Array(room);
    session.write(this.#resampled.subarray(0, this.#resampler.process(pcm, this.#resampled)));
  }

  /** The newest is kept when the vendor takes long to open. */
  #keep(pcm: Int16Array, rate: number): void {
    this.#early.push({ pcm: pcm.slice(), rate });
    this.#earlyMs += (pcm.length * 1000) / rate;
    while (this.#earlyMs > maxUnheardMs) {
      const oldest = this.#early.shift();
      if (!oldest) break;
      this.#earlyMs -= (oldest.pcm.length * 1000) / oldest.rate;
    }
  }

  #silent(samples: number): Int16Array {
    if (this.#silence.length !== samples) this.#silence = new Int16Array(samples);
    return this.#silence;
  }

  #told(event: RecognitionEvent): void {
    if (this.#over) return;
    if (event.type === 'failed') return this.#finish(event.fault);
    if (this.#tooMany()) return this.#finish(new Fault('stt-failed', 'the recognizer sends too many transcripts'));
    this.#tell(event, event.type === 'transcript' ? this.#spurts?.heard : undefined);
  }

  #tell(event: RecognitionNews, heard?: HeardAudio): void {
    const { notify, port, order } = this.#parts;
    notify('recognition', { port, recognition: order.recognition, event, ...(heard && { heard }) });
  }

  #tooMany(): boolean {
    const second = Math.floor(this.#parts.world.clock.now() / 1000);
    if (second !== this.#second) this.#transcripts = 0;
    this.#second = second;
    return ++this.#transcripts > maxTranscriptsPerSecond;
  }

  #finish(fault?: Fault): void {
    if (this.#over) return;
    this.#over = true;
    this.#release();
    this.#deafen?.();
    this.#grace?.cancel();
    this.#early = [];
    this.#opening.abort(new Fault('stt-failed', 'the recognition is over'));
    const session: RecognizerSession | undefined = this.#open?.session;
    session?.close();
    const { notify, port, order, onOver } = this.#parts;
    notify('recognized', { port, recognition: order.recognition, ...(fault && { fault: packFault(fault) }) });
    onOver();
  }
}

const asFault = (error: unknown): Fault =>
  isFault(error) ? error : new Fault('stt-failed', 'the recognizer failed', { cause: error });
