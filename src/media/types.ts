// What the media room offers to the main process (its door is client.ts): ports that carry a leg's audio, in a worker or inline.
import type { Address, Fault, Refusal } from '../base/index.ts';
import type { BridgePath, CopySide, MediaBridge, MediaCopy, MediaRoom, RoomOptions } from './joined-types.ts';
import type {
  IsolationOptions,
  MediaRecognition,
  MediaRecording,
  MediaStream,
  RecognizeOptions,
  RecordOptions,
  StreamOptions,
} from './tap-types.ts';

export interface MediaPool {
  /** Binds an RTP/RTCP pair on a worker. Ports of one `group` (one call, one conference) share a worker. Rejects with Fault `media-unavailable` (sip 480). */
  open(options: PortOptions): Promise<MediaPort>;
  /**
   * Lets two legs hear each other. A port is in one bridge or room at a time. Ports on different workers are joined by a pipe.
   * Rejects with a Fault: `media-port-closed`, `bridge-busy`, `bridge-codecs` (relay only).
   */
  bridge(a: MediaPort, b: MediaPort, options?: { path?: BridgePath }): Promise<MediaBridge>;
  /** A room that mixes its members. Nothing is opened before the first joins. */
  room(options: RoomOptions): MediaRoom;
  /** The port that sends it must be of the same group. Rejects with a Fault: `media-port-closed`, `bridge-busy`, `copy-worker`. */
  copy(from: MediaPort, side: CopySide, to: MediaPort): Promise<MediaCopy>;
  /** Ports open, by worker; packets sent, received, late (> 10 ms after their deadline), loop delay percentiles. */
  stats(): MediaStats;
  /** Workers' process ids, none when inline. */
  readonly workers: readonly { pid: number | undefined; ports: number }[];
  close(): Promise<void>;
}

export interface MediaStats {
  ports: number;
  packetsSent: number;
  packetsReceived: number;
  packetsLate: number;
  loopDelayP99Ms: number;
}

export interface PortOptions {
  callSid: string;
  group: string;
  /** Detect DTMF in the audio too, for far ends that have neither RFC 4733 nor INFO. */
  inbandDtmf?: boolean;
  /** Silence from the far end (no RTP and no RTCP at all) longer than this is reported by onInactive; 0 for never. */
  inactivityMs: number;
  /** The same while the call is on hold (our direction is not sendrecv); never when absent. */
  holdInactivityMs?: number;
}

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What offer/answer agreed on, seen from us. */
export interface NegotiatedMedia {
  codec: string;
  payloadType: number;
  clockRate: number;
  ptimeMs: number;
  /** Payload type of telephone-event, when agreed. */
  dtmfPayloadType: number | undefined;
  remote: Address;
  /** Our direction: the far end's hold (sendonly) makes it recvonly, its inactive (or 0.0.0.0) inactive. */
  direction: Direction;
  /** The codec's `a=fmtp` parameters, from the far end. */
  fmtp: string | undefined;
  comfortNoisePayloadType: number | undefined;
  rtcpMux: boolean;
}

/** A far end's audio as its last description had it: where it is, in which numbers, and in which direction seen from it. */
export interface FarAudio {
  readonly media: NegotiatedMedia;
  readonly direction: Direction;
}

/** Codecs that a far end has named, in lower case; `all`: in an offer of its own, so that it has no others. */
export interface FarCodecs {
  readonly named: ReadonlySet<string>;
  readonly all: boolean;
}

export interface SynthesizerChoice {
  vendor: string;
  label?: string;
  language: string;
  voice: string;
  /** Vendor options that change the sound. */
  options?: Record<string, unknown>;
  /** Custom HTTP vendor: where and with which token (speech.md 8.1). */
  custom?: { url: string; authToken?: string };
}

export type AudioSource =
  /** http(s):// or file:// (WAV or MP3), tone_stream:// , silence_stream:// . Credentials only for this URL's origin. */
  | { kind: 'url'; url: string; username?: string; password?: string }
  | { kind: 'say'; text: string; synthesizer: SynthesizerChoice; noCache?: boolean };

export interface PlayOptions {
  /**
   * 'prompt': what the verb plays, one at a time, a new one replaces the old.
   * 'whisper': over a running prompt, which pauses (sample-exact) and goes on afterwards.
   * 'track': mixed with whatever else is heard (dub); one at a time for each `track` name.
   */
  layer: 'prompt' | 'whisper' | 'track';
  /** Which track, for layer 'track'. */
  track?: string;
  /** Of this playback alone, dB. */
  gainDb?: number;
  /** Passes over the whole list; Infinity for ever. */
  loop: number;
  /** Samples (at 8000/s) to skip on the first pass. */
  seekSamples?: number;
  timeoutMs?: number;
}

/** A thing heard about a playback while it runs. */
export type PlaybackEvent =
  | { type: 'synthesized'; vendor: string; language: string; characters: number; elapsedMs: number; fromCache: boolean }
  | { type: 'started'; at: number };

export interface PlaybackResult {
  reason: 'completed' | 'stopped' | 'timeout' | 'failed';
  playedMs: number;
  /** Samples (at 8000/s) into the last pass. */
  lastOffsetSamples: number;
  /** When failed: `play-notfound`, `play-format`, `play-too-large`, `http-*`, `tts-failed`, `tts-unknown-vendor`, ... */
  fault?: Fault;
}

export interface Playback {
  onEvent: (event: PlaybackEvent) => void;
  /** Never rejects. */
  readonly done: Promise<PlaybackResult>;
  /** Fades out within a few ms. */
  stop(): void;
}

export interface DigitEvent {
  digit: string;
  durationMs: number;
  source: 'rfc4733' | 'inband';
}

/** One steady tone alone: the beep of voicemail, told when it has ended or has lasted for 1.5 s. */
export interface Beep {
  frequencyHz: number;
  /** Of the frequency while it sounded, Hz^2. */
  varianceHz2: number;
  durationMs: number;
}

/** What can be watched of a far end. */
export type Watched = 'talking' | 'beeps';

/** Told to each who wants to know, until the returned function is called; what another worker must find out anew is told again. */
export interface Watch<T> {
  /** Somebody wants to know. */
  readonly wanted: boolean;
  watch(listener: (value: T) => void): () => void;
}

export interface PortStats {
  packetsSent: number;
  packetsReceived: number;
  packetsLost: number;
  packetsLate: number;
  jitterMs: number;
  roundTripMs: number | undefined;
  /** From the far end's receiver reports. */
  remoteLost: number | undefined;
  concealedMs: number;
  bytesSent: number;
  bytesReceived: number;
}

/** Codecs by name, in order of preference; with all others behind them, or alone. Holds for the port from then on. */
export interface CodecWish {
  names: readonly string[];
  alone: boolean;
}

/** When a change reached the wire: clock time (ms) of the first packet or frame that differs. */
export type Effect = Promise<{ at: number }>;

/** One leg's audio. The `ear` is what the far end says, the `mouth` what it hears. */
export interface MediaPort {
  readonly id: string;
  /** Address in our SDP. */
  readonly local: Address;
  readonly negotiated: NegotiatedMedia | undefined;
  /** Answers an offer (first or re-INVITE): builds the new state beside the old one, swaps, gives our SDP. A Refusal (sip 488) leaves all as it was. */
  /** With `past` the answer describes that far end's audio: the media goes past us, and the port stays as it is. */
  answer(offer: string, past?: FarAudio): Promise<{ sdp: string; media: NegotiatedMedia } | Refusal>;
  /** What an offer asks for. Nothing changes. */
  read(offer: string): NegotiatedMedia | Refusal;
  /** Our offer, for an outgoing or late-offer INVITE or a re-INVITE. */
  offer(options?: { direction?: Direction; codecs?: CodecWish }): string;
  /** An offer that describes another far end's audio in place of ours; its answer leaves the port as it is. */
  offerPast(past: FarAudio): string | Refusal;
  /** Why that audio cannot be described here. */
  passRefusal(past: FarAudio): Refusal | undefined;
  readonly farCodecs: FarCodecs;
  /** For later offers, and answers to theirs. */
  prefer(codecs: CodecWish): void;
  /** The far end's answer to our last offer. */
  accept(answer: string): Promise<NegotiatedMedia | Refusal>;
  /**
   * Our answer has gone out (2xx, or 183): from now on silence flows while nothing plays, so that NATs open and the far end sees
   * a stream. Without it sending begins with the first playback, digit or packet from the far end; after `accept` at once.
   */
  start(): void;
  play(sources: AudioSource[], options: PlayOptions): Playback;
  /** The ear becomes silence for every listener; frames go on. */
  setMuted(muted: boolean): Effect;
  /** The media goes past us: nothing is sent, and silence of the far end means nothing. */
  setAway(away: boolean): Effect;
  /** Gain on what the far end hears, dB, -20..+20, saturating. */
  setGain(db: number): Effect;
  /** When the next frame leaves: from then on is heard what has been stopped or left before. */
  nextFrame(): Effect;
  /** Sends digits in order: RFC 4733 when agreed, else in-band tones. `w`/`W` pause 500/1000 ms. Resolves with the first packet of one. */
  sendDigits(digits: string, durationMs: number): Promise<{ at: number }>;
  /** Resolves when all digits that were to be sent have been; rejects when the last were cut short. */
  digitsSent(): Promise<{ at: number }>;
  /** Noise suppression; undefined ends it. Rejects with a Fault `isolation-unavailable`. */
  setIsolation(isolation: IsolationOptions | undefined): Effect;
  /** Streams the leg's audio to a WebSocket server, and plays what comes back. */
  stream(options: StreamOptions): MediaStream;
  record(options: RecordOptions): MediaRecording;
  recognize(options: RecognizeOptions): MediaRecognition;
  /** Whether the far end speaks, as it changes. */
  readonly talk: Watch<boolean>;
  readonly beeps: Watch<Beep>;
  stats(): Promise<PortStats>;
  onDigit: (event: DigitEvent) => void;
  /** The far end sends nothing: milliseconds without a packet. Reported once per silence. */
  onInactive: (silentMs: number) => void;
  /** The worker died: 'restored' with the same local address, 'moved' (a re-INVITE is needed), or 'lost'. */
  onWorkerLoss: (outcome: 'restored' | 'moved' | 'lost') => void;
  close(): Promise<PortStats | undefined>;
}
