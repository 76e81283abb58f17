// Who should hear whom: two calls in a bridge, or members of a conference, when for a while nothing has come between them.
import { toneLevelDbov } from '../audio/index.ts';
import { every } from '../base/index.ts';
import type { Call } from '../calls/index.ts';
import type { PhoneCall } from './phone.ts';
import { phoneRate } from './phone-audio.ts';
import type { Cast } from './random-call.ts';
import type { Stage } from './stage.ts';

const lookEveryMs = 250;
/** So long nothing has happened that may cover a voice, and so much is listened to: the pause between two songs is shorter. */
const quietMs = 2_000;
const windowMs = 500;
/** Of a voice of -15 dBov: what a boost of -20 dB leaves and a tenth of lost packets takes away is above. */
const audibleDbov = -48;

/** What changes nothing of who hears whom. */
const harmless = new Set([
  'sip',
  'hook-sent',
  'hook-answered',
  'hook-failed',
  'transcript',
  'effect',
  'command-refused',
]);

export interface Watch {
  /** Voices that should have been heard and were not, in words. */
  readonly lost: string[];
  /** Pairs that were listened to. */
  readonly heard: { bridged: number; members: number };
  stop(): void;
}

/** Looks at every pair all the time. */
export function watch(cast: Cast): Watch {
  const { stage } = cast;
  const quietSince = new Map<string, number>();
  const lastEvents = new Map<string, number>();
  /** Prompts and whispers that sound, by call. */
  const covers = new Map<string, number>();
  const lost: string[] = [];
  const heard = { bridged: 0, members: 0 };
  let read = 0;
  const look = (): void => {
    for (; read < stage.events.length; read++) {
      const { callSid, event } = stage.events[read]!;
      if (!harmless.has(event.type)) lastEvents.set(callSid, event.at);
      if (event.layer !== 'prompt' && event.layer !== 'whisper') continue;
      const change = event.type === 'play-started' ? 1 : -1;
      covers.set(callSid, Math.max(0, (covers.get(callSid) ?? 0) + change));
    }
    const now = stage.clock.now();
    const standing = new Set<string>();
    for (const { kind, listener, speaker } of pairs(cast)) {
      if (covers.get(listener.call.sid)) continue;
      const key = `${listener.call.sid} ${speaker.call.sid}`;
      standing.add(key);
      const since = Math.max(
        quietSince.get(key) ?? now,
        lastEvents.get(listener.call.sid) ?? 0,
        lastEvents.get(speaker.call.sid) ?? 0,
      );
      quietSince.set(key, since);
      if (now - since < quietMs) continue;
      quietSince.set(key, now);
      heard[kind]++;
      const level = loudest(listener.phone, cast.voices.get(speaker.phone)!, now);
      if (level < audibleDbov)
        lost.push(
          `call ${listener.call.sid} does not hear ${speaker.call.sid} at ${now} (${kind}, ${Math.round(level)} dBov)`,
        );
    }
    for (const key of quietSince.keys()) if (!standing.has(key)) quietSince.delete(key);
  };
  const timer = every(stage.clock, lookEveryMs, look);
  return { lost, heard, stop: () => timer.cancel() };
}

interface End {
  call: Call;
  phone: PhoneCall;
}

interface Pair {
  kind: 'bridged' | 'members';
  listener: End;
  speaker: End;
}

/** Those that hear each other as far as their calls know, with nothing over it. */
function* pairs({ stage, calls }: Cast): Generator<Pair> {
  const ends = calls.flatMap((phone) => endOf(stage, phone) ?? []);
  const rooms = membersByRoom(ends);
  for (const listener of ends) {
    const other = listener.call.parts.get('bridge')?.other;
    const speaker = other && ends.find(({ call }) => call === other);
    if (speaker && speaks(speaker)) yield { kind: 'bridged', listener, speaker };
    const place = listener.call.parts.get('conference');
    if (!place?.joined) continue;
    for (const one of rooms.get(place.name) ?? []) {
      const theirs = one.call.parts.get('conference');
      if (theirs && speaks(one) && place.hears(theirs)) yield { kind: 'members', listener, speaker: one };
    }
  }
}

function endOf({ house }: Stage, phone: PhoneCall): End | undefined {
  if (!phone.dialog || phone.ended || !phone.open) return undefined;
  const call = phone.sid === undefined ? undefined : house.directory.get(phone.sid);
  return call && !call.ended && call.leg.answered && !call.leg.offers.held ? { call, phone } : undefined;
}

const speaks = ({ call }: End): boolean => !call.leg.muted;

function membersByRoom(ends: readonly End[]): Map<string, End[]> {
  const rooms = new Map<string, End[]>();
  for (const end of ends) {
    const place = end.call.parts.get('conference');
    if (place?.joined) rooms.set(place.name, [...(rooms.get(place.name) ?? []), end]);
  }
  return rooms;
}

/** The loudest half second of the last while, at this pitch. Packets as they came: between two streams time stamps say nothing. */
function loudest({ audio }: PhoneCall, hz: number, now: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let from = now - quietMs; from < now && best < audibleDbov; from += windowMs) {
    const pcm = audio.heard.filter(({ at }) => at >= from && at < from + windowMs).map((packet) => packet.pcm);
    if (pcm.length > 0) best = Math.max(best, ...pcm.map((frame) => toneLevelDbov(frame, hz, phoneRate)));
  }
  return best;
}
