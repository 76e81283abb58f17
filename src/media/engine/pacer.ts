// Pacer: one scheduler for all legs of a worker. Frames leave by deadlines on a 5 ms grid; an interval timer is never trusted.
import type { Clock, Timer } from '../../base/index.ts';
import { catchUpPackets, maxPtimeMs, minPtimeMs, seatChoiceSlots, slotMs } from '../limits.ts';

export interface Paced {
  /**
   * One frame is due. `deadline`: when it should leave. `skippedMs`: time given up just before it, after a stall longer than
   * `catchUpPackets` frames: timestamps jump over it.
   */
  onFrame(deadline: number, skippedMs: number): void;
  /** Before any of those whose frames are due together has its own: what comes in is then there for all that goes out. */
  onHearing?(deadline: number, skippedMs: number): void;
}

interface Member {
  paced: Paced;
  /** Slot number of the next frame. */
  next: number;
}

/** Legs of one packet time that share a phase. */
interface Lane {
  periodSlots: number;
  phase: number;
  members: Member[];
}

/** A leg's place in the pacer. */
export interface Seat {
  leave(): void;
}

export class Pacer {
  readonly #clock: Clock;
  readonly #onError: (paced: Paced, error: unknown) => void;
  readonly #origin: number;
  readonly #lanes = new Map<number, Lane[]>();
  #members = 0;
  /** The next slot to be run. */
  #slot = 0;
  #timer: Timer | undefined;
  #armedFor = 0;

  constructor(clock: Clock, onError: (paced: Paced, error: unknown) => void) {
    this.#clock = clock;
    this.#onError = onError;
    this.#origin = clock.now();
  }

  /**
   * The first frame is due within one packet time, in the least crowded slot; with `from` (clock time), in one of the first slots from
   * then on.
   */
  join(paced: Paced, ptimeMs: number, from?: number): Seat {
    const periodSlots = Math.max(1, Math.round(ptimeMs / slotMs));
    const lanes = this.#lanesOf(periodSlots);
    const coming = this.#slotAt(this.#clock.now()) + 1;
    if (this.#members === 0) this.#slot = coming;
    const first = from === undefined ? coming : Math.max(coming, this.#slotAt(from - 1e-6) + 1);
    const few = from === undefined ? lanes : lanes.filter((lane) => nextIn(lane, first) - first < seatChoiceSlots);
    const lane = few.reduce((best, one) => (this.#crowd(one) < this.#crowd(best) ? one : best));
    const member: Member = { paced, next: nextIn(lane, first) };
    lane.members.push(member);
    this.#members++;
    if (member.next < this.#slot) this.#slot = member.next;
    this.#arm();
    return { leave: () => this.#leave(lane, member) };
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lanes.clear();
    this.#members = 0;
  }

  #lanesOf(periodSlots: number): Lane[] {
    let lanes = this.#lanes.get(periodSlots);
    if (!lanes) {
      lanes = Array.from({ length: periodSlots }, (_, phase) => ({ periodSlots, phase, members: [] }));
      this.#lanes.set(periodSlots, lanes);
    }
    return lanes;
  }

  /** Frames that this lane's slots have to carry, with other packet times' frames that fall together with them. */
  #crowd(lane: Lane): number {
    let crowd = 0;
    for (const lanes of this.#lanes.values())
      for (const other of lanes) {
        const common = gcd(lane.periodSlots, other.periodSlots);
        if ((lane.phase - other.phase) % common === 0) crowd += (other.members.length * common) / other.periodSlots;
      }
    return crowd;
  }

  #leave(lane: Lane, member: Member): void {
    const at = lane.members.indexOf(member);
    if (at < 0) return;
    // A copy, as the lane may be running just now.
    lane.members = lane.members.filter((one) => one !== member);
    this.#members--;
    if (this.#members > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #slotAt(time: number): number {
    return Math.floor((time - this.#origin) / slotMs);
  }

  #timeOf(slot: number): number {
    return this.#origin + slot * slotMs;
  }

  /** Waits for the next slot in which somebody sends. */
  #arm(): void {
    if (this.#members === 0) return;
    while (!this.#occupied(this.#slot)) this.#slot++;
    if (this.#timer && this.#armedFor <= this.#slot) return;
    this.#timer?.cancel();
    this.#armedFor = this.#slot;
    this.#timer = this.#clock.after(this.#timeOf(this.#slot) - this.#clock.now(), () => this.#tick());
  }

  #occupied(slot: number): boolean {
    for (const lanes of this.#lanes.values()) if (lanes[slot % lanes.length]!.members.length > 0) return true;
    return false;
  }

  #tick(): void {
    this.#timer = undefined;
    // Timers may fire a fraction of a millisecond early.
    const current = this.#slotAt(this.#clock.now() + 1);
    // Older slots than any leg could catch up with need not be walked through.
    const longest = Math.max(1, ...this.#lanes.keys());
    let slot = Math.max(this.#slot, current - longest * catchUpPackets);
    for (; slot <= current; slot++) this.#run(slot, current);
    this.#slot = current + 1;
    this.#arm();
  }

  #run(slot: number, current: number): void {
    for (const hearing of [true, false]) {
      for (const lanes of this.#lanes.values()) {
        const { members, periodSlots } = lanes[slot % lanes.length]!;
        // Too old: the leg's next frames come within this same tick.
        if (current - slot >= periodSlots * catchUpPackets) continue;
        for (let i = 0; i < members.length; i++) {
          const member = members[i]!;
          if (slot >= member.next) this.#frame(member, slot, hearing);
          if (!hearing && slot >= member.next) member.next = slot + periodSlots;
        }
      }
    }
  }

  #frame({ paced, next }: Member, slot: number, hearing: boolean): void {
    const skippedMs = (slot - next) * slotMs;
    try {
      if (hearing) paced.onHearing?.(this.#timeOf(slot), skippedMs);
      else paced.onFrame(this.#timeOf(slot), skippedMs);
    } catch (error) {
      this.#onError(paced, error);
    }
  }
}

/** The first slot from `from` on that is the lane's. */
const nextIn = (lane: Lane, from: number): number =>
  from + ((((lane.phase - from) % lane.periodSlots) + lane.periodSlots) % lane.periodSlots);

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** A packet time that can be paced. */
export const wholeSlots = (ptimeMs: number): number =>
  Math.min(maxPtimeMs, Math.max(minPtimeMs, Math.round(ptimeMs / slotMs) * slotMs));
