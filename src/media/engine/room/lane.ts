// Lane: the sum of all voices of one sample rate, in slots of the pacer's grid. A ring: what is older than its length is gone.
import { roomSlots, slotMs } from '../../limits.ts';

/** Samples of one slot at this rate. */
export const samplesOfSlot = (sampleRate: number): number => (sampleRate * slotMs) / 1000;

export class Lane {
  readonly sampleRate: number;
  readonly slotSamples: number;
  readonly #sum: Int32Array;
  /** Which slot each place holds, and how many voices are in it. */
  readonly #holds = new Int32Array(roomSlots).fill(-1);
  readonly #voices = new Int32Array(roomSlots);

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
    this.slotSamples = samplesOfSlot(sampleRate);
    this.#sum = new Int32Array(roomSlots * this.slotSamples);
  }

  /** Adds one slot of a voice, pcm[from..], and keeps it in `said`, which is laid out as this ring is. */
  add(slot: number, pcm: Int16Array, from: number, said?: Int16Array): void {
    const place = this.#place(slot);
    this.#voices[place]!++;
    const { slotSamples } = this;
    const sum = this.#sum;
    const at = place * slotSamples;
    if (!said) for (let i = 0; i < slotSamples; i++) sum[at + i]! += pcm[from + i]!;
    else
      for (let i = 0; i < slotSamples; i++) {
        const x = pcm[from + i]!;
        said[at + i] = x;
        sum[at + i]! += x;
      }
  }

  /** Voices in a slot. */
  voices(slot: number): number {
    const place = slot % roomSlots;
    return this.#holds[place] === slot ? this.#voices[place]! : 0;
  }

  /** Adds the slot's sum to out[to..], less `mine`, which is laid out as this ring is. */
  addTo(slot: number, out: Int32Array, to: number, mine?: Int16Array): void {
    const place = slot % roomSlots;
    if (this.#holds[place] !== slot) return;
    const { slotSamples } = this;
    const sum = this.#sum;
    const at = place * slotSamples;
    if (mine) for (let i = 0; i < slotSamples; i++) out[to + i]! += sum[at + i]! - mine[at + i]!;
    else for (let i = 0; i < slotSamples; i++) out[to + i]! += sum[at + i]!;
  }

  /** The place of a slot, emptied when it held an older one. */
  #place(slot: number): number {
    const place = slot % roomSlots;
    if (this.#holds[place] !== slot) {
      this.#holds[place] = slot;
      this.#voices[place] = 0;
      const at = place * this.slotSamples;
      this.#sum.fill(0, at, at + this.slotSamples);
    }
    return place;
  }
}
