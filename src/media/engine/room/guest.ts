// Guest: hears a room and may speak to it without a leg, at a packet time of its own: where a conference's stream begins.
import { roomGuestPtimeMs } from '../../limits.ts';
import type { EarListener } from '../ear.ts';
import type { Feed } from '../feed.ts';
import { Mixed } from '../mixed.ts';
import type { MouthListener } from '../mouth.ts';
import type { Paced, Seat } from '../pacer.ts';
import type { EngineWorld } from '../world.ts';
import type { Member } from './member.ts';

export interface GuestOptions {
  id: string;
  world: EngineWorld;
  member: Member;
  /** Of what is heard and said. */
  sampleRate: number;
  slotOf(deadline: number): number;
  onClosed(): void;
  /** A bug: this guest is to be closed, the room goes on. */
  onBroken(error: unknown): void;
}

/** To what taps a leg it looks like one: the ear is the room, the mouth is what is said to it. */
export class Guest implements Paced {
  readonly id: string;
  /** Time in which nobody heard anything: the worker was held up for longer than can be caught up with. */
  onSkipped: (ms: number) => void = () => {};
  readonly ear = { listen: (listener: EarListener): (() => void) => added(this.#listeners, listener) };
  readonly mouth = {
    listen: (listener: MouthListener): (() => void) => added(this.#sayListeners, listener),
    mixIn: (feed: Feed): (() => void) => this.#feeds.add(feed),
  };
  readonly #options: GuestOptions;
  readonly #mixed: Int16Array;
  readonly #made: Int16Array;
  readonly #silence: Int16Array;
  /** In the frame time under way. */
  #said: Int16Array;
  readonly #seat: Seat;
  /** Hear the public voices and what is played to all, but not what this guest says; silence too. Frames are reused. */
  readonly #listeners = new Set<EarListener>();
  readonly #sayListeners = new Set<MouthListener>();
  readonly #feeds = new Mixed();
  #closed = false;

  constructor(options: GuestOptions) {
    const { id, sampleRate, world } = options;
    this.id = id;
    this.#options = options;
    this.#mixed = new Int16Array((sampleRate * roomGuestPtimeMs) / 1000);
    this.#made = new Int16Array(this.#mixed.length);
    this.#silence = new Int16Array(this.#mixed.length);
    this.#said = this.#silence;
    this.#seat = world.pacer.join(this, roomGuestPtimeMs);
  }

  onHearing(deadline: number, skippedMs: number): void {
    const { member, sampleRate, slotOf, onBroken } = this.#options;
    try {
      if (skippedMs > 0) this.onSkipped(skippedMs);
      const said = this.#feeds.read(this.#made, sampleRate) ?? this.#silence;
      this.#said = said;
      member.say(said, sampleRate, slotOf(deadline));
    } catch (error) {
      onBroken(error);
    }
  }

  onFrame(deadline: number): void {
    const { member, sampleRate, slotOf, onBroken } = this.#options;
    try {
      const heard = member.hear(this.#mixed, sampleRate, slotOf(deadline)) ?? this.#silence;
      for (const listener of this.#listeners) listener(heard, sampleRate);
      for (const listener of this.#sayListeners) listener(this.#said, sampleRate);
    } catch (error) {
      onBroken(error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#seat.leave();
    this.#listeners.clear();
    this.#sayListeners.clear();
    this.#options.onClosed();
  }
}

function added<T>(set: Set<T>, one: T): () => void {
  set.add(one);
  return () => void set.delete(one);
}
