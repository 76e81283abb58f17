// Ear feed: an ear's frames at another port's frame time, rate and packet time. They are pulled when they are needed: no second queue.
import { Resampler } from '../../../audio/index.ts';
import type { Ear } from '../ear.ts';
import type { Feed } from '../feed.ts';

export interface LiveFeed extends Feed {
  /** Nothing waits to be heard but what is still to come. */
  readonly level: boolean;
  /** What was given last; empty before. */
  readonly last: Int16Array;
  hurried: boolean;
  close(): void;
}

export class EarFeed implements LiveFeed {
  last: Int16Array = new Int16Array(0);
  /** What is here is heard at once, however soon it is. */
  hurried = false;
  readonly #ear: Ear;
  readonly #now: () => number;
  readonly #leave: () => void;
  #ready = new Int16Array(0);
  #readySamples = 0;
  #resampler: Resampler | undefined;
  /** What `#resampler` is for. */
  #from = 0;
  #to = 0;
  /** A frame of the ear's in which nothing is heard. */
  #silence = new Int16Array(0);
  /** When the ear's last frame was due. */
  #pulledFor = Number.NEGATIVE_INFINITY;

  constructor(ear: Ear, now: () => number) {
    this.#ear = ear;
    this.#now = now;
    this.#leave = ear.lead();
  }

  get level(): boolean {
    return this.#readySamples === 0 && this.#resampler === undefined;
  }

  read(frame: Int16Array, sampleRate: number): Int16Array | undefined {
    const ear = this.#ear;
    const now = this.#now();
    if (this.last.length !== frame.length) this.last = new Int16Array(frame.length);
    const same = ear.sampleRate === sampleRate && (ear.frameMs * sampleRate) / 1000 === frame.length;
    if (same && this.#readySamples === 0) {
      // The first packet after forwarding is heard as it comes.
      return this.#keep(ear.pull(this.hurried ? Math.max(now, ear.nextAt ?? now) : now));
    }
    if (ear.sampleRate === 0) return undefined;
    this.#fill(frame.length, sampleRate, now);
    for (let i = 0; i < frame.length; i++) frame[i] = this.#ready[i]!;
    this.#readySamples -= frame.length;
    this.#ready.copyWithin(0, frame.length, frame.length + this.#readySamples);
    return this.#keep(frame);
  }

  /** Who did without a frame would hear all that follows that much later. */
  pass(frame: Int16Array, sampleRate: number): void {
    this.read(frame, sampleRate);
  }

  close(): void {
    this.#leave();
  }

  #keep(frame: Int16Array | undefined): Int16Array | undefined {
    if (frame) this.last.set(frame);
    else this.last.fill(0);
    return frame;
  }

  /** As many of the ear's frames as make up this one; each is due one packet time after the one before it. */
  #fill(samples: number, sampleRate: number, now: number): void {
    const ear = this.#ear;
    this.#prepare(sampleRate);
    const each = (ear.frameMs * sampleRate) / 1000;
    let missing = Math.ceil((samples - this.#readySamples) / each);
    while (this.#readySamples < samples) {
      missing--;
      const latest = now - Math.max(0, missing) * ear.frameMs;
      const due = this.#pulledFor + ear.frameMs;
      this.#pulledFor = latest - due > 2 * ear.frameMs || due > now ? latest : due;
      this.#take(ear.pull(this.#pulledFor), each);
    }
  }

  #take(heard: Int16Array | undefined, each: number): void {
    const resampler = this.#resampler;
    const most = resampler ? resampler.maxOutput(Math.ceil(each)) + Math.ceil(each) : Math.ceil(each);
    if (this.#ready.length < this.#readySamples + most) {
      const larger = new Int16Array(2 * (this.#readySamples + most));
      larger.set(this.#ready.subarray(0, this.#readySamples));
      this.#ready = larger;
    }
    const out = this.#ready.subarray(this.#readySamples);
    const pcm = heard ?? this.#silence;
    if (resampler) this.#readySamples += resampler.process(pcm, out);
    else {
      out.set(pcm);
      this.#readySamples += pcm.length;
    }
  }

  #prepare(sampleRate: number): void {
    const { sampleRate: from, frameMs } = this.#ear;
    const samples = (from * frameMs) / 1000;
    if (this.#silence.length !== samples) this.#silence = new Int16Array(samples);
    if (from === this.#from && sampleRate === this.#to) return;
    this.#from = from;
    this.#to = sampleRate;
    this.#resampler = from === sampleRate ? undefined : new Resampler(from, sampleRate);
    this.#readySamples = 0;
  }
}
