// Cloud recording: the leg's audio in stereo into a file of ours, which is then kept, or moved to the account's bucket.
import { type Fault, isFault, type Refusal, refuse } from '../../base/index.ts';
import type { MediaRecording, RecordEnd } from '../../media/client.ts';
import { takeMedia } from '../bridge/media-path.ts';
import type { Call } from '../call.ts';
import type { Recorder } from './recordings.ts';

/** A recording's place in the world: who it is of, and where its file goes. */
export interface RecordingFacts {
  /** Below the recordings' folder, with the extension. */
  path: string;
  format: 'wav' | 'mp3';
  sampleRate: number;
  startedAt: number;
  callSid: string;
  accountSid: string;
  applicationSid: string | undefined;
  direction: string;
  from: string;
  to: string;
  sipIp: string | undefined;
  trunk: string | undefined;
  /** Who is told over HTTP what became of it. */
  statusHook: { url: string; method: 'GET' | 'POST'; username?: string; password?: string } | undefined;
}

export interface StoredRecording {
  /** Below the API's /v1 (rest-platform.md 11.1, recording_url). */
  url: string;
  where: 'local' | 'bucket';
}

/** Keeps recordings: handed in by the house. Nothing is lost when the process dies between the two. */
export interface RecordingStore {
  begin(facts: RecordingFacts): void;
  /**
   * The file is whole, or was left in the middle. Resolves when it is where it belongs, which may take hours, or has failed for the
   * first time; never rejects.
   */
  finish(path: string): Promise<StoredRecording | Fault>;
}

export class CloudRecorder implements Recorder {
  onLost: (reason: string) => void = () => {};
  readonly #call: Call;
  #recording: MediaRecording | undefined;
  #stopping = false;

  constructor(call: Call) {
    this.#call = call;
  }

  async start(): Promise<{ at: number } | Refusal> {
    const call = this.#call;
    const store = call.world.recordings;
    if (!store) return refuse('record-nowhere', 'this server keeps no recordings');
    // Audio that flows past us cannot be recorded.
    await takeMedia(call);
    const { port } = call.leg;
    if (!port || call.ended) return refuse('no-media', 'the call has no audio any more');
    const facts = recordingFacts(call);
    store.begin(facts);
    const { path, format, sampleRate } = facts;
    const recording = port.record({ path, format, sampleRate, mix: 'stereo' });
    this.#recording = recording;
    call.recordings.awaits(recording.done.then((end) => this.#ended(store, facts, end)));
    const started = await recording.started;
    this.#note('started', { format });
    return started;
  }

  async setPaused(paused: boolean, silence: boolean): Promise<{ at: number } | Refusal> {
    if (!this.#recording) return refuse('record-ended', 'the recording has ended');
    const effect = await this.#recording.setState(paused ? (silence ? 'silence' : 'pause') : 'run');
    this.#note(paused ? 'paused' : 'resumed', paused ? { silence } : {});
    return effect;
  }

  async stop(): Promise<{ at: number }> {
    this.#stopping = true;
    this.#recording?.stop();
    return { at: this.#call.clock.now() };
  }

  async #ended(store: RecordingStore, facts: RecordingFacts, end: RecordEnd): Promise<void> {
    const { durationMs, bytes, fault } = end;
    this.#note('stopped', { duration_ms: durationMs, bytes, ...(fault && { reason: fault.message }) });
    if (!this.#stopping && !this.#call.ended) this.onLost(fault?.message ?? 'the recording ended');
    const outcome = await store.finish(facts.path);
    if (isFault(outcome)) this.#note('failed', { reason: outcome.message, code: outcome.code });
    else this.#note('stored', { ...outcome });
  }

  /** What comes when the call's log is over stands in the store's own. */
  #note(what: string, fields: Record<string, unknown> = {}): void {
    this.#call.events.append('recording', { what, ...fields });
  }
}

/** Wideband calls are recorded as they are heard. */
const wideband = new Set(['G722']);

/** Of a recording that begins now. */
export function recordingFacts(call: Call, format = call.owner.account.record_format): RecordingFacts {
  const { facts, clock } = call;
  const startedAt = clock.now();
  const codec = call.leg.port?.negotiated?.codec;
  return {
    path: call.recordings.pathFor(startedAt, format),
    format,
    sampleRate: codec !== undefined && wideband.has(codec) ? 16_000 : 8000,
    startedAt,
    callSid: call.sid,
    accountSid: facts.accountSid,
    applicationSid: facts.applicationSid,
    direction: facts.direction,
    from: facts.from,
    to: facts.to,
    sipIp: facts.originatingSipIp,
    trunk: facts.originatingSipTrunkName,
    statusHook: call.conversation.statusWebhook,
  };
}
