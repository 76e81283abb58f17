// Bus: what one circle of listeners hears. A lane for each sample rate; the voices of one reach the others through one resampler.
import { Resampler, softClip } from '../../../audio/index.ts';
import { Lane } from './lane.ts';

/** Slots after the last voice in which a resampler still has some of it. */
export const tailSlots = 3;

/** What goes from one lane to those who listen at another rate. */
class Crossing {
  readonly from: Lane;
  readonly #to: Lane;
  readonly #resampler: Resampler;
  readonly #wide: Int32Array;
  readonly #pcm: Int16Array;
  readonly #out: Int16Array;
  #left = 0;

  constructor(from: Lane, to: Lane) {
    this.from = from;
    this.#to = to;
    this.#resampler = new Resampler(from.sampleRate, to.sampleRate);
    this.#wide = new Int32Array(from.slotSamples);
    this.#pcm = new Int16Array(from.slotSamples);
    this.#out = new Int16Array(this.#resampler.maxOutput(from.slotSamples));
  }

  run(slot: number): void {
    if (this.from.voices(slot) > 0) {
      this.#left = tailSlots;
      this.#wide.fill(0);
      this.from.addTo(slot, this.#wide, 0);
      softClip(this.#wide, this.#pcm);
    } else if (this.#left > 0) {
      this.#pcm.fill(0);
      if (--this.#left === 0) return this.#resampler.reset();
    } else return;
    this.#resampler.process(this.#pcm, this.#out);
    this.#to.add(slot, this.#out, 0);
  }
}

/** Both lanes of one rate: who speaks at it, and who speaks at others. */
export interface Pair {
  own: Lane;
  crossed: Lane;
}

export class Bus {
  readonly #pairs: Pair[] = [];
  readonly #crossings: Crossing[] = [];

  /** Made when somebody speaks or listens at this rate for the first time. */
  at(sampleRate: number): Pair {
    for (const pair of this.#pairs) if (pair.own.sampleRate === sampleRate) return pair;
    const made: Pair = { own: new Lane(sampleRate), crossed: new Lane(sampleRate) };
    for (const pair of this.#pairs) {
      this.#crossings.push(new Crossing(pair.own, made.crossed), new Crossing(made.own, pair.crossed));
    }
    this.#pairs.push(made);
    return made;
  }

  /** All voices of the slot are in: lets every rate hear them. */
  complete(slot: number): void {
    for (let i = 0; i < this.#crossings.length; i++) this.#crossings[i]!.run(slot);
  }
}
