// Bus: what one circle of listeners hears. A lane for each sample rate; the voices of one reach the others through one resampler.
import { Resampler, softClip } from '../../../audio/index.ts';
import { roomSlots } from '../../limits.ts';
import { shared } from '../shared-frames.ts';
import { Lane } from './lane.ts';

/** Who speaks, and may have said its last. */
export interface Ending {
  /** The slot is complete: what ends with it has its echo there. */
  onSlot(slot: number, bus: Bus): void;
}

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

/** What all hear who say nothing themselves, in the frame that begins with slot `first`; `pcm` undefined is silence. */
interface Common {
  sampleRate: number;
  samples: number;
  first: number;
  pcm: Int16Array | undefined;
}

export class Bus {
  readonly #pairs: Pair[] = [];
  /** By place in the ring: who ends with that slot unless more is said. Counted, so that the arrays stay. */
  readonly #endings: Ending[][] = Array.from({ length: roomSlots }, () => []);
  readonly #ending = new Int32Array(roomSlots);
  /** Made last, one for each rate and length of frames. */
  readonly #common: Common[] = [];
  #wide = new Int32Array(0);
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

  /** Something is heard at this rate in the slot. */
  sounds(slot: number, sampleRate: number): boolean {
    const { own, crossed } = this.at(sampleRate);
    return own.voices(slot) + crossed.voices(slot) > 0;
  }

  /** All that is said from slot `first` on, for as long as a frame: made once for all who hear just that. Undefined is silence. */
  common(first: number, sampleRate: number, samples: number): Int16Array | undefined {
    const kept = this.#kept(sampleRate, samples);
    if (kept.first !== first) {
      kept.first = first;
      kept.pcm = this.#mix(first, sampleRate, samples);
    }
    return kept.pcm;
  }

  #kept(sampleRate: number, samples: number): Common {
    for (const one of this.#common) if (one.samples === samples && one.sampleRate === sampleRate) return one;
    const made: Common = { sampleRate, samples, first: -1, pcm: undefined };
    this.#common.push(made);
    return made;
  }

  #mix(first: number, sampleRate: number, samples: number): Int16Array | undefined {
    const { own, crossed } = this.at(sampleRate);
    if (this.#wide.length !== samples) this.#wide = new Int32Array(samples);
    const wide = this.#wide.fill(0);
    let sounds = false;
    for (let slot = first, to = 0; to < samples; slot++, to += own.slotSamples) {
      if (own.voices(slot) + crossed.voices(slot) === 0) continue;
      sounds = true;
      own.addTo(slot, wide, to);
      crossed.addTo(slot, wide, to);
    }
    if (!sounds) return undefined;
    const pcm = new Int16Array(samples);
    softClip(wide, pcm);
    return shared(pcm);
  }

  /** What is said ends with `slot`, as far as is known now. */
  ends(slot: number, voice: Ending): void {
    const place = slot % roomSlots;
    this.#endings[place]![this.#ending[place]!++] = voice;
  }

  /** All voices of the slot are in: those that have ended die away, and every rate hears them. */
  complete(slot: number): void {
    const place = slot % roomSlots;
    const endings = this.#endings[place]!;
    for (let i = 0; i < this.#ending[place]!; i++) endings[i]!.onSlot(slot, this);
    this.#ending[place] = 0;
    for (let i = 0; i < this.#crossings.length; i++) this.#crossings[i]!.run(slot);
  }
}
