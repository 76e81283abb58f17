// How late packets come: a sliding window of transit times, its fastest packet as the base, and the delay that most of them need.
import {
  jitterLookEvery,
  jitterMarginMs,
  jitterQuantile,
  jitterRecent,
  jitterRecentQuantile,
  jitterWindow,
} from './limits.ts';

/** One count per millisecond of lateness, the last for everything later; shared, as it is filled and read in one go. */
const histogram = new Uint16Array(512);

export class ArrivalWindow {
  readonly #transits = new Float64Array(jitterWindow);
  #count = 0;
  #at = 0;
  #base = 0;
  #needed = 0;

  get empty(): boolean {
    return this.#count === 0;
  }

  /** Transit (arrival less timestamp, ms) of the fastest packet in the window. */
  get base(): number {
    return this.#base;
  }

  /** Delay after `base` at which the wanted share of packets has come, with a margin; undefined while too few have been seen. */
  get neededMs(): number | undefined {
    return this.#count < jitterRecent ? undefined : this.#needed;
  }

  reset(): void {
    this.#count = 0;
    this.#at = 0;
  }

  add(transitMs: number): void {
    this.#transits[this.#at] = transitMs;
    this.#at = (this.#at + 1) % jitterWindow;
    if (this.#count === 0 || transitMs < this.#base) this.#base = transitMs;
    if (this.#count < jitterWindow) this.#count++;
    if (this.#at % jitterLookEvery === 0) this.#look();
  }

  #look(): void {
    const transits = this.#transits;
    let base = transits[0]!;
    for (let i = 1; i < this.#count; i++) if (transits[i]! < base) base = transits[i]!;
    this.#base = base;
    for (let i = 0; i < this.#count; i++) this.#tally(i);
    const all = latenessOf(this.#count, jitterQuantile);
    const count = Math.min(this.#count, jitterRecent);
    for (let i = 1; i <= count; i++) this.#tally((this.#at - i + jitterWindow) % jitterWindow);
    this.#needed = Math.max(all, latenessOf(count, jitterRecentQuantile)) + jitterMarginMs;
  }

  #tally(i: number): void {
    const late = Math.ceil(this.#transits[i]! - this.#base);
    histogram[late < histogram.length ? late : histogram.length - 1]!++;
  }
}

/** The lateness (ms, rounded up) that `share` of the `count` packets tallied do not exceed. Clears the tally. */
function latenessOf(count: number, share: number): number {
  let above = count - Math.ceil(count * share);
  let ms = histogram.length - 1;
  while (ms > 0 && histogram[ms]! <= above) above -= histogram[ms--]!;
  histogram.fill(0);
  return ms;
}
