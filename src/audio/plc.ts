// Packet loss concealment: repeats the last pitch period and fades out, in the spirit of G.711 Appendix I but with no delay.
import { saturate } from './sample.ts';

/** Shortest and longest pitch period looked for: 66 to 400 Hz. */
const SHORTEST_PITCH_MS = 2.5;
const LONGEST_PITCH_MS = 15;
/** How much of the last audio must match one pitch earlier. */
const MATCH_MS = 10;
/** Full level for this long, then a straight fade to silence at the end. */
const HOLD_MS = 10;
const SILENT_AFTER_MS = 60;
/** The step between the last real sample and the first repeated one dies away over this time. */
const JOIN_MS = 1.5;
/** Cross-fade back to real audio. */
const REENTRY_MS = 5;

/** One stream's concealment. Feed it every good frame with `good`, fill each lost one with `conceal`. */
export class Concealer {
  readonly #rate: number;
  /** The last audio heard or made: a ring, as most of it is never looked at. */
  readonly #recent: Int16Array;
  #recentAt = 0;
  /** The same with the newest at the end, while something is concealed. */
  readonly #history: Float64Array;
  readonly #shortest: number;
  readonly #longest: number;
  readonly #reentry: number;
  readonly #joinDecay: number;
  #pitch = 0;
  /** Concealed samples since the last good frame. */
  #lost = 0;
  #join = 0;
  /** One pitch period, made to be repeated without a seam. */
  readonly #cycle: Float64Array;

  constructor(sampleRate: number) {
    const samples = (ms: number): number => Math.round((ms * sampleRate) / 1000);
    this.#rate = sampleRate;
    this.#shortest = samples(SHORTEST_PITCH_MS);
    this.#longest = samples(LONGEST_PITCH_MS);
    this.#reentry = samples(REENTRY_MS);
    this.#joinDecay = Math.exp(-1 / samples(JOIN_MS));
    this.#history = new Float64Array(this.#longest + samples(MATCH_MS) + this.#longest);
    this.#recent = new Int16Array(this.#history.length);
    this.#cycle = new Float64Array(this.#longest);
  }

  /** True while nothing but silence would be made. */
  get silent(): boolean {
    return this.#lost >= (SILENT_AFTER_MS * this.#rate) / 1000;
  }

  /** A frame that arrived. After a loss its first 5 ms are cross-faded in place. */
  good(pcm: Int16Array): void {
    if (this.#lost > 0) this.#reenter(pcm);
    this.#lost = 0;
    const recent = this.#recent;
    let at = this.#recentAt;
    if (at + pcm.length <= recent.length) {
      recent.set(pcm, at);
      this.#recentAt = (at + pcm.length) % recent.length;
      return;
    }
    for (let i = Math.max(0, pcm.length - recent.length); i < pcm.length; i++) {
      recent[at] = pcm[i]!;
      if (++at === recent.length) at = 0;
    }
    this.#recentAt = at;
  }

  /** Fills a frame that did not arrive. */
  conceal(out: Int16Array): void {
    if (this.#lost === 0) this.#begin();
    for (let i = 0; i < out.length; i++) out[i] = saturate(this.#next());
  }

  #begin(): void {
    const h = this.#history;
    const end = h.length;
    for (let i = 0; i < end; i++) h[i] = this.#recent[(this.#recentAt + i) % end]!;
    this.#pitch = this.#findPitch();
    const pitch = this.#pitch;
    for (let i = 0; i < pitch; i++) this.#cycle[i] = h[end - pitch + i]!;
    // The last quarter of the cycle leans towards what came before its beginning, so that its end meets its start.
    const quarter = pitch >> 2;
    for (let i = 0; i < quarter; i++) {
      const weight = (i + 1) / (quarter + 1);
      const at = pitch - quarter + i;
      this.#cycle[at] = this.#cycle[at]! * (1 - weight) + h[end - pitch - quarter + i]! * weight;
    }
    // What the last real sample has more than its twin one pitch earlier: without it the join would be a step.
    // In noise, where nothing is alike, a step is not heard and a correction would be.
    this.#join = (h[end - 1]! - h[end - 1 - pitch]!) * this.#likeness(pitch);
  }

  /** 1 when the last 10 ms repeat what was one pitch earlier, 0 when they have nothing in common. */
  #likeness(pitch: number): number {
    const h = this.#history;
    let dot = 0;
    let energy = 1;
    for (let i = h.length - Math.round((MATCH_MS * this.#rate) / 1000); i < h.length; i++) {
      const past = h[i - pitch]!;
      dot += h[i]! * past;
      energy += (h[i]! * h[i]! + past * past) / 2;
    }
    return Math.max(0, dot / energy);
  }

  #next(): number {
    const lostMs = (this.#lost * 1000) / this.#rate;
    const level = lostMs <= HOLD_MS ? 1 : Math.max(0, 1 - (lostMs - HOLD_MS) / (SILENT_AFTER_MS - HOLD_MS));
    const sample = (this.#cycle[this.#lost % this.#pitch]! + this.#join) * level;
    this.#join *= this.#joinDecay;
    this.#lost++;
    return sample;
  }

  #reenter(pcm: Int16Array): void {
    const n = Math.min(pcm.length, this.#reentry);
    for (let i = 0; i < n; i++) {
      const weight = (i + 1) / (n + 1);
      pcm[i] = saturate(pcm[i]! * weight + this.#next() * (1 - weight));
    }
  }

  /** The lag at which the last 10 ms look most like what came before them, by normalised correlation. */
  #findPitch(): number {
    const h = this.#history;
    const end = h.length;
    const span = Math.round((MATCH_MS * this.#rate) / 1000);
    // A coarse search on every other sample, then a fine one around its best.
    let best = this.#bestLag({ from: this.#shortest, to: this.#longest, step: 2, stride: 2, span, end });
    best = this.#bestLag({
      from: Math.max(this.#shortest, best - 2),
      to: Math.min(this.#longest, best + 2),
      step: 1,
      stride: 1,
      span,
      end,
    });
    return best;
  }

  #bestLag(s: { from: number; to: number; step: number; stride: number; span: number; end: number }): number {
    const h = this.#history;
    let best = s.to;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let lag = s.from; lag <= s.to; lag += s.step) {
      let dot = 0;
      let energy = 1;
      for (let i = s.end - s.span; i < s.end; i += s.stride) {
        const past = h[i - lag]!;
        dot += h[i]! * past;
        energy += past * past;
      }
      const score = dot / Math.sqrt(energy);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
    return best;
  }
}
