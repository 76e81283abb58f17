// Member: one who speaks into a room and hears it. It says and hears frames of its own length and rate, at its own times.
import { softClip } from '../../../audio/index.ts';
import { rising } from '../stages/fade.ts';
import { type Bus, tailSlots } from './bus.ts';
import { samplesOfSlot } from './lane.ts';
import { Voice } from './voice.ts';

/** The room, as its members need it. */
export interface Floor {
  /** All before `slot` is complete; returns the first slot that is not. */
  reach(slot: number): number;
  /** A member has heard all before `slot`. */
  heard(member: Member, slot: number): void;
}

/** One bus that a member hears, and the one that it shall hear. */
interface Inlet {
  heard: Bus | undefined;
  wanted: Bus | undefined;
}

export class Member {
  /** Who hears it; undefined: nobody. */
  speaksTo: Bus | undefined;
  readonly #floor: Floor;
  #voice: Voice | undefined;
  /** The room's public, and those who speak to this member's tag only. */
  readonly #inlets: [Inlet, Inlet] = [
    { heard: undefined, wanted: undefined },
    { heard: undefined, wanted: undefined },
  ];
  #listensFrom = 0;
  /** The slot after the last one heard. */
  #heardUntil = -1;
  /** Of what it hears. */
  #rate = 8000;
  #wide = new Int32Array(0);
  #slot = new Int32Array(0);

  constructor(floor: Floor) {
    this.#floor = floor;
  }

  /** It has said nothing yet, so nothing that changes can be heard. */
  get isNew(): boolean {
    return this.#voice === undefined;
  }

  hears(publicBus: Bus | undefined, tagBus: Bus | undefined): void {
    this.#inlets[0].wanted = publicBus;
    this.#inlets[1].wanted = tagBus;
  }

  /** Nothing of the room is heard any more, nor shall be. */
  get isDeafened(): boolean {
    return this.#inlets.every(({ heard, wanted }) => !heard && !wanted);
  }

  /** What it says in the frame that begins with `slot`. */
  say(frame: Int16Array, sampleRate: number, slot: number): void {
    const from = Math.max(slot, this.#floor.reach(slot));
    let voice = this.#voice;
    if (voice?.sampleRate !== sampleRate) {
      // What it said at another rate cannot be taken off any more: it does not listen until that is over.
      if (voice) this.#listensFrom = voice.last + 1 + tailSlots;
      voice = new Voice(sampleRate, samplesOfSlot(sampleRate));
      this.#voice = voice;
    }
    voice.say(frame, from, this.speaksTo);
  }

  /**
   * What others said in the time of a frame that ends with the slot in which it is due: all who are due with it have spoken by then.
   * Undefined is silence. Those who hear the same get the same frame, all others `frame`, written.
   */
  hear(frame: Int16Array, sampleRate: number, due: number): Int16Array | undefined {
    const slot = due + 1;
    this.#floor.reach(slot);
    this.#rate = sampleRate;
    const first = slot - frame.length / samplesOfSlot(sampleRate);
    const [all, tagged] = this.#inlets;
    if (first !== this.#heardUntil || first < this.#listensFrom) {
      all.heard = undefined;
      tagged.heard = undefined;
    }
    this.#heardUntil = slot;
    const heard = this.#hearsJustAll(first, slot)
      ? all.heard?.common(first, sampleRate, frame.length)
      : this.#mix(frame, first, slot);
    this.#floor.heard(this, slot);
    return heard;
  }

  /** In these slots it hears the public as it is: nothing of it is its own, nobody speaks to its tag, nothing fades. */
  #hearsJustAll(first: number, until: number): boolean {
    const [all, tagged] = this.#inlets;
    if (all.heard !== all.wanted || tagged.heard !== tagged.wanted || first < this.#listensFrom) return false;
    for (let slot = first; slot < until; slot++) {
      if (all.heard && this.#voice?.saidTo(all.heard, slot)) return false;
      if (tagged.heard?.sounds(slot, this.#rate)) return false;
    }
    return true;
  }

  /** What is heard in slots [first, until), for this member alone. */
  #mix(frame: Int16Array, first: number, until: number): Int16Array | undefined {
    const samples = samplesOfSlot(this.#rate);
    if (this.#slot.length !== samples) this.#slot = new Int32Array(samples);
    if (this.#wide.length !== frame.length) this.#wide = new Int32Array(frame.length);
    else this.#wide.fill(0);
    const [all, tagged] = this.#inlets;
    let sounds = false;
    for (let at = first, to = 0; at < until; at++, to += samples) {
      if (at < this.#listensFrom) continue;
      if (this.#take(all, at, to)) sounds = true;
      if (this.#take(tagged, at, to)) sounds = true;
    }
    if (!sounds) return undefined;
    softClip(this.#wide, frame);
    return frame;
  }

  /** Adds what comes through one inlet in a slot. A change of the bus fades: one slot out, then one in. */
  #take(inlet: Inlet, slot: number, to: number): boolean {
    const { heard, wanted } = inlet;
    const bus = heard ?? wanted;
    if (!bus) return false;
    if (heard === wanted) return this.#others(bus, slot, this.#wide, to);
    inlet.heard = heard ? undefined : wanted;
    const one = this.#slot;
    one.fill(0);
    if (!this.#others(bus, slot, one, 0)) return false;
    const curve = rising(one.length);
    for (let i = 0; i < one.length; i++) {
      this.#wide[to + i]! += Math.round(one[i]! * curve[heard ? one.length - 1 - i : i]!);
    }
    return true;
  }

  /** Adds what all others say to a bus. */
  #others(bus: Bus, slot: number, out: Int32Array, to: number): boolean {
    const { own, crossed } = bus.at(this.#rate);
    const self = this.#voice;
    const mine = self?.sampleRate === this.#rate && self.saidTo(bus, slot) ? self.said : undefined;
    const direct = own.voices(slot) > (mine ? 1 : 0);
    if (direct) own.addTo(slot, out, to, mine);
    if (crossed.voices(slot) === 0) return direct;
    crossed.addTo(slot, out, to);
    return true;
  }
}
