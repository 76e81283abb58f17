// What a conference tells of itself: status events to the hooks that asked for them (verbs.md 6.5).
import type { HookInput, Payload } from '../../apps/index.ts';
import type { Clock } from '../../base/index.ts';
import type { Call } from '../call.ts';
import type { Conference } from './conference.ts';
import type { Place } from './place.ts';

export type ConferenceEvent =
  | 'start'
  | 'join'
  | 'leave'
  | 'start-talking'
  | 'stop-talking'
  | 'end'
  | 'say-start'
  | 'say-done'
  | 'play-start'
  | 'play-done';

/** Of the conference, not of one member. */
const common: ReadonlySet<ConferenceEvent> = new Set([
  'start',
  'end',
  'say-start',
  'say-done',
  'play-start',
  'play-done',
]);

/** The documents' name of an event whose own name they missed. */
const otherNames: Partial<Record<ConferenceEvent, string>> = { 'stop-talking': 'end-talking' };

/** A hook, as it was written and as it stands for everybody, and the events it wants. */
interface Subscription {
  written: HookInput;
  absolute: HookInput;
  url: string;
  events: readonly string[];
}

export class ConferenceNews {
  readonly #conference: Conference;
  readonly #clock: Clock;
  /** The starter's: for members who brought none of their own. */
  #starters: Subscription | undefined;

  constructor(conference: Conference, clock: Clock) {
    this.#conference = conference;
    this.#clock = clock;
  }

  begin(starter: Place): void {
    this.#starters = ownOf(starter);
  }

  wantsTalking(place: Place): boolean {
    return (['start-talking', 'stop-talking'] as const).some(
      (event) => wire(this.#subscription(event, place), event) !== undefined,
    );
  }

  /** Tells it as an event of this member's call. */
  tell(event: ConferenceEvent, place: Place, extra: Payload = {}): void {
    const subscription = this.#subscription(event, place);
    const name = wire(subscription, event);
    if (!subscription || name === undefined) return;
    const { call } = place;
    const { sid, name: friendlyName, duration, members } = this.#conference;
    const facts = { conferenceSid: sid, friendlyName, duration, members: members.length };
    const time = new Date(this.#clock.now()).toISOString();
    call.conversation.tell(hookFor(call, subscription), call.payload({ event: name, ...facts, time, ...extra }));
  }

  /** A member's own hook hears of that member; of the conference hears the starter's. */
  #subscription(event: ConferenceEvent, place: Place): Subscription | undefined {
    return common.has(event) ? (this.#starters ?? ownOf(place)) : (ownOf(place) ?? this.#starters);
  }
}

function ownOf({ call, options: { statusHook, statusEvents } }: Place): Subscription | undefined {
  if (statusHook === undefined || statusEvents.length === 0) return undefined;
  const absolute = call.conversation.resolve(statusHook);
  return absolute && { written: statusHook, absolute, url: absolute.url, events: statusEvents };
}

/** As it was written, where that means the same; else the address itself. */
function hookFor(call: Call, { written, absolute, url }: Subscription): HookInput {
  return call.conversation.resolve(written)?.url === url ? written : absolute;
}

/** The name under which it was asked for. */
function wire(subscription: Subscription | undefined, event: ConferenceEvent): string | undefined {
  if (subscription?.events.includes(event)) return event;
  const other = otherNames[event];
  return other !== undefined && subscription?.events.includes(other) ? other : undefined;
}
