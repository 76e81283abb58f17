// Voice: what one member says into a room, slot by slot, and what it has said lately, which it does not want to hear again.
import { roomSlackSlots, roomSlots } from '../../limits.ts';
import type { Bus } from './bus.ts';
import { echoSlot, fadeSlot } from './edge.ts';
import type { Lane } from './lane.ts';

export class Voice {
  readonly sampleRate: number;
  readonly #samples: number;
  /** Ring of what was added to which bus, laid out as the lanes are. */
  readonly said: Int16Array;
  readonly #holds = new Int32Array(roomSlots).fill(-1);
  readonly #buses: (Bus | undefined)[] = new Array(roomSlots).fill(undefined);
  /** Where the last slot went; undefined after silence. */
  #bus: Bus | undefined;
  /** The slot after the last frame, which holds its echo. */
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
    if (follows) this.#takeBack(begin);
    else {
      // The echo stays, and this begins anew. When they overlap (the leg has another packet time now), after the echo.
      this.#bus = undefined;
      if (at < until) at = until + 1;
    }
    for (; at < end; at++) this.#slot(frame, at, { from: (at - begin) * samples, wanted });
    if (end > until) this.#echo(frame, end);
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
    const to = (slot % roomSlots) * samples;
    const { said } = this;
    if (this.#bus === wanted) for (let i = 0; i < samples; i++) said[to + i] = frame[from + i]!;
    else fadeSlot(frame, from, { out: said, to, samples, rises: this.#bus === undefined });
    this.#bus = this.#bus === undefined ? wanted : this.#bus === wanted ? wanted : undefined;
    this.#add(bus, slot, to);
  }

  #echo(frame: Int16Array, slot: number): void {
    this.#until = slot;
    const bus = this.#bus;
    const samples = this.#samples;
    if (!bus || isSilent(frame, frame.length - samples, frame.length)) return;
    const to = (slot % roomSlots) * samples;
    echoSlot(frame, frame.length, { out: this.said, to, samples });
    this.#add(bus, slot, to);
  }

  #add(bus: Bus, slot: number, at: number): void {
    const place = slot % roomSlots;
    this.#holds[place] = slot;
    this.#buses[place] = bus;
    this.#lane(bus).add(slot, this.said, at);
  }

  #takeBack(slot: number): void {
    const place = slot % roomSlots;
    const bus = this.#buses[place];
    if (this.#holds[place] !== slot || !bus) return;
    this.#lane(bus).take(slot, this.said, place * this.#samples);
    this.#holds[place] = -1;
  }

  #lane(bus: Bus): Lane {
    return bus.at(this.sampleRate).own;
  }
}

function isSilent(pcm: Int16Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (pcm[i] !== 0) return false;
  return true;
}
