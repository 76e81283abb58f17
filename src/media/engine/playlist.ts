// Playlist: the sources of one playback as one gapless stream of samples, with passes, seek and an exact position.
import type { PlayPosition } from '../channel.ts';
import type { Clip } from './clip.ts';

/** Gets source number `item` at a rate. Rejects with the Fault that ends the playback. */
export type LoadClip = (item: number, sampleRate: number) => Promise<Clip>;

export interface PlaylistOptions {
  items: number;
  passes: number;
  /** Samples at 8000/s to skip in the first pass. */
  seek: number;
  sampleRate: number;
  load: LoadClip;
  resume?: PlayPosition;
}

export type PlaylistState = 'loading' | 'ready' | 'ended' | 'failed';

/** Positions on the channel count samples of this rate. */
const positionRate = 8000;

export class Playlist {
  /** Index in the last frame read where a new piece began, or -1. */
  seam = -1;
  error: unknown;
  readonly #options: PlaylistOptions;
  #rate: number;
  #state: PlaylistState = 'loading';
  readonly #clips: (Clip | undefined)[];
  readonly #loads: ('begun' | 'failed' | undefined)[];
  #pass: number;
  #item: number;
  /** Passes over the present clip, for clips that repeat themselves. */
  #round = 0;
  #offset: number;
  #skip: number;
  #passSamples: number;
  #played: number;

  constructor(options: PlaylistOptions) {
    const { items, resume, sampleRate } = options;
    const scale = sampleRate / positionRate;
    this.#options = options;
    this.#rate = sampleRate;
    this.#clips = Array.from({ length: items }, () => undefined);
    this.#loads = Array.from({ length: items }, () => undefined);
    this.#pass = resume?.pass ?? 0;
    this.#item = resume?.item ?? 0;
    this.#offset = 0;
    this.#skip = Math.round((resume ? resume.offset : options.seek) * scale);
    this.#passSamples = Math.round((resume ? resume.passOffset - resume.offset : 0) * scale);
    this.#played = Math.round(((resume?.playedMs ?? 0) * sampleRate) / 1000);
    if (items === 0 || options.passes <= 0) this.#state = 'ended';
    else this.#want(this.#item);
  }

  get state(): PlaylistState {
    return this.#state;
  }

  /** Looks whether audio is there to be read now, or the end is known. */
  poll(): boolean {
    return this.#advance() || this.#state !== 'loading';
  }

  position(): PlayPosition {
    const scale = positionRate / this.#rate;
    const clip = this.#clips[this.#item];
    const rounds = clip && clip.repeat !== Number.POSITIVE_INFINITY ? this.#round * clip.length : 0;
    return {
      pass: this.#pass,
      item: this.#item,
      offset: Math.round((rounds + this.#offset + this.#skip) * scale),
      playedMs: Math.round((this.#played * 1000) / this.#rate),
      passOffset: Math.round((this.#passSamples + this.#skip) * scale),
    };
  }

  /** Reads on into out[from..]; returns samples read. Fewer than asked: still loading, or `state` says it has ended. */
  read(out: Int16Array, from: number, count: number): number {
    let done = 0;
    this.seam = -1;
    while (done < count && this.#advance()) {
      const clip = this.#clips[this.#item]!;
      const n = Math.min(count - done, clip.length - this.#offset);
      if (this.#offset === 0 && this.#played > 0) this.seam = from + done;
      clip.copy(this.#offset, n, out, from + done);
      this.#offset += n;
      done += n;
      this.#passSamples += n;
      this.#played += n;
    }
    // Asked again, so that the end is known with the last sample and not a frame later.
    if (done === count) this.#advance();
    return done;
  }

  /** Copies what would be read next, without moving. Only what the present piece still has. */
  peek(out: Int16Array): number {
    const clip = this.#clips[this.#item];
    if (!clip || this.#state !== 'ready') return 0;
    const n = Math.max(0, Math.min(out.length, clip.length - this.#offset));
    clip.copy(this.#offset, n, out, 0);
    return n;
  }

  /** Samples until the end, when it is within the present piece and known; else Infinity. */
  samplesLeft(): number {
    const clip = this.#clips[this.#item];
    if (this.#state === 'ended') return 0;
    if (!clip?.complete || this.#skip > 0) return Number.POSITIVE_INFINITY;
    const lastPiece =
      this.#item === this.#options.items - 1 &&
      this.#pass >= this.#options.passes - 1 &&
      this.#round >= clip.repeat - 1;
    return lastPiece ? clip.length - this.#offset : Number.POSITIVE_INFINITY;
  }

  /** The leg changed its codec: go on at the same place in time with clips of another rate. */
  setRate(rate: number): void {
    if (rate === this.#rate) return;
    const scale = rate / this.#rate;
    this.#passSamples = Math.round((this.#passSamples - this.#offset) * scale);
    this.#skip = Math.round((this.#skip + this.#offset) * scale);
    this.#offset = 0;
    this.#played = Math.round(this.#played * scale);
    this.#rate = rate;
    this.#clips.fill(undefined);
    this.#loads.fill(undefined);
    if (this.#state === 'ended' || this.#state === 'failed') return;
    this.#state = 'loading';
    this.#want(this.#item);
  }

  /** Moves to where there is a sample to read. False when there is none now. */
  #advance(): boolean {
    // A whole pass without a sample would turn for ever.
    for (let steps = 0; steps <= this.#options.items + 1; steps++) {
      if (this.#state === 'ended' || this.#state === 'failed') return false;
      const clip = this.#clips[this.#item];
      if (!clip) {
        this.#want(this.#item);
        this.#state = this.error === undefined ? 'loading' : 'failed';
        return false;
      }
      if (this.#skip > 0) this.#applySkip(clip);
      if (this.#skip > 0 && !clip.complete) {
        // Where to begin has not been decoded yet.
        this.#state = 'loading';
        return false;
      }
      if (this.#offset < clip.length) {
        this.#state = 'ready';
        return true;
      }
      if (!clip.complete) {
        this.#state = 'loading';
        return false;
      }
      if (this.#nextPiece(clip)) steps = -1;
    }
    this.#state = 'ended';
    return false;
  }

  #applySkip(clip: Clip): void {
    const room = clip.repeat === Number.POSITIVE_INFINITY && clip.length > 0 ? this.#skip % clip.length : clip.length;
    const n = Math.min(this.#skip, room);
    if (this.#offset + n < clip.length || clip.complete) this.#skip -= n;
    else return;
    if (clip.repeat === Number.POSITIVE_INFINITY) this.#skip = 0;
    this.#offset += n;
    this.#passSamples += n;
  }

  /** True when the piece was not empty. */
  #nextPiece(clip: Clip): boolean {
    const hadSamples = clip.length > 0;
    this.#offset = 0;
    if (hadSamples && ++this.#round < clip.repeat) return true;
    this.#round = 0;
    this.#item++;
    if (this.#item < this.#options.items) {
      this.#want(this.#item);
      return hadSamples;
    }
    this.#item = 0;
    this.#skip = 0;
    if (this.#pass + 1 >= this.#options.passes) {
      this.#item = this.#options.items - 1;
      this.#offset = clip.length;
      this.#state = 'ended';
      return false;
    }
    this.#pass++;
    this.#passSamples = 0;
    return hadSamples;
  }

  /** Loads an item, and the one after it, unless under way. One that failed ahead of its turn is tried once more in it. */
  #want(item: number): void {
    if (this.#loads[item] === 'failed') this.#loads[item] = undefined;
    this.#load(item);
    const next = item + 1 < this.#options.items ? item + 1 : 0;
    if (next !== item) this.#load(next);
  }

  #load(item: number): void {
    if (this.#loads[item]) return;
    this.#loads[item] = 'begun';
    const rate = this.#rate;
    this.#options.load(item, rate).then(
      (clip) => {
        if (rate === this.#rate) this.#clips[item] = clip;
      },
      (error) => {
        if (rate !== this.#rate) return;
        if (item === this.#item) this.error = error;
        else this.#loads[item] = 'failed';
      },
    );
  }
}
