// Announcements: speech and files for everybody in a conference (room_say, room_play; live-call-control.md 6).
import type { Payload } from '../../apps/index.ts';
import { Fault, isRefusal, newSid, type Refusal, refusalText } from '../../base/index.ts';
import type { MediaRoom, Playback, PlaybackResult } from '../../media/client.ts';
import { noteStrange } from '../events.ts';
import { announcementLimit } from '../limits.ts';
import type { AudioPlan, Step } from '../types.ts';
import type { Conference } from './conference.ts';
import type { Place } from './place.ts';

export interface Announcing {
  kind: 'say' | 'play';
  /** A say or a play. */
  step: Step;
  /** The application's own name for it, given back in its events. */
  id: string | undefined;
  /** Ends those that run. */
  replace: boolean;
}

interface Running {
  playback: Playback;
  replaced: boolean;
  /** When its first packet left. */
  startedAt: number | undefined;
  /** Tells that it is over, once. */
  over(reason: string, playedMs: number): void;
}

export class Announcements {
  readonly #conference: Conference;
  readonly #room: MediaRoom;
  readonly #running = new Set<Running>();
  /** Their sound is still being found. */
  #coming = 0;

  constructor(conference: Conference, room: MediaRoom) {
    this.#conference = conference;
    this.#room = room;
  }

  /** No more can be heard at once. */
  get full(): boolean {
    return this.#running.size + this.#coming >= announcementLimit;
  }

  /** Of `place`'s call: its voice speaks, its hooks are told. Resolves with the first packet. */
  async make(place: Place, { kind, step, id, replace }: Announcing): Promise<{ at: number }> {
    const { call } = place;
    noteStrange(call, step);
    const plan = await this.#planOf(place, step);
    if (!plan) throw new Fault('announcement-empty', 'there is nothing to announce');
    if (isRefusal(plan)) {
      call.alert('no-tts', plan.reason);
      throw new Fault('announcement-refused', refusalText(plan));
    }
    if (this.#conference.running?.room !== this.#room) throw new Fault('conference-over', 'the conference is over');
    if (replace) this.#stopAll();
    const playback = this.#room.play(plan.sources, { loop: plan.loop });
    const names: Payload = { [`${kind}Id`]: newSid(call.world.random), ...(id !== undefined && { id }) };
    const over: Running['over'] = (reason, playedMs) => {
      if (!this.#running.delete(running)) return;
      this.#conference.news.tell(`${kind}-done`, place, { ...names, reason, durationMs: Math.round(playedMs) });
    };
    const running: Running = { playback, replaced: false, startedAt: undefined, over };
    this.#running.add(running);
    const { promise, resolve, reject } = Promise.withResolvers<{ at: number }>();
    playback.onEvent = (event) => {
      if (event.type !== 'started') return;
      running.startedAt = event.at;
      if (this.#running.has(running)) this.#conference.news.tell(`${kind}-start`, place, names);
      resolve({ at: event.at });
    };
    void playback.done.then((result) => {
      over(running.replaced ? 'replaced' : result.reason, result.playedMs);
      if (result.reason === 'failed') this.#alert(place, result);
      reject(new Fault('announcement-unheard', result.fault?.message ?? 'nobody heard it'));
    });
    return promise;
  }

  /** The conference ends: what is still heard is told of before that is. */
  end(now: number): void {
    for (const { startedAt = now, over } of this.#running) over('stopped', Math.max(0, now - startedAt));
  }

  async #planOf({ call }: Place, step: Step): Promise<AudioPlan | Refusal | undefined> {
    this.#coming++;
    try {
      return await step.audio?.(call);
    } finally {
      this.#coming--;
    }
  }

  #stopAll(): void {
    for (const running of this.#running) {
      running.replaced = true;
      running.playback.stop();
    }
  }

  #alert({ call }: Place, { fault }: PlaybackResult): void {
    const speech = fault?.code.startsWith('tts') ?? false;
    call.alert(speech ? 'tts-failure' : 'play-url-notfound', fault?.message ?? 'the audio could not be played');
  }
}
