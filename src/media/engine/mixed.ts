// Mixed: feeds that are heard together with whatever else is, as one feed.
import { mixInto } from '../../audio/index.ts';
import type { Feed } from './feed.ts';

export class Mixed implements Feed {
  readonly #feeds = new Set<Feed>();
  #scratch = new Int16Array(0);

  /** Heard until the returned function is called. */
  add(feed: Feed): () => void {
    this.#feeds.add(feed);
    return () => void this.#feeds.delete(feed);
  }

  get empty(): boolean {
    return this.#feeds.size === 0;
  }

  read(frame: Int16Array, sampleRate: number): boolean {
    let sounds = false;
    for (const feed of this.#feeds) {
      if (!sounds) {
        sounds = feed.read(frame, sampleRate);
        continue;
      }
      if (this.#scratch.length !== frame.length) this.#scratch = new Int16Array(frame.length);
      if (feed.read(this.#scratch, sampleRate)) mixInto(frame, this.#scratch);
    }
    return sounds;
  }
}
