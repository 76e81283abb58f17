// What the API is given: live calls, checks that other rooms own, and the ports to the world.
import type { Clock, HttpClient, Log, Random, Refusal } from '../base/index.ts';
import type { BucketCredential, Records } from '../store/index.ts';

/** Query of the call list (rest-calls.md 3.1); all given ones must match exactly. */
export interface CallFilter {
  direction?: string;
  from?: string;
  to?: string;
  callStatus?: string;
}

/** An answer of an update: 202 without a body, or 200 with one (sip_request, `?wait=true`). */
export interface UpdateOutcome {
  status: number;
  body?: Record<string, unknown>;
}

/** Where a conference's mix goes, and the first text frame there. */
export interface ConferenceListen {
  url: string;
  sampleRate: number;
  metadata: Record<string, unknown>;
}

/** Live calls. wire.ts implements it from calls and commands, so that the API knows neither SIP nor media. */
export interface CallsPort {
  /** Places a call. Refusals carry their HTTP status and path. */
  create(accountSid: string, body: unknown): Promise<{ sid: string; callId: string } | Refusal>;
  list(accountSid: string, filter: CallFilter): Promise<Record<string, unknown>[]>;
  get(accountSid: string, callSid: string): Promise<Record<string, unknown> | undefined>;
  /** `wait`: answer when the effect has reached the wire. */
  update(
    accountSid: string,
    callSid: string,
    body: unknown,
    options: { wait: boolean },
  ): Promise<UpdateOutcome | Refusal>;
  /** Forgets the record; does not hang up. False when there is none. */
  remove(accountSid: string, callSid: string): Promise<boolean>;
  count(accountSid: string): Promise<{ inbound: number; outbound: number }>;
  /** Queues in which somebody waits. */
  queues(accountSid: string): Promise<{ name: string; length: number }[]>;
  /** Conferences that have begun, with who is in them. */
  conferences(accountSid: string): Promise<({ name: string } & Record<string, unknown>)[]>;
  /** Streams a conference's mix to a WebSocket server; false when it has not begun. */
  listen(accountSid: string, conference: string, listen: ConferenceListen): Promise<boolean>;
  /** Ends that; false when the conference has not begun. */
  unlisten(accountSid: string, conference: string): Promise<boolean>;
}

/** Which recording: a call's, by the day (YYYY/MM/DD, UTC) on which it began. */
export interface RecordingNamed {
  accountSid: string;
  callSid: string;
  day: string;
  format: 'wav' | 'mp3';
  /** 1 for a call's first. */
  number: number;
}

/** Recordings, wherever they are kept. Rejects with a Fault when a bucket fails. */
export interface RecordingsPort {
  /** Undefined when the account has no such recording. */
  open(name: RecordingNamed): Promise<{ bytes: number; read(): AsyncIterable<Uint8Array> } | undefined>;
  remove(name: RecordingNamed): Promise<boolean>;
  /** Tries a bucket. */
  probe(credential: BucketCredential): Promise<Refusal | undefined>;
}

/** One side of a speech credential's test. */
export interface SpeechProbe {
  status: 'ok' | 'fail' | 'not tested';
  reason?: string;
}

/** Everything the API stands on. */
export interface ApiPorts {
  clock: Clock;
  random: Random;
  log: Log;
  records: Records;
  calls: CallsPort;
  /** Absent: none are kept. */
  recordings?: RecordingsPort | undefined;
  /** For the environment variables that an application says it takes. */
  http: HttpClient;
  /** Checks an application's verbs (the JSON value, not its text). */
  checkVerbs(verbs: unknown): Refusal | undefined;
  /** Text for Prometheus. */
  metrics(): string | Promise<string>;
  /** Tries a credential's synthesizer with a short text; absent: credentials are not tested. */
  probeSynthesizer?(vendor: string, credential: Record<string, unknown>): Promise<SpeechProbe>;
}
