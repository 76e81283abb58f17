// Guest: hears a room and may speak to it without a leg, at a packet time of its own: a conference's stream or recording.
import { roomGuestPtimeMs } from '../../limits.ts';
import type { EarListener } from '../ear.ts';
import type { Feed } from '../feed.ts';
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
}

export class Guest implements Paced {
  readonly id: string;
  readonly sampleRate: number;
  readonly ptimeMs = roomGuestPtimeMs;
  readonly #options: GuestOptions;
  readonly #frame: Int16Array;
  readonly #seat: Seat;
  readonly #listeners = new Set<EarListener>();
  #feed: Feed | undefined;
  #closed = false;

  constructor(options: GuestOptions) {
    this.id = options.id;
    this.sampleRate = options.sampleRate;
    this.#options = options;
    this.#frame = new Int16Array((options.sampleRate * roomGuestPtimeMs) / 1000);
    this.#seat = options.world.pacer.join(this, roomGuestPtimeMs);
  }

  /** Hears the public voices and what is played to all, but not what this guest says; silence too. Frames are reused. */
  listen(listener: EarListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What it says to everybody. */
  setFeed(feed: Feed | undefined): void {
    this.#feed = feed;
  }

  onHearing(deadline: number): void {
    const { member, slotOf } = this.#options;
    if (!this.#feed?.read(this.#frame, this.sampleRate)) this.#frame.fill(0);
    member.say(this.#frame, this.sampleRate, slotOf(deadline));
  }

  onFrame(deadline: number): void {
    const { member, slotOf } = this.#options;
    if (!member.hear(this.#frame, this.sampleRate, slotOf(deadline))) this.#frame.fill(0);
    for (const listener of this.#listeners) listener(this.#frame, this.sampleRate);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#seat.leave();
    this.#listeners.clear();
    this.#options.onClosed();
  }
}
