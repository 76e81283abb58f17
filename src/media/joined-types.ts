// Ports that hear each other: bridges of two, rooms of many, and one-way copies.
import type { MediaRecording, MediaStream, RecordOptions, StreamOptions } from './tap-types.ts';
import type { AudioSource, Effect, MediaPort, Playback } from './types.ts';

/**
 * 'engine': full media; packets are forwarded as they come while nothing listens, mixes or changes them, else decoded and mixed.
 * 'relay': forwarded and never decoded (partial media), but while digits of ours go out; refused with Fault `bridge-codecs` when the two legs' codecs differ.
 */
export type BridgePath = 'engine' | 'relay';

/** Two ports that hear each other. A prompt or whisper on one of them covers the other's voice for its own far end only. */
export interface MediaBridge {
  readonly a: MediaPort;
  readonly b: MediaPort;
  setPath(path: BridgePath): Effect;
  /** How each direction goes now, for tests and the log. */
  modes(): Promise<{ aToB: BridgeMode; bToA: BridgeMode }>;
  /** Never rejects. Ends by itself when a port closes. */
  close(): Promise<void>;
}

export type BridgeMode = 'forwarded' | 'processed' | 'silent';

/** What a copy takes: 'ear' is what the port's far end says, 'mouth' what it is sent. */
export type CopySide = 'ear' | 'mouth';

/** Sends what `from` hears or says to `to`'s far end too (SIPREC). Packets as they are when the codecs agree. */
export interface MediaCopy {
  setPaused(paused: boolean): Effect;
  close(): Promise<void>;
}

export interface RoomOptions {
  /** Members live on one worker; one who does not is joined by a pipe. */
  group: string;
}

export interface MemberFlags {
  /** Nobody hears this member. */
  muted: boolean;
  /** This member hears nobody (its own prompts it does). */
  deaf: boolean;
  /** Carries this tag; '' for none. */
  tag: string;
  /** Heard only by members with this tag (coaching); '' for everybody. */
  speakOnlyTo: string;
  /** Its digits reach the others. */
  distributeDtmf: boolean;
}

export interface MemberOptions extends MemberFlags {
  /** Voice activity of this member is told. */
  onTalking?: (talking: boolean) => void;
  /** It has left although nobody asked it to, and its port lives: workers were lost. */
  onLeft?: () => void;
}

export interface RoomMember {
  readonly port: MediaPort;
  set(flags: Partial<MemberFlags>): Effect;
  /** Never rejects. Leaves by itself when the port closes. */
  leave(): Promise<void>;
}

/** A mix of many. Each member hears all others whom it may hear, once. */
export interface MediaRoom {
  /** Rejects with a Fault when the port is gone, or is in a bridge or another room. */
  join(port: MediaPort, options: MemberOptions): Promise<RoomMember>;
  /** Heard by every member that is not deaf, mixed with their voices. Several at once are mixed. */
  play(sources: AudioSource[], options: { loop: number; gainDb?: number }): Playback;
  /**
   * Sends all public voices and what is played to the room to a WebSocket server ('mono'; 'stereo' has what comes back on the right);
   * what comes back is heard by every member that is not deaf. Never hears what is said to a tag alone (verbs.md 6.6). Ends with the room.
   */
  stream(options: StreamOptions): MediaStream;
  /** The mix as a file: all public voices and what is played to the room, never what is said to a tag alone. Ends with the room. */
  record(options: RecordOptions): MediaRecording;
  /** Members leave; playbacks and streams stop; recordings are whole. */
  close(): Promise<void>;
}
