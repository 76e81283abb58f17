// Room: members of any rate and packet time hear each other. What is said goes into slots of the pacer's grid and is heard from there,
// so that nothing drifts: a frame due at T says the slots from T on, and hears those up to T.
import { Fault } from '../../../base/index.ts';
import type { AgreedMedia } from '../../../sdp/index.ts';
import type { FinishedPlay, PlayOrder, PlayPosition, Responder } from '../../channel.ts';
import type { MemberFlags } from '../../joined-types.ts';
import { maxRoomPlaybacks, roomEffectSlots, roomSlots, slotMs } from '../../limits.ts';
import type { DigitEvent, PlaybackEvent } from '../../types.ts';
import type { EarListener } from '../ear.ts';
import type { Feed } from '../feed.ts';
import type { EngineWorld } from '../world.ts';
import { Bus } from './bus.ts';
import { Guest } from './guest.ts';
import { type Floor, Member } from './member.ts';
import { Player } from './player.ts';
import { RoomRecordings } from './room-recordings.ts';
import { RoomStreams } from './room-streams.ts';

/** A port, as a room needs it. */
export interface RoomPort {
  readonly id: string;
  /** When the frame that is being made is due. */
  readonly deadline: number;
  readonly media: Pick<AgreedMedia, 'dtmfPayloadType'> | undefined;
  readonly ear: { listen(listener: EarListener): () => void };
  readonly mouth: { setFeed(feed: Feed): void; endFeed(feed: Feed): void };
  /** Hears the far end's digits; undefined: nobody does. */
  onDigit: ((event: DigitEvent) => void) | undefined;
  sendDigits(ask: { digits: string; durationMs: number }): Promise<unknown>;
}

export interface RoomOptions {
  id: string;
  world: EngineWorld;
  onPlayback: (playback: number, event: PlaybackEvent) => void;
  onFinished: (playback: number, result: FinishedPlay) => void;
  notify: Responder['notify'];
}

interface Seated {
  readonly port: RoomPort;
  readonly member: Member;
  flags: MemberFlags;
  /** Takes it off the port's ear. */
  unlisten(): void;
}

/** A change that has not been heard yet. */
interface Change {
  readonly seated: Seated;
  /** It changes what this member hears; else what others hear of it. */
  readonly own: boolean;
  /** From which slot on it can be heard; known with the member's next frame. */
  from: number | undefined;
  readonly until: number;
  resolve(): void;
}

export class Room implements Floor {
  readonly id: string;
  readonly #options: RoomOptions;
  readonly #public = new Bus();
  /** What is said to the members of a tag alone. */
  readonly #tags = new Map<string, { bus: Bus; unusedSince: number | undefined }>();
  readonly #seated = new Map<string, Seated>();
  readonly #players = new Map<number, Player>();
  readonly streams: RoomStreams;
  readonly recordings: RoomRecordings;
  readonly #guests = new Set<Guest>();
  #origin: number | undefined;
  /** All slots before this one are complete. */
  #now = 0;
  #rate = 8000;
  #changes: Change[] = [];

  constructor(options: RoomOptions) {
    this.id = options.id;
    this.#options = options;
    const { id: room, world, notify } = options;
    const invite = (rate: number, onBroken: (error: unknown) => void): Guest => this.#invite(rate, onBroken);
    this.streams = new RoomStreams({ room, world, notify, invite });
    this.recordings = new RoomRecordings({ room, world, notify, invite });
  }

  /** Nobody is in it and nothing plays. */
  get isEmpty(): boolean {
    return this.#seated.size === 0 && this.#players.size === 0 && this.#guests.size === 0;
  }

  /** Tags that are kept. */
  get tags(): number {
    return this.#tags.size;
  }

  has(port: string): boolean {
    return this.#seated.has(port);
  }

  join(port: RoomPort, flags: MemberFlags): void {
    if (this.#seated.has(port.id)) return void this.set(port.id, flags);
    const member = new Member(this);
    const unlisten = port.ear.listen((frame, sampleRate) => {
      if (sampleRate > this.#rate) this.#raise(sampleRate);
      const slot = this.slotOf(port.deadline);
      member.say(frame, sampleRate, slot);
      if (this.#changes.length > 0) this.#said(member, slot);
    });
    const seated: Seated = { port, member, flags, unlisten };
    const feed: Feed = {
      read: (frame, sampleRate) => {
        // It has left, and the last of the room has faded.
        if (member.isDeafened && this.#seated.get(port.id) !== seated) port.mouth.endFeed(feed);
        return member.hear(frame, sampleRate, this.slotOf(port.deadline));
      },
    };
    port.mouth.setFeed(feed);
    port.onDigit = (event) => this.#digit(seated, event);
    this.#seated.set(port.id, seated);
    this.#apply(seated);
  }

  /** Resolves when the change is heard. */
  set(port: string, flags: MemberFlags): Promise<{ at: number }> {
    const { clock } = this.#options.world;
    const seated = this.#seated.get(port);
    if (!seated) return Promise.reject(new Fault('room-left', 'the member has left the room'));
    const old = seated.flags;
    seated.flags = flags;
    this.#apply(seated);
    const speaks = old.muted !== flags.muted || old.speakOnlyTo !== flags.speakOnlyTo;
    const hears = old.deaf !== flags.deaf || old.tag !== flags.tag;
    if (seated.member.isNew || !(hears || (speaks && this.#seated.size > 1))) {
      return Promise.resolve({ at: clock.now() });
    }
    return new Promise((resolve) => {
      this.#changes.push({
        seated,
        own: hears,
        from: hears ? -1 : undefined,
        until: this.#now + roomEffectSlots,
        resolve: () => resolve({ at: clock.now() }),
      });
    });
  }

  /** Its voice and what it heard of the room fade. */
  leave(port: string): void {
    const seated = this.#seated.get(port);
    if (!seated) return;
    this.#seated.delete(port);
    seated.unlisten();
    seated.port.onDigit = undefined;
    seated.member.hears(undefined, undefined);
    this.#resolve((change) => change.seated === seated);
    this.#tidy();
  }

  play(order: PlayOrder): void {
    if (this.#players.has(order.playback)) return;
    // Those that still fade do not count.
    if ([...this.#players.values()].filter(({ over }) => !over).length >= maxRoomPlaybacks)
      throw new Fault('play-too-many', `a room plays ${maxRoomPlaybacks} things at most`);
    const { world, onPlayback, onFinished } = this.#options;
    const { playback } = order;
    const player = new Player({
      order,
      prompts: world.prompts,
      sampleRate: this.#rate,
      onEvent: (event) => onPlayback(playback, event),
      onFinished: (result) => onFinished(playback, result),
    });
    this.#players.set(playback, player);
  }

  stop(playback: number): void {
    this.#players.get(playback)?.stop();
    // Without a member no time passes in which it could fade.
    if (this.#seated.size + this.#guests.size === 0) this.#players.delete(playback);
  }

  positions(): { playback: number; position: PlayPosition; moving: boolean }[] {
    const found: ReturnType<Room['positions']> = [];
    for (const [playback, { track }] of this.#players) {
      found.push({ playback, position: track.position(), moving: track.audible });
    }
    return found;
  }

  /** Resolves when what was recorded is whole; undefined when nothing was. */
  close(): Promise<unknown> | undefined {
    for (const port of [...this.#seated.keys()]) this.leave(port);
    this.streams.close();
    for (const player of this.#players.values()) player.stop();
    this.#players.clear();
    return this.recordings.close();
  }

  /** The slot of a frame that is due at `deadline`. */
  slotOf(deadline: number): number {
    this.#origin ??= deadline;
    return roomSlots + Math.round((deadline - this.#origin) / slotMs);
  }

  reach(slot: number): number {
    if (slot <= this.#now) return this.#now;
    // After a stall nobody hears what lies farther back; what plays goes on where it was.
    let at = Math.max(this.#now, slot - roomSlots / 2);
    const time = this.#options.world.clock.now();
    for (; at < slot; at++) {
      for (const [playback, player] of this.#players) {
        player.say(this.#public, at, time);
        if (player.isDone) this.#players.delete(playback);
      }
      this.#public.complete(at);
      for (const { bus } of this.#tags.values()) bus.complete(at);
    }
    this.#now = slot;
    return slot;
  }

  heard(member: Member, slot: number): void {
    if (this.#changes.length === 0) return;
    this.#resolve(({ seated, own, from }) => from !== undefined && slot > from && own === (seated.member === member));
  }

  /** A member has begun a frame: from here on its changes can be heard. */
  #said(member: Member, slot: number): void {
    for (const change of this.#changes) if (change.seated.member === member) change.from ??= slot;
    this.#resolve(({ until }) => this.#now > until);
  }

  #resolve(which: (change: Change) => boolean): void {
    const due = this.#changes.filter(which);
    if (due.length === 0) return;
    this.#changes = this.#changes.filter((change) => !due.includes(change));
    for (const { resolve } of due) resolve();
  }

  #apply(seated: Seated): void {
    const { member, flags } = seated;
    const { muted, deaf, tag, speakOnlyTo } = flags;
    member.speaksTo = muted ? undefined : speakOnlyTo === '' ? this.#public : this.#tagged(speakOnlyTo);
    member.hears(deaf ? undefined : this.#public, deaf || tag === '' ? undefined : this.#tagged(tag));
    this.#tidy();
  }

  /** One who hears the public, and speaks to it, without a port. */
  #invite(sampleRate: number, onBroken: (error: unknown) => void): Guest {
    const member = new Member(this);
    member.speaksTo = this.#public;
    member.hears(this.#public, undefined);
    if (sampleRate > this.#rate) this.#raise(sampleRate);
    const guest: Guest = new Guest({
      id: `${this.id} guest`,
      world: this.#options.world,
      member,
      sampleRate,
      slotOf: (deadline) => this.slotOf(deadline),
      onClosed: () => void this.#guests.delete(guest),
      onBroken,
    });
    this.#guests.add(guest);
    return guest;
  }

  #tagged(tag: string): Bus {
    const known = this.#tags.get(tag);
    if (known) return known.bus;
    const bus = new Bus();
    this.#tags.set(tag, { bus, unusedSince: undefined });
    return bus;
  }

  /** Forgets tags that nobody carries or speaks to, once what was said there is over. */
  #tidy(): void {
    if (this.#tags.size === 0) return;
    const used = new Set<string>();
    for (const { flags } of this.#seated.values()) used.add(flags.tag).add(flags.speakOnlyTo);
    for (const [tag, entry] of this.#tags) {
      if (used.has(tag)) entry.unusedSince = undefined;
      else if (entry.unusedSince === undefined) entry.unusedSince = this.#now;
      else if (this.#now - entry.unusedSince > roomSlots) this.#tags.delete(tag);
    }
  }

  /** A digit goes to whom the voice goes. */
  #digit({ port, flags, member }: Seated, { digit, durationMs, source }: DigitEvent): void {
    if (!flags.distributeDtmf || !member.speaksTo) return;
    for (const other of this.#seated.values()) {
      if (other.port === port || other.flags.deaf) continue;
      if (flags.speakOnlyTo !== '' && other.flags.tag !== flags.speakOnlyTo) continue;
      // The tone itself is heard already.
      if (source === 'inband' && other.port.media?.dtmfPayloadType === undefined) continue;
      // One who is on hold, or has too many digits waiting, does without.
      other.port.sendDigits({ digits: digit, durationMs }).catch(() => {});
    }
  }

  /** Somebody hears more than telephone audio: what plays is read at that rate. */
  #raise(sampleRate: number): void {
    this.#rate = sampleRate;
    for (const player of this.#players.values()) player.setRate(sampleRate);
  }
}
