// Framed back: pieces of audio sent as `playAudio` messages. One plays, others wait behind it without a gap, or take its place.
import { mixInto } from '../../../audio/index.ts';
import { errorText, isObject } from '../../../base/index.ts';
import { streamMarks, streamQueue, streamQueueBytes } from '../../limits.ts';
import type { Clip } from '../clip.ts';
import { decodeToClip, type FetchedFile } from '../sources/decode.ts';
import { fadeOut, fadeSamples } from '../stages/fade.ts';
import { Join } from '../stages/join.ts';
import type { EngineWorld } from '../world.ts';
import type { Back } from './back.ts';

/** What is told of a piece that played (the figures that `play` reports too). */
export interface PlayedPiece {
  id: string | undefined;
  playbackSeconds: number;
  playbackMilliseconds: number;
  /** Samples at 8000/s. */
  playbackLastOffsetPos: number;
}

export interface FramedBackOptions {
  world: Pick<EngineWorld, 'clock' | 'log'>;
  onPlayed(piece: PlayedPiece): void;
  onMark(name: string, event: 'playout' | 'cleared'): void;
  /** A message that cannot be played, and why. */
  onRefused(reason: string): void;
}

interface Piece {
  readonly id: string | undefined;
  readonly file: FetchedFile;
  /** Rate of the clip, and of `offset`. */
  rate: number;
  clip: Clip | undefined;
  failed: boolean;
  offset: number;
  /** Told when it is over. */
  readonly marks: string[];
}

const defaultRate = 16_000;

export class FramedBack implements Back {
  readonly #options: FramedBackOptions;
  #queue: Piece[] = [];
  #rate = 0;
  #join: Join | undefined;
  /** The last frame was full. */
  #sounding = false;
  /** What was cut off fades out. */
  #tail = new Int16Array(0);
  #tailAt = 0;

  constructor(options: FramedBackOptions) {
    this.#options = options;
  }

  audio(): void {}

  play(data: unknown): void {
    const read = readPiece(data);
    if (typeof read === 'string') return this.#options.onRefused(`playAudio: ${read}`);
    if (!read.queue) this.#drop('cleared');
    else if (this.#queue.length > streamQueue)
      return this.#options.onRefused(`playAudio: more than ${streamQueue} wait`);
    else if (this.#waitingBytes + read.piece.file.bytes.length > streamQueueBytes)
      return this.#options.onRefused(`playAudio: more than ${streamQueueBytes} bytes wait`);
    const piece: Piece = { ...read.piece, rate: 0, clip: undefined, failed: false, offset: 0, marks: [] };
    this.#queue.push(piece);
    if (this.#rate > 0) this.#load(piece);
  }

  kill(): void {
    this.#drop('cleared');
  }

  mark(name: string): void {
    const last = this.#queue.at(-1);
    if (!last) return this.#options.onMark(name, 'playout');
    const outstanding = this.#queue.reduce((sum, { marks }) => sum + marks.length, 0);
    if (outstanding < streamMarks) last.marks.push(name);
  }

  clearMarks(): void {
    for (const { marks } of this.#queue) for (const name of marks.splice(0)) this.#options.onMark(name, 'cleared');
  }

  close(): void {
    this.#queue = [];
  }

  read(frame: Int16Array, sampleRate: number): Int16Array | undefined {
    if (sampleRate !== this.#rate) this.#format(sampleRate);
    const join = this.#join!;
    const before = this.#sounding;
    const { filled, seam } = this.#fill(frame);
    this.#sounding = filled === frame.length;
    const tailed = this.#tailAt < this.#tail.length;
    if (filled === 0 && !before && !tailed && !join.busy) {
      join.rest();
      return undefined;
    }
    frame.fill(0, filled);
    const dry = !this.#sounding && (filled > 0 || before);
    join.process(frame, dry ? filled : before ? seam : 0);
    if (tailed) this.#mixTail(frame);
    return frame;
  }

  get #waitingBytes(): number {
    return this.#queue.reduce((sum, { file }) => sum + file.bytes.length, 0);
  }

  /** From one piece to the next within the frame. */
  #fill(frame: Int16Array): { filled: number; seam: number } {
    let filled = 0;
    let seam = -1;
    for (let piece = this.#queue[0]; piece; piece = this.#queue[0]) {
      const { clip } = piece;
      if (clip) {
        const n = Math.min(frame.length - filled, clip.length - piece.offset);
        if (piece.offset === 0 && n > 0) seam = filled;
        clip.copy(piece.offset, n, frame, filled);
        piece.offset += n;
        filled += n;
      }
      const over = piece.failed || (clip?.complete && piece.offset >= clip.length);
      if (!over) break;
      this.#queue.shift();
      this.#told(piece, 'playout');
    }
    return { filled, seam };
  }

  #told(piece: Piece, event: 'playout' | 'cleared'): void {
    const { onPlayed, onMark } = this.#options;
    const ms = piece.rate > 0 ? (piece.offset * 1000) / piece.rate : 0;
    onPlayed({
      id: piece.id,
      playbackSeconds: Math.floor(ms / 1000),
      playbackMilliseconds: Math.round(ms),
      playbackLastOffsetPos: Math.round(ms * 8),
    });
    for (const name of piece.marks) onMark(name, event);
  }

  /** Everything goes. What sounded fades out; what was never heard is not told, only its marks are. */
  #drop(event: 'cleared'): void {
    const [first, ...rest] = this.#queue;
    this.#queue = [];
    if (!first) return;
    if (this.#sounding && first.clip) this.#fadeAway(first.clip, first.offset);
    if (first.offset > 0) this.#told(first, event);
    else rest.unshift(first);
    for (const { marks } of rest) for (const name of marks) this.#options.onMark(name, event);
  }

  #fadeAway(clip: Clip, offset: number): void {
    const fade = fadeSamples(this.#rate);
    const there = Math.min(fade, clip.length - offset);
    this.#tail = new Int16Array(fade);
    this.#tailAt = 0;
    clip.copy(offset, there, this.#tail, 0);
    fadeOut(this.#tail, { from: 0, to: fade }, 0, fade);
    this.#sounding = false;
    this.#join?.rest();
  }

  #mixTail(frame: Int16Array): void {
    const n = Math.min(this.#tail.length - this.#tailAt, frame.length);
    mixInto(frame, this.#tail.subarray(this.#tailAt, this.#tailAt + n));
    this.#tailAt += n;
  }

  /** The leg's codec is known, or has changed: pieces go on at the same place in time. */
  #format(rate: number): void {
    this.#rate = rate;
    this.#join = new Join(rate);
    this.#sounding = false;
    this.#tail = new Int16Array(0);
    for (const piece of this.#queue) this.#load(piece);
  }

  #load(piece: Piece): void {
    const rate = this.#rate;
    piece.offset = piece.rate === 0 ? 0 : Math.round((piece.offset * rate) / piece.rate);
    piece.rate = rate;
    piece.clip = undefined;
    decodeToClip(this.#options.world, piece.file, rate).then(
      (clip) => {
        if (piece.rate === rate) piece.clip = clip;
      },
      (error: unknown) => {
        piece.failed = true;
        this.#options.onRefused(`playAudio: ${errorText(error)}`);
      },
    );
  }
}

type ReadPiece = { queue: boolean; piece: Pick<Piece, 'id' | 'file'> };

/** The data of a `playAudio` message, or what is wrong with it. */
function readPiece(data: unknown): ReadPiece | string {
  if (!isObject(data)) return 'data must be an object';
  const { audioContent, audioContentType = 'raw', sampleRate = defaultRate, id, queuePlay } = data;
  if (typeof audioContent !== 'string') return 'audioContent must be base64 text';
  const type = String(audioContentType).toLowerCase();
  if (type !== 'raw' && type !== 'wav' && type !== 'wave') return 'audioContentType must be raw, wav or wave';
  const contentType = type === 'raw' ? `audio/l16;rate=${Number(sampleRate)}` : 'audio/wav';
  const bytes = Buffer.from(audioContent, 'base64');
  if (bytes.length < 2) return 'audioContent holds no audio';
  return {
    queue: queuePlay === true || queuePlay === 'true',
    piece: {
      id: id === undefined || id === null ? undefined : String(id),
      file: { bytes, contentType, url: 'playAudio' },
    },
  };
}
