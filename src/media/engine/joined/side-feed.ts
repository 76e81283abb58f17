// Side feed: what a port hears or says, for another port's mouth that listens beside whoever else does (a copy in another codec).
import { Resampler } from '../../../audio/index.ts';
import { sideFeedMs } from '../../limits.ts';
import type { LiveFeed } from './ear-feed.ts';

/** An ear or a mouth. */
interface Side {
  listen(listener: (frame: Int16Array | undefined, sampleRate: number) => void): () => void;
}

export class SideFeed implements LiveFeed {
  readonly level = false;
  hurried = false;
  last: Int16Array = new Int16Array(0);
  readonly #unlisten: () => void;
  #resampler: Resampler | undefined;
  #rate = 0;
  #ready = new Int16Array(0);
  #readySamples = 0;

  constructor(side: Side) {
    this.#unlisten = side.listen((frame, rate) => this.#take(frame, rate));
  }

  /** The two ports' times differ: a frame waits for at most one more. */
  read(frame: Int16Array, sampleRate: number): Int16Array | undefined {
    if (this.#rate !== sampleRate) {
      this.#rate = sampleRate;
      this.#ready = new Int16Array((sampleRate * sideFeedMs) / 1000);
      this.#readySamples = 0;
      this.#resampler = undefined;
    }
    if (this.last.length !== frame.length) this.last = new Int16Array(frame.length);
    if (this.#readySamples < frame.length) {
      this.last.fill(0);
      return undefined;
    }
    frame.set(this.#ready.subarray(0, frame.length));
    this.#drop(frame.length);
    this.last.set(frame);
    return frame;
  }

  close(): void {
    this.#unlisten();
  }

  #take(frame: Int16Array | undefined, rate: number): void {
    if (this.#rate === 0 || !frame) return;
    const resampled = rate !== this.#rate;
    if (resampled && this.#resampler?.from !== rate) this.#resampler = new Resampler(rate, this.#rate);
    const room = resampled ? this.#resampler!.maxOutput(frame.length) : frame.length;
    if (room > this.#ready.length) return;
    if (this.#readySamples + room > this.#ready.length) this.#drop(this.#readySamples + room - this.#ready.length);
    const out = this.#ready.subarray(this.#readySamples);
    if (resampled) this.#readySamples += this.#resampler!.process(frame, out);
    else {
      out.set(frame);
      this.#readySamples += frame.length;
    }
  }

  #drop(samples: number): void {
    this.#readySamples -= samples;
    this.#ready.copyWithin(0, samples, samples + this.#readySamples);
  }
}
