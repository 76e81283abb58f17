// What the room offers: recordings are kept here, moved to the account's bucket, read and removed.
import type { Clock, Fault, Files, HttpClient, Log, Random, Refusal } from '../base/index.ts';
import type { RecordingFacts, RecordingStore } from '../calls/index.ts';
import type { Account, BucketCredential } from '../store/index.ts';

/** What became of a recording, for who wants to be told. */
export interface RecordingOutcome {
  facts: RecordingFacts;
  durationMs: number;
  bytes: number;
  /** Below the API's /v1; when it is where it belongs. */
  url?: string;
  /** When it is not; its file stays, and it may still come. */
  fault?: Fault;
}

export interface RecordingsPorts {
  clock: Clock;
  random: Random;
  log: Log;
  http: HttpClient;
  files: Files;
  account(accountSid: string): Promise<Account | undefined>;
  /** Resolves when whoever is to be told has been told, or cannot be. */
  tell(outcome: RecordingOutcome): Promise<void>;
}

/** A recording that is read. */
export interface RecordingAudio {
  bytes: number;
  /** In pieces; rejects when the bucket fails on the way. Closes behind itself. */
  read(): AsyncIterable<Uint8Array>;
  /** When nobody reads. */
  close(): Promise<void>;
}

export interface RecordingName {
  accountSid: string;
  callSid: string;
  /** YYYY/MM/DD. */
  day: string;
  format: 'wav' | 'mp3';
  /** 1 for a call's first. */
  number: number;
}

export interface Recordings extends RecordingStore {
  /** Takes up what the process before this one left: files are mended, uploads go on. */
  recover(): Promise<void>;
  /** Undefined when there is none. Rejects with a Fault when the bucket fails. */
  open(name: RecordingName): Promise<RecordingAudio | undefined>;
  /** False when there was none. */
  remove(name: RecordingName): Promise<boolean>;
  /** Writes, reads and removes a small object. */
  probe(credential: BucketCredential): Promise<Refusal | undefined>;
  /** Uploads stop where they are; the next start goes on with them. */
  close(): Promise<void>;
}
