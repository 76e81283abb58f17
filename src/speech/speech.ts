// Speech: finds the vendor, asks the cache, and lets callers of the same text share one synthesis.
import { type Clock, errorText, Fault, type HttpClient, isFault, type Log, silentLog } from '../base/index.ts';
import { cacheKey } from './cache-key.ts';
import { makeDiskStore } from './disk-store.ts';
import {
  DISK_CACHE_BYTES,
  MAX_AUDIO_SECONDS,
  MAX_TEXT_CHARS,
  MEMORY_CACHE_BYTES,
  SYNTHESIS_TIMEOUT_MS,
} from './limits.ts';
import { MemoryCache } from './memory-cache.ts';
import { abortable, SingleFlight } from './single-flight.ts';
import type {
  SpeakOptions,
  Speech,
  SpeechAudio,
  SpeechStore,
  SpeechVendor,
  Spoken,
  Synthesizer,
  SynthesizerChoice,
} from './types.ts';

export interface SpeechOptions {
  clock: Clock;
  http: HttpClient;
  vendors: readonly SpeechVendor[];
  log?: Log;
  /** Folder for rendered speech; memory only when absent. */
  cacheDir?: string | undefined;
  limits?: { memoryBytes?: number; diskBytes?: number };
}

export function makeSpeech(options: SpeechOptions): Speech {
  return new SpeechRoom(options);
}

interface Rendered {
  audio: SpeechAudio;
  fromCache: boolean;
}

/** One text to be spoken, admitted: somebody is there to speak it. */
interface Order {
  synthesizer: Synthesizer;
  choice: SynthesizerChoice;
  text: string;
  key: string;
}

class SpeechRoom implements Speech {
  readonly #options: SpeechOptions;
  readonly #log: Log;
  readonly #memory: MemoryCache;
  readonly #store: SpeechStore | undefined;
  readonly #flights = new SingleFlight<Rendered>();
  readonly #synthesizers = new Map<SpeechVendor, Synthesizer>();
  #closed = false;

  constructor(options: SpeechOptions) {
    const { clock, cacheDir, limits } = options;
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#memory = new MemoryCache(limits?.memoryBytes ?? MEMORY_CACHE_BYTES);
    this.#store =
      cacheDir === undefined
        ? undefined
        : makeDiskStore({ clock, log: this.#log, folder: cacheDir, limitBytes: limits?.diskBytes ?? DISK_CACHE_BYTES });
  }

  async speak(choice: SynthesizerChoice, text: string, options: SpeakOptions = {}): Promise<Spoken> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    options.signal?.throwIfAborted();
    const order = this.#admit(choice, text);
    const { audio, fromCache } = await this.#fulfil(order, options);
    return { ...audio, fromCache, elapsedMs: clock.now() - startedAt };
  }

  async purge(): Promise<void> {
    this.#memory.clear();
    await this.#store?.purge();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#flights.abortAll(closedFault());
    await Promise.all([...this.#synthesizers.values()].map((synthesizer) => synthesizer.close()));
    this.#memory.clear();
    await this.#store?.close();
  }

  #admit(choice: SynthesizerChoice, text: string): Order {
    if (this.#closed) throw closedFault();
    if (text.length > MAX_TEXT_CHARS) {
      throw new Fault(
        'tts-too-long',
        `a text may have ${MAX_TEXT_CHARS} characters, this has ${text.length}: say it in parts`,
      );
    }
    const vendor = this.#options.vendors.find((v) => v.takes(choice.vendor));
    if (!vendor) throw unknownVendor(choice.vendor, this.#options.vendors);
    const synthesizer = this.#synthesizer(vendor);
    const refused = synthesizer.check(choice);
    if (refused) throw new Fault(refused.code, refused.reason, { detail: { vendor: choice.vendor } });
    return { synthesizer, choice, text, key: cacheKey(choice, text) };
  }

  async #fulfil(order: Order, { noCache, signal }: SpeakOptions): Promise<Rendered> {
    if (noCache) {
      // Nothing is shared: this caller wants the text spoken anew. The key only has to be its own.
      const own = `${order.key} ${this.#privateCount++}`;
      return this.#flights.join(own, (s) => this.#synthesize(order, s), signal);
    }
    const known = this.#memory.get(order.key);
    if (known) return { audio: known, fromCache: true };
    return this.#flights.join(order.key, (s) => this.#render(order, s), signal);
  }

  #privateCount = 0;

  /** From disk, else from the vendor and then to memory and disk. */
  async #render(order: Order, signal: AbortSignal): Promise<Rendered> {
    const stored = await this.#store?.get(order.key);
    if (stored) {
      this.#memory.put(order.key, stored);
      return { audio: stored, fromCache: true };
    }
    const rendered = await this.#synthesize(order, signal);
    if (this.#closed) throw closedFault();
    this.#memory.put(order.key, rendered.audio);
    // Nobody waits for the disk; the store puts its writes in a row and close() waits for them.
    void this.#store?.put(order.key, rendered.audio);
    return rendered;
  }

  async #synthesize({ synthesizer, choice, text }: Order, signal: AbortSignal): Promise<Rendered> {
    const detail = { vendor: choice.vendor };
    const timeout = new AbortController();
    const timer = this.#options.clock.after(SYNTHESIS_TIMEOUT_MS, () =>
      timeout.abort(
        new Fault('tts-failed', `${choice.vendor} took longer than ${SYNTHESIS_TIMEOUT_MS / 1000} s to speak`, {
          retryable: true,
          detail,
        }),
      ),
    );
    try {
      const either = AbortSignal.any([signal, timeout.signal]);
      const audio = await abortable(synthesizer.synthesize(choice, text, either), either);
      if (audio.pcm.length > audio.sampleRate * MAX_AUDIO_SECONDS) {
        throw new Fault(
          'tts-too-long',
          `this text becomes more than ${MAX_AUDIO_SECONDS} s of audio: say it in parts`,
          { detail },
        );
      }
      return { audio, fromCache: false };
    } catch (error) {
      if (signal.aborted || isFault(error)) throw error;
      this.#log.warn('a synthesizer failed', { ...detail, error: errorText(error) });
      throw new Fault('tts-failed', `${choice.vendor} failed to speak`, { retryable: true, cause: error, detail });
    } finally {
      timer.cancel();
    }
  }

  #synthesizer(vendor: SpeechVendor): Synthesizer {
    const known = this.#synthesizers.get(vendor);
    if (known) return known;
    const { clock, http } = this.#options;
    const made = vendor.makeSynthesizer({ clock, http, log: this.#log });
    this.#synthesizers.set(vendor, made);
    return made;
  }
}

const closedFault = (): Fault => new Fault('tts-failed', 'the server is shutting down');

function unknownVendor(name: string, vendors: readonly SpeechVendor[]): Fault {
  const known = vendors.map((v) => (v.takes(v.name) ? v.name : `${v.name}:<name>`)).join(', ');
  return new Fault('tts-unknown-vendor', `no synthesizer "${name}" here; known are: ${known}`, {
    detail: { vendor: name },
  });
}
