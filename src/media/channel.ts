// The typed channel between the main process and a media worker: a closed set of questions, answers and notices, in order.
import { type Address, type Clock, errorText, Fault, isFault } from '../base/index.ts';
import type { AgreedMedia } from '../sdp/index.ts';
import type { BridgeMode, BridgePath, CopySide, MemberFlags } from './joined-types.ts';
import { maxMessageBytes, maxPendingAsks } from './limits.ts';
import type {
  EndedStream,
  FinishedRecording,
  RecognizeOrder,
  RecordOrder,
  StreamNote,
  StreamOrder,
} from './tap-orders.ts';
import type { HeardAudio, RecognitionNews, TapState } from './tap-types.ts';
import type { AudioSource, Beep, DigitEvent, PlaybackEvent, PlayOptions, PortStats, Watched } from './types.ts';

export type * from './tap-orders.ts';

/** Where a playback stands: pass and source counted from 0, offset in samples at 8000/s. */
export interface PlayPosition {
  pass: number;
  item: number;
  offset: number;
  /** Played in all passes, ms. */
  playedMs: number;
  /** Samples at 8000/s into this pass. */
  passOffset: number;
}

export interface PlayOrder {
  playback: number;
  sources: AudioSource[];
  options: PlayOptions;
  /** Goes on here; `started` has been told already. */
  resume?: PlayPosition;
}

/** Levels (0 to 100) of the noise suppression; absent: none. */
export interface IsolationState {
  read?: number;
  write?: number;
}

/** What a port's output owns: it goes on through codec changes, holds and a worker's death. */
export interface OutputState {
  ssrc: number;
  /** Of the next packet. */
  sequence: number;
  /** Of the next frame. */
  timestamp: number;
}

/** One direction between two ports: what `from` hears or says goes to `to`'s far end. */
export interface LinkState {
  link: string;
  from: string;
  side: CopySide;
  to: string;
  path: BridgePath;
  /** Silence goes instead. */
  paused: boolean;
  /** Of a bridge: `to`'s time is that of `from`'s ear. Not so of a copy, which is one of several. */
  exclusive: boolean;
}

/** What the far end and we agreed on. */
export interface StreamConfig {
  media: AgreedMedia;
  /** Send from now on, silence when nothing plays. Otherwise sending begins with the first playback, digit or packet from the far end. */
  start: boolean;
}

/** A port's place in a room. */
export interface RoomPlace {
  room: string;
  flags: MemberFlags;
}

/** Everything a worker needs to carry a port, a new one or one whose worker died. */
export interface PortState {
  port: string;
  callSid: string;
  rtpPort: number;
  inbandDtmf: boolean;
  inactivityMs: number;
  holdInactivityMs: number;
  muted: boolean;
  /** The media goes past us. */
  away?: boolean;
  gainDb: number;
  isolation: IsolationState;
  config?: StreamConfig;
  output: OutputState;
  /** The source that was latched (symmetric RTP). */
  latched?: Address;
  /** The room that it is in. */
  place?: RoomPlace;
  /** What is told of its far end. */
  watched: Watched[];
  /** Those that it is an end of; they act once both ends are there. */
  links?: LinkState[];
  plays: PlayOrder[];
  streams: StreamOrder[];
  recognitions: RecognizeOrder[];
  recordings: RecordOrder[];
}

/** Where a port stood at `at`, so that another worker can carry on. */
export interface Checkpoint {
  port: string;
  output: OutputState;
  latched: Address | undefined;
  /** `moving` false for a prompt that waits while a whisper sounds. */
  plays: { playback: number; position: PlayPosition; moving: boolean }[];
}

/** Where the playbacks to a whole room stand. */
export interface RoomCheckpoint {
  room: string;
  plays: Checkpoint['plays'];
}

export interface WorkerCounts {
  packetsSent: number;
  packetsReceived: number;
  packetsLate: number;
  loopDelayP99Ms: number;
}

export interface FinishedPlay {
  reason: 'completed' | 'stopped' | 'timeout' | 'failed';
  playedMs: number;
  lastOffsetSamples: number;
  fault?: FaultData;
}

/** Questions from the main process: name, what is asked, what is answered. */
export interface Asks {
  /** `rtpPort` 0 asks for any free pair; the answer says which. */
  open: { ask: PortState; answer: { rtpPort: number } };
  configure: { ask: { port: string; config: StreamConfig }; answer: { at: number } };
  play: { ask: { port: string; order: PlayOrder }; answer: { at: number } };
  stop: { ask: { port: string; playback: number }; answer: { at: number } };
  /** The media goes past us. */
  away: { ask: { port: string; away: boolean }; answer: { at: number } };
  mute: { ask: { port: string; muted: boolean }; answer: { at: number } };
  gain: { ask: { port: string; db: number }; answer: { at: number } };
  /** Answered with the time of the next frame. */
  nextFrame: { ask: { port: string }; answer: { at: number } };
  isolate: { ask: { port: string; isolation: IsolationState }; answer: { at: number } };
  /** Answered with the first packet that carries one. */
  digits: { ask: { port: string; digits: string; durationMs: number }; answer: { at: number } };
  /** Answered when the last of all that were given has been sent. */
  digitsSent: { ask: { port: string }; answer: { at: number } };
  /** A new one, or another state of one that is known. */
  link: { ask: LinkState; answer: { at: number } };
  unlink: { ask: { link: string; to: string }; answer: { at: number } };
  linkModes: { ask: { links: string[] }; answer: { modes: BridgeMode[] } };
  stream: { ask: { port: string; order: StreamOrder }; answer: { at: number } };
  streamState: { ask: { port: string; stream: number; state: TapState }; answer: { at: number } };
  streamTell: { ask: { port: string; stream: number; message: Record<string, unknown> }; answer: { at: number } };
  endStream: { ask: { port: string; stream: number }; answer: { at: number } };
  recognize: { ask: { port: string; order: RecognizeOrder }; answer: { at: number } };
  endRecognition: { ask: { port: string; recognition: number }; answer: { at: number } };
  record: { ask: { port: string; order: RecordOrder }; answer: { at: number } };
  recordState: { ask: { port: string; recording: number; state: TapState }; answer: { at: number } };
  stopRecording: { ask: { port: string; recording: number }; answer: { at: number } };
  watch: { ask: { port: string; what: Watched; on: boolean }; answer: { at: number } };
  roomJoin: { ask: { port: string } & RoomPlace; answer: { at: number } };
  roomSet: { ask: { port: string } & RoomPlace; answer: { at: number } };
  roomLeave: { ask: { port: string; room: string }; answer: { at: number } };
  roomPlay: { ask: { room: string; order: PlayOrder }; answer: { at: number } };
  roomStop: { ask: { room: string; playback: number }; answer: { at: number } };
  /** From then on the stream is asked for with the room's name for the port's. */
  roomStream: { ask: { room: string; order: StreamOrder }; answer: { at: number } };
  /** The same of a recording. */
  roomRecord: { ask: { room: string; order: RecordOrder }; answer: { at: number } };
  roomClose: { ask: { room: string }; answer: { at: number } };
  stats: { ask: { port: string }; answer: PortStats };
  close: { ask: { port: string }; answer: PortStats };
}

/** What a worker tells unasked. */
export interface Notices {
  digit: { port: string; event: DigitEvent };
  inactive: { port: string; silentMs: number };
  playback: { port: string; playback: number; event: PlaybackEvent };
  finished: { port: string; playback: number; result: FinishedPlay };
  stream: { port: string; stream: number; event: StreamNote };
  streamEnded: { port: string; stream: number; end: EndedStream };
  recognition: {
    port: string;
    recognition: number;
    event: RecognitionNews;
    heard?: HeardAudio;
  };
  recognized: { port: string; recognition: number; fault?: FaultData };
  recorded: { port: string; recording: number; end: FinishedRecording };
  talking: { port: string; talking: boolean };
  beep: { port: string; beep: Beep };
  roomPlayback: { room: string; playback: number; event: PlaybackEvent };
  roomFinished: { room: string; playback: number; result: FinishedPlay };
  /** A bug ended the port. */
  broken: { port: string; reason: string };
  log: { level: 'debug' | 'info' | 'warn' | 'error'; message: string; fields: Record<string, unknown> };
  beat: { at: number; counts: WorkerCounts; checkpoints: Checkpoint[]; rooms: RoomCheckpoint[] };
}

export type AskName = keyof Asks;
export type Ask<N extends AskName> = Asks[N]['ask'];
export type Answer<N extends AskName> = Asks[N]['answer'];
export type NoticeName = keyof Notices;

/** A Fault as plain data. The private cause stays where it was, as text. */
export interface FaultData {
  code: string;
  text: string;
  retryable: boolean;
  http: number | undefined;
  sip: number | undefined;
  detail: Record<string, unknown>;
  cause: string | undefined;
}

export type AskFrame = { [N in AskName]: { kind: 'ask'; id: number; name: N; body: Ask<N> } }[AskName];
export type NoticeFrame = { [N in NoticeName]: { kind: 'notice'; name: N; body: Notices[N] } }[NoticeName];
export type Frame =
  | AskFrame
  | { kind: 'answer'; id: number; body: Answer<AskName> }
  | { kind: 'fault'; id: number; fault: FaultData }
  | NoticeFrame;

/** One end of a two-way, ordered connection. */
export interface ChannelEnd {
  send(frame: Frame): void;
  onFrame: (frame: Frame) => void;
}

export const packFault = (error: unknown): FaultData =>
  isFault(error)
    ? {
        code: error.code,
        text: error.message,
        retryable: error.retryable,
        http: error.http,
        sip: error.sip,
        detail: error.detail,
        cause: error.cause === undefined ? undefined : errorText(error.cause),
      }
    : {
        code: 'media-failed',
        text: 'the media engine failed',
        retryable: false,
        http: undefined,
        sip: undefined,
        detail: {},
        cause: error instanceof Error ? error.stack : String(error),
      };

export const unpackFault = (data: FaultData): Fault =>
  new Fault(data.code, data.text, {
    retryable: data.retryable,
    detail: data.detail,
    ...(data.http === undefined ? {} : { http: data.http }),
    ...(data.sip === undefined ? {} : { sip: data.sip }),
    ...(data.cause === undefined ? {} : { cause: data.cause }),
  });

export const workerLost = (): Fault =>
  new Fault('media-worker-lost', 'the media worker died', { retryable: true, sip: 480, http: 503 });

/** About how many bytes a plain value takes in a message. */
export function estimateBytes(value: unknown): number {
  if (typeof value === 'string') return 2 * value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let sum = 16;
  for (const [key, part] of Object.entries(value)) sum += key.length + estimateBytes(part);
  return sum;
}

interface Pending {
  resolve(body: Answer<AskName>): void;
  reject(error: Fault): void;
}

/**
 * The main process's end. Frames are handled in the order they came; a notice that follows an answer waits one turn, so that
 * whoever awaited the answer has acted on it before the notice is heard.
 */
export class Caller {
  onNotice: (notice: NoticeFrame) => void = () => {};
  readonly #end: ChannelEnd;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #queue: Frame[] = [];
  #answeredThisTurn = false;
  #lastId = 0;
  #closed: Fault | undefined;

  constructor(end: ChannelEnd, clock: Clock) {
    this.#end = end;
    this.#clock = clock;
    end.onFrame = (frame) => this.#receive(frame);
  }

  /** Rejects with the worker's Fault, or `media-worker-lost` when it dies first. */
  ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (this.#pending.size >= maxPendingAsks) return Promise.reject(overloaded());
    if (estimateBytes(body) > maxMessageBytes) return Promise.reject(tooLarge());
    const id = ++this.#lastId;
    return new Promise<Answer<N>>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      this.#end.send({ kind: 'ask', id, name, body } as AskFrame);
    });
  }

  /** Everything asked is rejected; nothing is heard any more. */
  close(reason: Fault): void {
    if (this.#closed) return;
    this.#closed = reason;
    this.#end.onFrame = () => {};
    this.#queue = [];
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  #receive(frame: Frame): void {
    if (this.#queue.length > 0 || (this.#answeredThisTurn && frame.kind === 'notice')) this.#queue.push(frame);
    else this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    if (frame.kind === 'notice') return this.onNotice(frame);
    if (frame.kind === 'ask') return;
    const pending = this.#pending.get(frame.id);
    this.#pending.delete(frame.id);
    if (frame.kind === 'answer') pending?.resolve(frame.body);
    else pending?.reject(unpackFault(frame.fault));
    if (this.#answeredThisTurn) return;
    this.#answeredThisTurn = true;
    this.#clock.soon(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#answeredThisTurn = false;
    const waiting = this.#queue;
    this.#queue = [];
    for (const frame of waiting) this.#receive(frame);
  }
}

const overloaded = (): Fault =>
  new Fault('media-unavailable', 'the media worker does not answer', { retryable: true, sip: 480, http: 503 });
const tooLarge = (): Fault =>
  new Fault('media-message-too-large', `what is to be played takes more than ${maxMessageBytes} bytes to say`);

/** What the engine does when asked. Throwing, or rejecting, answers with the fault. */
export type AskHandlers = { [N in AskName]: (body: Ask<N>) => Answer<N> | Promise<Answer<N>> };

/** The worker's end. */
export class Responder {
  readonly #end: ChannelEnd;

  constructor(end: ChannelEnd, handlers: AskHandlers) {
    this.#end = end;
    end.onFrame = (frame) => {
      if (frame.kind === 'ask') this.#handle(frame, handlers[frame.name] as (body: unknown) => Answer<AskName>);
    };
  }

  notify<N extends NoticeName>(name: N, body: Notices[N]): void {
    this.#end.send({ kind: 'notice', name, body } as NoticeFrame);
  }

  #handle({ id, body }: AskFrame, handler: (body: unknown) => Answer<AskName> | Promise<Answer<AskName>>): void {
    const failed = (error: unknown): void => this.#end.send({ kind: 'fault', id, fault: packFault(error) });
    try {
      const answer = handler(body);
      if (answer instanceof Promise) {
        answer.then((result) => this.#end.send({ kind: 'answer', id, body: result }), failed);
      } else this.#end.send({ kind: 'answer', id, body: answer });
    } catch (error) {
      failed(error);
    }
  }
}
