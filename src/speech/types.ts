// What a synthesizer is, and what the speech room offers: text in, Int16 audio out, cached.
import type { Clock, HttpClient, Log, Refusal } from '../base/index.ts';

/** Who speaks and how. `label` picks a credential, `custom` is where a custom vendor lives (filled from its credential). */
export interface SynthesizerChoice {
  vendor: string;
  label?: string;
  language: string;
  voice: string;
  /** Vendor options that change the sound. */
  options?: Record<string, unknown>;
  /** Custom HTTP vendor: where and with which token. */
  custom?: { url: string; authToken?: string };
}

/** Mono. */
export interface SpeechAudio {
  pcm: Int16Array;
  /** Samples per second. */
  sampleRate: number;
}

export interface VoiceInfo {
  voice: string;
  /** What to show a person. */
  name: string;
  language: string;
}

export interface Synthesizer {
  /** A Refusal `tts-unknown-voice` or `tts-failed` when it is clear beforehand that this cannot be spoken. */
  check(choice: SynthesizerChoice): Refusal | undefined;
  /** Rejects with a Fault `tts-failed` or `tts-too-long`. An aborted signal may be noticed late; its result is thrown away. */
  synthesize(choice: SynthesizerChoice, text: string, signal: AbortSignal): Promise<SpeechAudio>;
  close(): Promise<void>;
}

export interface SynthesizerDeps {
  clock: Clock;
  http: HttpClient;
  log: Log;
}

/** One entry of the vendors' list. */
export interface SpeechVendor {
  /** The id in verbs and credentials. A custom vendor's is `custom`, and it takes every `custom:<name>`. */
  readonly name: string;
  /** Voices known beforehand; none when the vendor's server decides. */
  readonly voices: readonly VoiceInfo[];
  takes(vendor: string): boolean;
  /** Called once, on first use. */
  makeSynthesizer(deps: SynthesizerDeps): Synthesizer;
}

/** Where rendered speech stays beyond memory. Never rejects: a store that fails is a store that misses. */
export interface SpeechStore {
  get(key: string): Promise<SpeechAudio | undefined>;
  put(key: string, audio: SpeechAudio): Promise<void>;
  /** Removes everything. */
  purge(): Promise<void>;
  close(): Promise<void>;
}

export interface Spoken extends SpeechAudio {
  /** True when no synthesis was needed. The samples are shared: read only. */
  fromCache: boolean;
  elapsedMs: number;
}

export interface SpeakOptions {
  /** Neither reads nor fills the cache. */
  noCache?: boolean;
  /** Ends this caller's wait; the synthesis itself ends when nobody waits for it any more. */
  signal?: AbortSignal;
}

export interface Speech {
  /** Rejects with a Fault: `tts-failed`, `tts-unknown-vendor`, `tts-unknown-voice`, `tts-too-long`; or with the signal's reason. */
  speak(choice: SynthesizerChoice, text: string, options?: SpeakOptions): Promise<Spoken>;
  /** Empties memory and disk. */
  purge(): Promise<void>;
  close(): Promise<void>;
}
