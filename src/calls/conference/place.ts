// A call's place in a conference: it waits for the beginning, enters, is a member, and leaves, for whatever reason.
import type { HookInput, Payload } from '../../apps/index.ts';
import { errorText, Fault, type Scope } from '../../base/index.ts';
import type { RoomMember } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { conferenceWaitGapMs, holdGapMs } from '../limits.ts';
import { runSide, type SideEnd, soundVerbs } from '../program/side.ts';
import type { Announcing } from './announcements.ts';
import type { Conference, ConferencePart } from './conference.ts';
import type { ForkInput } from './forks.ts';

/** What a member asks for (verbs.md 6.1). */
export interface AttendOptions {
  name: string;
  beep: boolean;
  /** True: a moderator, who starts the conference; false: waits for one; undefined: starts it and is none. */
  startConferenceOnEnter: boolean | undefined;
  endConferenceOnExit: boolean;
  /** Seconds between such an exit and the end. */
  endConferenceDuration: number | undefined;
  maxParticipants: number | undefined;
  joinMuted: boolean;
  memberTag: string;
  /** Heard only by members with this tag; '' by everybody. */
  speakOnlyTo: string;
  distributeDtmf: boolean;
  waitHook: HookInput | undefined;
  enterHook: HookInput | undefined;
  statusHook: HookInput | undefined;
  statusEvents: readonly string[];
  /** Streams the conference. */
  listen: ForkInput | undefined;
  /** Records it when this member begins it; the account's format when there is none. */
  record: { format: 'wav' | 'mp3' | undefined } | undefined;
}

type State = 'waiting' | 'entering' | 'joined' | 'left';

/** What the others hear when one comes in. */
const beep = 'tone_stream://%(200,0,880)';

export class Place implements ConferencePart {
  readonly call: Call;
  readonly options: AttendOptions;
  readonly #conference: Conference;
  /** Closes when the place is given up; all that belongs to it hangs on it. */
  readonly #scope: Scope;
  readonly #admitted = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  #state: State = 'waiting';
  #member: RoomMember | undefined;
  #muted: boolean;
  #held = false;
  #tag: string;
  #speakOnlyTo: string;
  /** Wait audio of a hold. */
  #holdScope: Scope | undefined;

  constructor(given: { call: Call; scope: Scope; conference: Conference; options: AttendOptions }) {
    const { call, scope, conference, options } = given;
    this.call = call;
    this.options = options;
    this.#conference = conference;
    this.#muted = options.joinMuted;
    this.#tag = options.memberTag;
    this.#speakOnlyTo = options.speakOnlyTo;
    this.#scope = scope.child('conference');
  }

  get scope(): Scope {
    return this.#scope;
  }

  get name(): string {
    return this.#conference.name;
  }

  get waiting(): boolean {
    return this.#state === 'waiting';
  }

  get joined(): boolean {
    return this.#state === 'joined';
  }

  get tag(): string {
    return this.#tag;
  }

  /** The whole stay. Resolves when the place has been given up and the port is free. Never rejects. */
  async attend(): Promise<void> {
    const { call } = this;
    this.#scope.defer(({ reason }) => this.#depart(reason));
    call.parts.put('conference', this, this.#scope);
    this.#conference.enter(this);
    try {
      await this.#arrive();
      await this.#over.promise;
    } catch (error) {
      if (!this.#scope.closed) this.#failed(error);
    }
    await this.#scope.close('left');
  }

  /** The conference has begun: who waits comes in, while there is room. */
  admit(): void {
    if (!this.waiting) return;
    if (this.#conference.full) return this.#turnedAway();
    this.#state = 'entering';
    this.#admitted.resolve();
  }

  leave(reason: string): void {
    void this.#scope.close(reason);
  }

  setMuted(muted: boolean): Promise<{ at: number }> {
    this.#muted = muted;
    return this.#apply();
  }

  hold(waitHook: HookInput | undefined): Promise<{ at: number }> {
    this.#held = true;
    if (waitHook !== undefined) {
      this.#endHoldAudio();
      this.#holdScope = this.#scope.child('hold audio');
      void this.#side(this.#holdScope, waitHook, { everyMs: holdGapMs, firstMs: 0 });
    }
    return this.#apply();
  }

  /** Heard again, too: what it was before the hold is not remembered (live-call-control.md 2.6). */
  unhold(): Promise<{ at: number }> {
    this.#held = false;
    this.#muted = false;
    this.#endHoldAudio();
    return this.#apply();
  }

  setTag(tag: string | undefined): Promise<{ at: number }> {
    this.#tag = tag ?? '';
    return this.#apply();
  }

  coach(tag: string | undefined): Promise<{ at: number }> {
    this.#speakOnlyTo = tag ?? '';
    return this.#apply();
  }

  async kick(): Promise<{ at: number }> {
    await this.#scope.close('kicked');
    const { leg, clock } = this.call;
    return (await leg.port?.nextFrame()) ?? { at: clock.now() };
  }

  muteOthers(muted: boolean): Promise<{ at: number }> {
    return this.#conference.mute(muted);
  }

  get announcementsFull(): boolean {
    return this.#conference.running?.announcements.full ?? false;
  }

  announce(announcing: Announcing): Promise<{ at: number }> {
    const announcements = this.#conference.running?.announcements;
    if (!announcements) return Promise.reject(new Fault('conference-over', 'the conference is over'));
    return announcements.make(this, announcing);
  }

  async #arrive(): Promise<void> {
    const conference = this.#conference;
    const { startConferenceOnEnter, enterHook } = this.options;
    if (conference.started) this.admit();
    else if (startConferenceOnEnter === false) await this.#wait();
    else {
      this.#state = 'entering';
      this.#note('started');
      conference.start(this);
    }
    if (this.#scope.closed) return;
    if (enterHook !== undefined) await this.#side(this.#scope, enterHook);
    if (!this.#scope.closed) await this.#join();
  }

  /** Until somebody starts the conference, with what the waitHook offers. */
  async #wait(): Promise<void> {
    this.#note('waits');
    const { waitHook } = this.options;
    const audio = this.#scope.child('wait');
    if (waitHook !== undefined) void this.#side(audio, waitHook, { everyMs: conferenceWaitGapMs });
    this.#scope.defer(() => this.#admitted.resolve());
    await this.#admitted.promise;
    await audio.close('the conference begins');
  }

  async #join(): Promise<void> {
    const { options } = this;
    if (!(await this.#enterRoom())) return;
    this.#state = 'joined';
    this.#note('joined');
    this.#conference.joined(this);
    if (options.distributeDtmf) this.#distributeInfoDigits();
    if (options.beep) this.#conference.running?.room.play([{ kind: 'url', url: beep }], { loop: 1 });
  }

  /** False when it is over before. */
  async #enterRoom(): Promise<boolean> {
    const { call, options } = this;
    const { running, news } = this.#conference;
    const { port } = call.leg;
    if (!running || !port) {
      this.leave('nothing to join');
      return false;
    }
    const onTalking = (talking: boolean): void => {
      if (this.joined) news.tell(talking ? 'start-talking' : 'stop-talking', this);
    };
    const member = await running.room.join(port, {
      ...this.#flags(),
      distributeDtmf: options.distributeDtmf,
      ...(news.wantsTalking(this) && { onTalking }),
      onLeft: () => call.turn('lost its room', () => void this.#comeBack()),
    });
    if (this.#scope.closed) await member.leave();
    else this.#member = member;
    return !this.#scope.closed;
  }

  /** Workers died, and the way to the room with them: there is another. */
  async #comeBack(): Promise<void> {
    if (!this.joined) return;
    this.#member = undefined;
    try {
      // What was changed meanwhile counts too.
      if (await this.#enterRoom()) await this.#apply();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Keys that come as packets the engine hands on; those that come as INFO go the same ways. */
  #distributeInfoDigits(): void {
    const { call } = this;
    const end = call.digits.listen((digit, durationMs, source) => {
      if (source !== 'info' || call.leg.muted) return;
      // One who is on hold, or has too many digits waiting, does without.
      for (const other of this.#conference.members)
        if (other.hears(this)) other.call.leg.port?.sendDigits(digit, durationMs).catch(() => {});
    });
    this.#scope.defer(end);
  }

  #turnedAway(): void {
    this.#note('full');
    this.leave('the conference is full');
  }

  #failed(error: unknown): void {
    this.call.events.append('error', { what: `could not join conference ${this.name}`, reason: errorText(error) });
    this.leave('could not join');
  }

  /** The scope has closed: everything at once, and in this turn, as the next verb may join again. */
  async #depart(reason: string): Promise<void> {
    const wasMember = this.joined;
    // First, as who still talks stops talking with it.
    const gone = this.#member?.leave();
    this.#state = 'left';
    this.#note('left', reason);
    this.#conference.left(this, wasMember);
    this.#over.resolve();
    await gone;
  }

  #endHoldAudio(): void {
    void this.#holdScope?.close('hold audio over');
    this.#holdScope = undefined;
  }

  hears(other: ConferencePart): boolean {
    if (!(other instanceof Place) || other === this || this.#held || other.#muted || other.#held) return false;
    return other.#speakOnlyTo === '' || other.#speakOnlyTo === this.#tag;
  }

  #flags() {
    return {
      muted: this.#muted || this.#held,
      deaf: this.#held,
      tag: this.#tag,
      speakOnlyTo: this.#speakOnlyTo,
    };
  }

  async #apply(): Promise<{ at: number }> {
    if (!this.#member) throw new Fault('not-joined', 'the call is not a member of a conference');
    return this.#member.set(this.#flags());
  }

  #side(scope: Scope, hook: HookInput, times: { everyMs?: number; firstMs?: number } = {}): Promise<SideEnd> {
    const { call } = this;
    return runSide({ call, scope, hook, payload: () => rawInfo(call), allowed: soundVerbs, ...times });
  }

  #note(what: string, reason?: string): void {
    const why = reason === undefined ? {} : { reason };
    this.call.events.append('conference', { what, name: this.name, members: this.#conference.members.length, ...why });
  }
}

/** Wait and enter hooks carry a little more than others (app-interfaces.md 3.3). */
const rawInfo = (call: Call): Payload =>
  call.payload({ callerName: call.facts.callerName, localSipAddress: call.facts.fsSipAddress });
