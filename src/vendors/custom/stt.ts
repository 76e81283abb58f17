// The custom speech recognition protocol over WebSocket, vendor id `custom:<name>` (docs/compatibility.md; jambonz's custom speech API).
import { Fault, isFault, isObject, type Refusal, refuse, type WsConnection } from '../../base/index.ts';
import type {
  RecognitionEvent,
  Recognizer,
  RecognizerChoice,
  RecognizerDeps,
  RecognizerSession,
  RecognizerVendor,
  Transcript,
} from '../../speech/index.ts';
import {
  MAX_ERROR_CHARS,
  MAX_MESSAGE_BYTES,
  MAX_REDIRECTS,
  MAX_STT_RATE,
  MAX_UNSENT_MS,
  MIN_STT_RATE,
  STT_CONNECT_MS,
  STT_PING_MS,
  STUCK_MS,
} from './limits.ts';

const defaultRate = 8000;

export const customRecognizer: RecognizerVendor = {
  name: 'custom',
  languages: [],
  takes: (vendor) => vendor.startsWith('custom:'),
  makeRecognizer: (deps) => new CustomRecognizer(deps),
};

/** `customOptions` of the verb's recognizer, which only this vendor reads. */
const customOptions = ({ options }: RecognizerChoice): Record<string, unknown> =>
  isObject(options.customOptions) ? options.customOptions : {};

class CustomRecognizer implements Recognizer {
  readonly #deps: RecognizerDeps;

  constructor(deps: RecognizerDeps) {
    this.#deps = deps;
  }

  sampleRate(choice: RecognizerChoice): number {
    const { sampleRate } = customOptions(choice);
    return typeof sampleRate === 'number' ? sampleRate : defaultRate;
  }

  check(choice: RecognizerChoice): Refusal | undefined {
    const rate = this.sampleRate(choice);
    if (!Number.isInteger(rate) || rate < MIN_STT_RATE || rate > MAX_STT_RATE)
      return refuse('stt-failed', `customOptions.sampleRate must be ${MIN_STT_RATE} to ${MAX_STT_RATE}`);
    if (choice.custom?.url) return undefined;
    return refuse(
      'stt-failed',
      `there is no speech credential for ${choice.vendor} with a custom_stt_url; add one to the account`,
    );
  }

  async open(choice: RecognizerChoice, signal: AbortSignal): Promise<RecognizerSession> {
    const { url, authToken } = choice.custom!;
    try {
      const connection = await this.#deps.network.ws({
        url,
        protocols: [],
        ...(authToken !== undefined && { headers: { authorization: `Bearer ${authToken}` } }),
        handshakeTimeoutMs: STT_CONNECT_MS,
        maxRedirects: MAX_REDIRECTS,
        maxMessageBytes: MAX_MESSAGE_BYTES,
        pingIntervalMs: STT_PING_MS,
        signal,
      });
      connection.send(JSON.stringify(startMessage(choice, this.sampleRate(choice))));
      return new CustomSession(choice, connection, this.sampleRate(choice));
    } catch (error) {
      signal.throwIfAborted();
      const why = isFault(error) ? error.message : 'the connection failed';
      throw new Fault('stt-connect', `${choice.vendor}: its server cannot be reached (${why})`, {
        retryable: true,
        cause: error,
        detail: { vendor: choice.vendor },
      });
    }
  }

  async close(): Promise<void> {}
}

function startMessage(choice: RecognizerChoice, sampleRateHz: number): Record<string, unknown> {
  const { hints, hintsBoost, callSid } = choice;
  const { options } = customOptions(choice);
  // Hints with a boost of their own go as JSON text, as in the reference.
  const boosted = hints.some(({ boost }) => boost !== undefined);
  const said = boosted ? JSON.stringify(hints) : hints.map(({ phrase }) => phrase);
  return {
    type: 'start',
    language: choice.language,
    format: 'raw',
    encoding: 'LINEAR16',
    interimResults: choice.interim,
    sampleRateHz,
    options: {
      ...(isObject(options) ? options : {}),
      ...(hints.length > 0 && { hints: said }),
      ...(hintsBoost !== undefined && { hintsBoost }),
      ...(callSid !== undefined && { callSid }),
    },
  };
}

class CustomSession implements RecognizerSession {
  onEvent: (event: RecognitionEvent) => void = () => {};
  readonly done: Promise<void>;
  readonly #settle: () => void;
  readonly #choice: RecognizerChoice;
  readonly #connection: WsConnection;
  readonly #bytesPerMs: number;
  #ending = false;
  #over = false;
  /** Dropped since anything was last taken, ms of audio. */
  #stuckMs = 0;

  constructor(choice: RecognizerChoice, connection: WsConnection, sampleRate: number) {
    this.#choice = choice;
    this.#connection = connection;
    this.#bytesPerMs = (2 * sampleRate) / 1000;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = resolve;
    connection.onMessage = (data) => this.#received(data);
    connection.onClose = (code, reason) => this.#closed(code, reason);
  }

  write(pcm: Int16Array): void {
    if (this.#over || this.#ending) return;
    if (this.#connection.bufferedBytes > MAX_UNSENT_MS * this.#bytesPerMs) {
      this.#stuckMs += (2 * pcm.length) / this.#bytesPerMs;
      if (this.#stuckMs >= STUCK_MS) this.#fail(`its server has taken no audio for ${STUCK_MS / 1000} s`);
      return;
    }
    this.#stuckMs = 0;
    // Samples are little-endian, as is every machine that this runs on. The copy is sent later, the frame is used again.
    this.#connection.send(Buffer.from(new Int16Array(pcm).buffer));
  }

  end(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    this.#connection.send(JSON.stringify({ type: 'stop' }));
  }

  close(): void {
    if (this.#over) return;
    this.#finish();
    this.#connection.close(1000);
  }

  #received(data: string | Uint8Array): void {
    if (this.#over || typeof data !== 'string') return;
    const message = parse(data);
    if (message?.type === 'transcription') {
      const transcript = readTranscript(message, this.#choice);
      if (transcript) this.onEvent({ type: 'transcript', transcript });
    }
    if (message?.type === 'translation' && typeof message.translation === 'string') {
      const { translation, language } = message;
      this.onEvent({ type: 'translation', translation, language: typeof language === 'string' ? language : '' });
    }
    if (message?.type === 'error') this.#fail(`its server reports: ${cleaned(message.error)}`);
  }

  #closed(code: number, reason: string): void {
    if (this.#over) return;
    // After `stop` the server flushes and closes; before, it is lost.
    if (this.#ending) return this.#finish();
    this.#fail(`its server closed the connection (${code}${reason === '' ? '' : ` ${cleaned(reason)}`})`);
  }

  #fail(reason: string): void {
    const { vendor } = this.#choice;
    const fault = new Fault('stt-failed', `${vendor}: ${reason}`, { retryable: true, detail: { vendor } });
    this.onEvent({ type: 'failed', fault });
    this.close();
  }

  #finish(): void {
    this.#over = true;
    this.#settle();
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The first alternative only, as the reference does. What has none says nothing. */
function readTranscript(message: Record<string, unknown>, choice: RecognizerChoice): Transcript | undefined {
  const first: unknown = Array.isArray(message.alternatives) ? message.alternatives[0] : undefined;
  if (!isObject(first) || typeof first.transcript !== 'string') return undefined;
  const confidence = typeof first.confidence === 'number' && Number.isFinite(first.confidence) ? first.confidence : 1;
  return {
    language: typeof message.language === 'string' && message.language !== '' ? message.language : choice.language,
    isFinal: message.is_final === true,
    alternatives: [{ transcript: first.transcript, confidence }],
    vendor: { name: choice.vendor, evt: message },
  };
}

const cleaned = (text: unknown): string => String(text).slice(0, MAX_ERROR_CHARS).replace(/\s+/g, ' ').trim();
