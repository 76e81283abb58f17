// Fading feed: how a voice leaves a mouth: what was heard last goes on for a moment, fading. Silence from then on.
import { Concealer } from '../../../audio/index.ts';
import type { Feed } from '../feed.ts';
import { fadeOut, fadeSamples } from '../stages/fade.ts';

export class FadingFeed implements Feed {
  readonly #last: Int16Array;
  #over = false;

  /** `last`: the audio heard last, at the mouth's rate. */
  constructor(last: Int16Array) {
    this.#last = last;
  }

  read(frame: Int16Array, sampleRate: number): Int16Array | undefined {
    if (this.#over) return undefined;
    this.#over = true;
    const samples = Math.min(frame.length, fadeSamples(sampleRate));
    const concealer = new Concealer(sampleRate);
    concealer.good(this.#last.slice());
    const tail = frame.subarray(0, samples);
    concealer.conceal(tail);
    fadeOut(tail, { from: 0, to: samples }, 0, samples);
    frame.fill(0, samples);
    return frame;
  }
}
