// Voice: what one member says into a room, slot by slot, and what it has said lately, which it does not want to hear again.
import { roomSlackSlots, roomSlots } from '../../limits.ts';
import type { Bus, Ending } from './bus.ts';
import { echoSlot, fadeSlot } from './edge.ts';

export class Voice implements Ending {
  readonly sampleRate: number;
  readonly #samples: number;
  /** Ring of what was added to which bus, laid out as the lanes are. */
  readonly said: Int16Array;
  readonly #holds = new Int32Array(roomSlots).fill(-1);
  readonly #buses: (Bus | undefined)[] = new Array(roomSlots).fill(undefined);
  /** Where the last slot went; undefined after silence. */
  #bus: Bus | undefined;
  /** The slot after the last frame: unless another frame begins there, it holds this one's echo. */
  #until = -1;

  constructor(sampleRate: number, slotSamples: number) {
    this.sampleRate = sampleRate;
    this.#samples = slotSamples;
    this.said = new Int16Array(roomSlots * slotSamples);
  }

  /** After this slot nothing of it is left. */
  get last(): number {
    return this.#until;
  }

  /** Says a frame that is due at `slot` to `wanted`; undefined: to nobody. */
  say(frame: Int16Array, slot: number, wanted: Bus | undefined): void {
    const samples = this.#samples;
    const until = this.#until;
    // An ear that somebody else leads gives its frames early now and then: they follow one another all the same.
    const follows = slot === until || (this.#bus !== undefined && until > slot && until - slot <= roomSlackSlots);
    const begin = follows ? until : slot;
    const end = begin + frame.length / samples;
    let at = begin;
    if (!follows) {
      // This begins anew. When it would overlap with the last frame (the leg has another packet time now), after that one's echo.
      if (this.#bus && at < until) this.#echo(this.#until++, this.#bus);
      at = Math.max(at, this.#until);
      this.#bus = undefined;
    }
    for (; at < end; at++) this.#slot(frame, at, { from: (at - begin) * samples, wanted });
    if (end <= this.#until) return;
    this.#until = end;
    this.#bus?.ends(end, this);
  }

  onSlot(slot: number, bus: Bus): void {
    if (slot === this.#until && bus === this.#bus) this.#echo(slot, bus);
  }

  saidTo(bus: Bus, slot: number): boolean {
    const place = slot % roomSlots;
    return this.#holds[place] === slot && this.#buses[place] === bus;
  }

  #slot(frame: Int16Array, slot: number, part: { from: number; wanted: Bus | undefined }): void {
    const { from, wanted } = part;
    const bus = this.#bus ?? wanted;
    const samples = this.#samples;
    if (!bus || isSilent(frame, from, from + samples)) {
      // What follows fades in: an ear that has just been opened begins in the middle of a wave.
      this.#bus = undefined;
      return;
    }
    if (this.#bus === wanted) return this.#add(bus, slot, frame, from);
    const { said } = this;
    const to = (slot % roomSlots) * samples;
    fadeSlot(frame, from, { out: said, to, samples, rises: this.#bus === undefined });
    this.#bus = this.#bus === undefined ? wanted : undefined;
    this.#add(bus, slot, said, to);
  }

  /** What was said last, in the slot before, dies away. */
  #echo(slot: number, bus: Bus): void {
    const { said } = this;
    const samples = this.#samples;
    const to = (slot % roomSlots) * samples;
    echoSlot(said, (((slot - 1) % roomSlots) + 1) * samples, { out: said, to, samples });
    this.#add(bus, slot, said, to);
  }

  /** Adds pcm[from..] and keeps it. */
  #add(bus: Bus, slot: number, pcm: Int16Array, from: number): void {
    const place = slot % roomSlots;
    this.#holds[place] = slot;
    this.#buses[place] = bus;
    bus.at(this.sampleRate).own.add(slot, pcm, from, this.said);
  }
}

function isSilent(pcm: Int16Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (pcm[i] !== 0) return false;
  return true;
}
