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

  read(frame: Int16Array, sampleRate: number): Int16Array | undefined {
    if (this.empty) return undefined;
    let mixed: Int16Array | undefined;
    for (const feed of this.#feeds) {
      if (!mixed) {
        mixed = feed.read(frame, sampleRate);
        continue;
      }
      if (this.#scratch.length !== frame.length) this.#scratch = new Int16Array(frame.length);
      const more = feed.read(this.#scratch, sampleRate);
      if (!more) continue;
      if (mixed !== frame) frame.set(mixed);
      mixInto(frame, more);
      mixed = frame;
    }
    return mixed;
  }
}
