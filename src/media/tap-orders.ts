// What a worker is asked to do with what listens at a port, and what it tells of it, as plain data.
import type { FaultData } from './channel.ts';
import type { RecognizeOptions, RecordOptions, StreamEnd, StreamEvent, StreamOptions, TapState } from './tap-types.ts';

export interface RecognizeOrder {
  recognition: number;
  options: RecognizeOptions;
}

export interface RecordOrder {
  recording: number;
  options: RecordOptions;
  state: TapState;
  /** Another worker began this file: it was to hold `ms` at clock time `at`, and went on from there unless it paused. */
  resume?: { ms: number; at: number };
}

export interface FinishedRecording {
  durationMs: number;
  bytes: number;
  fault?: FaultData;
}

export interface StreamOrder {
  stream: number;
  options: StreamOptions;
  state: TapState;
  /** It was open before, on a worker that died. */
  regain: boolean;
}

/** A stream's event and end as plain data. */
export type StreamNote =
  | Exclude<StreamEvent, { type: 'reconnecting' }>
  | { type: 'reconnecting'; attempt: number; fault: FaultData };
export type EndedStream = Omit<StreamEnd, 'fault'> & { fault?: FaultData };
