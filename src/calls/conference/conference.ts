// Conferences: the named rooms of each account on this node, who is in them, and who waits for them to begin (verbs.md 6).
import type { HookInput } from '../../apps/index.ts';
import { type Clock, errorText, type Log, Scope, type Timer } from '../../base/index.ts';
import type { MediaPool, MediaRoom } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { Announcements, type Announcing } from './announcements.ts';
import { ConferenceForks } from './forks.ts';
import { ConferenceNews } from './news.ts';
import { type AttendOptions, Place } from './place.ts';
import { recordConference } from './recording.ts';

/** A call's place in a conference, as commands reach it. */
export interface ConferencePart {
  readonly name: string;
  /** False while it waits for the beginning, or for its enterHook: only `kick` can act then. */
  readonly joined: boolean;
  setMuted(muted: boolean): Promise<{ at: number }>;
  /** Muted and deaf; the hook's verbs go to this member only, over and over. Again with another hook: that one from now on. */
  hold(waitHook: HookInput | undefined): Promise<{ at: number }>;
  unhold(): Promise<{ at: number }>;
  setTag(tag: string | undefined): Promise<{ at: number }>;
  /** Heard only by members with this tag; undefined: by everybody. */
  coach(tag: string | undefined): Promise<{ at: number }>;
  kick(): Promise<{ at: number }>;
  /** As far as mutes, holds and coaching say; both are in one conference. */
  hears(other: ConferencePart): boolean;
  /** All members but moderators. */
  muteOthers(muted: boolean): Promise<{ at: number }>;
  /** No more can be announced at once. */
  readonly announcementsFull: boolean;
  /** Says or plays to every member. Resolves with the first packet, rejects when nothing was heard. */
  announce(announcing: Announcing): Promise<{ at: number }>;
}

/** What conferences need of the house. */
export interface ConferenceWorld {
  readonly clock: Clock;
  readonly media: MediaPool;
  readonly log: Log;
}

/** A conference as the API shows it. */
export interface ConferenceFacts {
  id: string;
  name: string;
  durationSec: number;
  participants: { call_sid: string; label: string; memberTag: string | null; isAgent: boolean }[];
}

export class Conferences {
  readonly #world: ConferenceWorld;
  readonly #bySid = new Map<string, Conference>();

  constructor(world: ConferenceWorld) {
    this.#world = world;
  }

  /** Resolves when the call is no longer in the conference, or no longer waits for it, for whatever reason. Never rejects. */
  attend(call: Call, scope: Scope, options: AttendOptions): Promise<void> {
    const sid = `conf:${call.facts.accountSid}:${options.name}`;
    let conference = this.#bySid.get(sid);
    if (!conference) {
      conference = new Conference(this.#world, { sid, name: options.name }, () => this.#bySid.delete(sid));
      this.#bySid.set(sid, conference);
    }
    return new Place({ call, scope, conference, options }).attend();
  }

  /** Streams of a conference that has begun. */
  forks(accountSid: string, name: string): ConferenceForks | undefined {
    return this.#bySid.get(`conf:${accountSid}:${name}`)?.running?.forks;
  }

  /** Those that have begun. */
  list(accountSid: string): ConferenceFacts[] {
    const own = [...this.#bySid].filter(([sid, { started }]) => started && sid.startsWith(`conf:${accountSid}:`));
    return own.map(([, conference]) => conference.facts());
  }
}

/** What a conference has between its beginning and its end. */
interface Running {
  readonly room: MediaRoom;
  readonly scope: Scope;
  readonly announcements: Announcements;
  readonly forks: ConferenceForks;
}

/** One room, from its first arrival, who may have to wait, until everybody has gone. */
export class Conference {
  readonly sid: string;
  readonly name: string;
  readonly news: ConferenceNews;
  readonly #world: ConferenceWorld;
  readonly #onEmpty: () => void;
  readonly #places = new Set<Place>();
  #running: Running | undefined;
  #startedAt = 0;
  #maxParticipants: number | undefined;
  /** Seconds the room outlives the leaving of a member that ends it; the last joiner's value. */
  #graceSeconds = 0;
  #ending: Timer | undefined;

  constructor(world: ConferenceWorld, { sid, name }: { sid: string; name: string }, onEmpty: () => void) {
    this.#world = world;
    this.sid = sid;
    this.name = name;
    this.#onEmpty = onEmpty;
    this.news = new ConferenceNews(this, world.clock);
  }

  get started(): boolean {
    return this.#running !== undefined;
  }

  get running(): Running | undefined {
    return this.#running;
  }

  /** Seconds since the beginning. */
  get duration(): number {
    return this.#startedAt === 0 ? 0 : Math.round(this.#world.clock.now() - this.#startedAt) / 1000;
  }

  get members(): Place[] {
    return [...this.#places].filter((place) => place.joined);
  }

  get #attending(): Place[] {
    return [...this.#places].filter((place) => !place.waiting);
  }

  /** Is there no room for one more? */
  get full(): boolean {
    return this.#maxParticipants !== undefined && this.#attending.length >= this.#maxParticipants;
  }

  enter(place: Place): void {
    this.#places.add(place);
  }

  /** Begins with this member; who waited comes in. */
  start(place: Place): void {
    this.#startedAt = this.#world.clock.now();
    this.#running = this.#begin();
    const { record } = place.options;
    if (record) recordConference(place.call, this.#running.room, record.format);
    this.setLimits(place.options);
    this.news.begin(place);
    this.news.tell('start', place);
    for (const other of [...this.#places]) other.admit();
  }

  /** maxParticipants and the grace time are the room's; the last joiner's hold. */
  setLimits({ maxParticipants, endConferenceDuration }: AttendOptions): void {
    if (maxParticipants !== undefined && maxParticipants > 1) this.#maxParticipants = maxParticipants;
    if (endConferenceDuration !== undefined) this.#graceSeconds = endConferenceDuration;
  }

  /** Has come in. */
  joined(place: Place): void {
    this.setLimits(place.options);
    if (place.options.endConferenceOnExit) this.#cancelEnding();
    this.#running?.forks.joined(place, place.options.listen, this.members);
    this.news.tell('join', place);
  }

  /** A place was given up; `wasMember` when it had come in. */
  left(place: Place, wasMember: boolean): void {
    this.#places.delete(place);
    if (wasMember) this.news.tell('leave', place);
    if (this.started && wasMember && place.options.endConferenceOnExit) this.#endSoon(place);
    if (this.started && this.#attending.length === 0) this.#end(place);
    if (this.#places.size === 0) this.#onEmpty();
  }

  /** All members but moderators. Resolves with the last of them. */
  async mute(muted: boolean): Promise<{ at: number }> {
    const others = this.members.filter((place) => !place.options.startConferenceOnEnter);
    const effects = await Promise.all(others.map((place) => place.setMuted(muted)));
    return { at: Math.max(this.#world.clock.now(), ...effects.map((effect) => effect.at)) };
  }

  facts(): ConferenceFacts {
    const participants = this.members.map(({ call, tag }) => ({
      call_sid: call.sid,
      label: call.facts.callerName || call.facts.from,
      memberTag: tag === '' ? null : tag,
      isAgent: tag === 'agent',
    }));
    return { id: this.sid, name: this.name, durationSec: Math.floor(this.duration), participants };
  }

  #endSoon(place: Place): void {
    if (this.#graceSeconds === 0) return this.#end(place);
    this.#ending ??= this.#world.clock.after(this.#graceSeconds * 1000, () => {
      const teller = this.#attending[0] ?? place;
      this.#end(teller);
    });
  }

  #cancelEnding(): void {
    this.#ending?.cancel();
    this.#ending = undefined;
  }

  /** Everybody leaves; a member that still lives tells of it. */
  #end(place: Place): void {
    const running = this.#running;
    if (!running) return;
    this.#cancelEnding();
    this.#running = undefined;
    const others = this.#attending;
    for (const other of others) other.leave('the conference ended');
    running.announcements.end(this.#world.clock.now());
    this.news.tell('end', others.at(-1) ?? place);
    void running.scope.close('the conference ended');
  }

  #begin(): Running {
    const { media, log } = this.#world;
    const onError = (error: unknown): void => log.error('a conference did not close', { error: errorText(error) });
    const scope = new Scope(`conference ${this.sid}`, { onError });
    const room = media.room({ group: this.sid });
    scope.defer(() => room.close());
    return { room, scope, announcements: new Announcements(this, room), forks: new ConferenceForks(room, scope) };
  }
}
