// What a recognizer is: Int16 audio in, transcripts out, as a stream. Choices come from verbs (verbs.md 1.8).
import type { Clock, Fault, Log, Network, Refusal } from '../base/index.ts';

/** Who listens and how. `label` picks a credential, `custom` is where a custom vendor lives (filled from its credential). */
export interface RecognizerChoice {
  vendor: string;
  label?: string;
  language: string;
  /** Interim results are wanted. */
  interim: boolean;
  /** Ends with the first final. */
  singleUtterance: boolean;
  hints: readonly { phrase: string; boost?: number }[];
  hintsBoost?: number;
  /** Of the call that is heard, for vendors that are told. */
  callSid?: string;
  /** The verb's recognizer as it came, for what only the vendor understands. */
  options: Record<string, unknown>;
  /** Custom vendor: where and with which token (speech.md 8.2). */
  custom?: { url: string; authToken?: string };
}

/** Normalised (verbs.md 1.8); `channel_tag` is added by who asked. */
export interface Transcript {
  language: string;
  isFinal: boolean;
  alternatives: { transcript: string; confidence: number }[];
  vendor: { name: string; evt: unknown };
}

export type RecognitionEvent =
  | { type: 'transcript'; transcript: Transcript }
  /** What was said in another language. */
  | { type: 'translation'; language: string; translation: string }
  /** The vendor heard speech begin. */
  | { type: 'speech-started' }
  /** The vendor failed; the session is over. */
  | { type: 'failed'; fault: Fault };

/** One stream of audio being recognized. */
export interface RecognizerSession {
  onEvent: (event: RecognitionEvent) => void;
  /** Copies what it keeps. Never waits; what the vendor does not take in time is dropped, within a named limit. */
  write(pcm: Int16Array): void;
  /** No more audio: what was said before may still come, then `done` resolves. */
  end(): void;
  /** At once, nothing more is told. */
  close(): void;
  readonly done: Promise<void>;
}

export interface Recognizer {
  /** Samples per second that sessions want. */
  sampleRate(choice: RecognizerChoice): number;
  check(choice: RecognizerChoice): Refusal | undefined;
  /** Rejects with a Fault `stt-connect` or `stt-failed`. */
  open(choice: RecognizerChoice, signal: AbortSignal): Promise<RecognizerSession>;
  close(): Promise<void>;
}

export interface RecognizerDeps {
  clock: Clock;
  network: Network;
  log: Log;
}

/** One entry of the vendors' list of recognizers. */
export interface RecognizerVendor {
  /** The id in verbs and credentials. A custom vendor's is `custom`, and it takes every `custom:<name>`. */
  readonly name: string;
  readonly languages: readonly string[];
  takes(vendor: string): boolean;
  /** Called once, on first use. */
  makeRecognizer(deps: RecognizerDeps): Recognizer;
}

/** What the room offers: every vendor's recognizer behind one door. */
export interface Recognizers {
  /** Opens a session at its vendor's sample rate. Rejects with a Fault: `stt-unknown-vendor`, `stt-unknown-language`, `stt-connect`, `stt-failed`. */
  open(choice: RecognizerChoice, signal: AbortSignal): Promise<OpenRecognition>;
  close(): Promise<void>;
}

export interface OpenRecognition {
  session: RecognizerSession;
  sampleRate: number;
}
