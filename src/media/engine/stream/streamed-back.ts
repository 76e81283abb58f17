// Streamed back: raw audio from the server, played as it comes, after a moment's gathering that absorbs the network's unevenness.
import { Resampler } from '../../../audio/index.ts';
import { fadeMs, streamBackMs, streamMarks, streamPrebufferMs, streamRefillMs } from '../../limits.ts';
import { Join } from '../stages/join.ts';
import type { Back } from './back.ts';
import { Fifo } from './fifo.ts';

/** When no rate is named it is the call's, 8 or 16 kHz: what bounds the memory. */
const mostCallRate = 16_000;

export interface StreamedBackOptions {
  /** Of what comes; the call's when undefined. */
  sourceRate: number | undefined;
  onMark(name: string, event: 'playout' | 'cleared'): void;
  /** What cannot be played, and why. */
  onRefused(reason: string): void;
}

interface Mark {
  name: string;
  /** In samples of the whole stream. */
  at: number;
}

export class StreamedBack implements Back {
  readonly #sourceRate: number | undefined;
  readonly #options: StreamedBackOptions;
  readonly #fifo: Fifo;
  #marks: Mark[] = [];
  /** What came last did not fit. */
  #full = false;
  /** Samples taken off the fifo so far, those of a cut included. */
  #played = 0;
  #rate = 0;
  #resampler: Resampler | undefined;
  #join: Join | undefined;
  /** Samples at the leg's rate that wait for the next frame. */
  #ready = new Int16Array(0);
  #readySamples = 0;
  #taken = new Int16Array(0);
  #playing = false;
  /** Since when audio is gathered, in ms of frames; what must be there before it is played. */
  #gatheredMs = 0;
  #wantedMs = streamPrebufferMs;

  constructor(options: StreamedBackOptions) {
    const { sourceRate } = options;
    this.#options = options;
    this.#sourceRate = sourceRate;
    this.#fifo = new Fifo(((sourceRate ?? mostCallRate) * streamBackMs) / 1000);
  }

  audio(bytes: Uint8Array): void {
    const { dropped } = this.#fifo;
    this.#fifo.push(bytes);
    const full = this.#fifo.dropped > dropped;
    if (full && !this.#full)
      this.#options.onRefused(`more than ${streamBackMs / 1000} s of audio wait, the rest is dropped`);
    this.#full = full;
  }

  /** Not in this way. */
  play(): void {}

  kill(): void {
    const rate = this.#sourceRate ?? this.#rate;
    this.#fifo.cut(Math.round((rate * fadeMs) / 1000));
    this.clearMarks();
  }

  mark(name: string): void {
    if (this.#fifo.size === 0 && this.#readySamples === 0) return this.#options.onMark(name, 'playout');
    if (this.#marks.length < streamMarks) this.#marks.push({ name, at: this.#played + this.#fifo.size });
  }

  clearMarks(): void {
    for (const { name } of this.#marks.splice(0)) this.#options.onMark(name, 'cleared');
  }

  close(): void {
    this.#marks = [];
  }

  read(frame: Int16Array, sampleRate: number): Int16Array | undefined {
    if (sampleRate !== this.#rate) this.#format(sampleRate);
    const join = this.#join!;
    if (!this.#playing && !this.#gathered(frame.length)) {
      if (!join.busy) {
        join.rest();
        return undefined;
      }
      frame.fill(0);
      join.process(frame, -1);
      return frame;
    }
    const begins = !this.#playing;
    this.#playing = true;
    const n = this.#fill(frame);
    const dry = n < frame.length;
    frame.fill(0, n);
    if (n > 0 || !begins) join.process(frame, begins ? 0 : dry ? n : -1);
    if (dry) this.#rest();
    this.#tellMarks();
    return frame;
  }

  /** Enough is there to begin, or what came has waited long enough. */
  #gathered(frameSamples: number): boolean {
    if (this.#fifo.size === 0) {
      this.#gatheredMs = 0;
      return false;
    }
    const haveMs = (this.#fifo.size * 1000) / (this.#sourceRate ?? this.#rate);
    if (haveMs >= this.#wantedMs || this.#gatheredMs >= this.#wantedMs) return true;
    this.#gatheredMs += (frameSamples * 1000) / this.#rate;
    return false;
  }

  /** It ran dry, or has ended. */
  #rest(): void {
    this.#playing = false;
    this.#gatheredMs = 0;
    this.#wantedMs = streamRefillMs;
    this.#resampler?.reset();
  }

  /** Returns how many samples of the frame could be filled. */
  #fill(frame: Int16Array): number {
    while (this.#readySamples < frame.length) {
      const n = this.#fifo.shift(this.#taken);
      if (n === 0) break;
      this.#played += n;
      const taken = n === this.#taken.length ? this.#taken : this.#taken.subarray(0, n);
      const room = this.#ready.subarray(this.#readySamples);
      if (this.#resampler) this.#readySamples += this.#resampler.process(taken, room);
      else {
        room.set(taken);
        this.#readySamples += n;
      }
    }
    const n = Math.min(frame.length, this.#readySamples);
    for (let i = 0; i < n; i++) frame[i] = this.#ready[i]!;
    this.#readySamples -= n;
    this.#ready.copyWithin(0, n, n + this.#readySamples);
    return n;
  }

  #tellMarks(): void {
    // What is left in `ready` is less than a packet: the mark is told with the packet before.
    while (this.#marks[0] && this.#marks[0].at <= this.#played)
      this.#options.onMark(this.#marks.shift()!.name, 'playout');
  }

  /** The leg's codec is known, or has changed. */
  #format(rate: number): void {
    this.#rate = rate;
    const from = this.#sourceRate ?? rate;
    this.#resampler = from === rate ? undefined : new Resampler(from, rate);
    this.#join = new Join(rate);
    // 20 ms at a time.
    this.#taken = new Int16Array(Math.max(1, Math.round(from / 50)));
    const most = this.#resampler?.maxOutput(this.#taken.length) ?? this.#taken.length;
    // One frame, of 60 ms at most, and what a step gives beyond it.
    this.#ready = new Int16Array(Math.ceil((rate * 60) / 1000) + most);
    this.#readySamples = 0;
  }
}
