// What listens at a port: streams to WebSocket servers, recordings, recognizers.
import type { Fault } from '../base/index.ts';
import type { RecognitionEvent, RecognizerChoice } from '../speech/index.ts';
import type { Effect } from './types.ts';

/** 'mono': what the far end says; 'mixed': with what it hears, summed; 'stereo': left what it says, right what it hears. */
export type TapMix = 'mono' | 'mixed' | 'stereo';

/** The audio WebSocket protocol (verbs.md 8.2). */
export interface StreamOptions {
  url: string;
  /** Basic authentication. */
  auth?: { username: string; password: string };
  mix: TapMix;
  sampleRate: number;
  /** Sent as the first text frame, whole. */
  hello: Record<string, unknown>;
  /** 'none': nothing comes back; 'framed': playAudio messages; 'streaming': raw binary audio. */
  back: 'none' | 'framed' | 'streaming';
  /** Of streamed audio that comes back; of the call when absent. */
  backSampleRate?: number;
  paused?: boolean;
}

export type StreamEvent =
  | { type: 'open' }
  | { type: 'reconnecting'; attempt: number; fault: Fault }
  /** A `playAudio` piece has been heard, or cut off. */
  | { type: 'played'; id: string | undefined }
  /** The server asked for what cannot be done. */
  | { type: 'trouble'; what: string };

export interface StreamEnd {
  /** 'closed': by the server; 'disconnect': by its message; 'failed': never open, or lost and not regained; 'stopped': by us. */
  reason: 'closed' | 'disconnect' | 'failed' | 'stopped';
  fault?: Fault;
  sentMs: number;
  /** Of that, what gave way because the server did not take it in time. */
  droppedMs: number;
}

/** 'silence': silent frames go on being sent, with the clock running; 'pause': nothing is sent. */
export type TapState = 'run' | 'pause' | 'silence';

export interface MediaStream {
  onEvent: (event: StreamEvent) => void;
  /** Never rejects. */
  readonly done: Promise<StreamEnd>;
  setState(state: TapState): Effect;
  /** Sends one text frame, such as a digit; dropped when there are too many and no connection. */
  tell(message: Record<string, unknown>): void;
  stop(): void;
}

export interface RecordOptions {
  /** Below the recordings' folder, with the extension. */
  path: string;
  format: 'wav' | 'mp3';
  /** Left what the far end says, right what it hears. */
  mix: 'stereo' | 'mixed';
  sampleRate: number;
}

export interface RecordEnd {
  durationMs: number;
  bytes: number;
  fault?: Fault;
}

export interface MediaRecording {
  /** When its first frame was recorded. Never rejects. */
  readonly started: Effect;
  /** Never rejects. The file is whole, unless `fault` says that a worker died and none followed. */
  readonly done: Promise<RecordEnd>;
  /** 'pause' leaves the time out of the file, 'silence' keeps it, silent. */
  setState(state: TapState): Effect;
  stop(): void;
}

export interface RecognizeOptions {
  choice: RecognizerChoice;
  /** 'ear': what the far end says; 'mouth': what it hears. */
  side: 'ear' | 'mouth';
  /** Transcripts come with what was heard until then. */
  measured?: boolean;
  /** A voice that lasts so long is told, whatever it says. */
  voiceMs?: number;
}

/** What is told of a recognition while it runs. 'open': its vendor listens now; 'voice' is our own detector's. */
export type RecognitionNews = Exclude<RecognitionEvent, { type: 'failed' }> | { type: 'open' } | { type: 'voice' };

/** What a recognizer had been given, ms of audio since its beginning, and when somebody spoke in it. */
export interface HeardAudio {
  heardMs: number;
  spurts: readonly { startMs: number; endMs: number }[];
}

export interface MediaRecognition {
  /** A failure is told by `done`. */
  onEvent: (event: RecognitionNews, heard?: HeardAudio) => void;
  /** Resolves when it has ended, by `stop` (after the last transcript, at most 1.5 s) or by its vendor's failure. Never rejects. */
  readonly done: Promise<{ fault?: Fault }>;
  /** When audio began to be heard. Never rejects. */
  readonly started: Effect;
  /** Ends softly: what was said before is still recognized. Tells when audio is heard no more; never rejects. */
  stop(): Effect;
}

/** `level` 0 is none, 100 all of it. */
export interface IsolationOptions {
  model: 'rnnoise';
  level: number;
  /** 'read': of what the far end says; 'write': of what it hears. */
  direction: 'read' | 'write';
}
