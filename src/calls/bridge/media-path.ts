// Media path of a bridge: through the engine (full), relayed without decoding (partial), or from far end to far end (none), and
// back while it lives (live-call-control.md 2.13).
import { every, Fault, isRefusal, type Refusal, refuse, type Timer } from '../../base/index.ts';
import { codecNames, type MediaBridge } from '../../media/client.ts';
import type { Call } from '../call.ts';
import type { Leg } from '../leg/leg.ts';
import { pastCheckMs, pathChangeLimit } from '../limits.ts';
import { PastLeg, passRefusal } from './past-leg.ts';

export type MediaPath = 'full-media' | 'partial-media' | 'no-media';

export interface BridgeMediaOptions {
  calls: readonly [Call, Call];
  media: MediaBridge;
}

export class BridgeMedia {
  readonly #calls: readonly [Call, Call];
  readonly #media: MediaBridge;
  /** Asked for last. Changes come one after another. */
  #wanted: MediaPath = 'full-media';
  #path: MediaPath = 'full-media';
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #changing: Promise<unknown> | undefined;
  /** While the media goes from far end to far end, or is about to. */
  #past: readonly [PastLeg, PastLeg] | undefined;
  /** Asks both far ends whether they are there. */
  #watching: Timer | undefined;
  #closed = false;

  constructor({ calls, media }: BridgeMediaOptions) {
    this.#calls = calls;
    this.#media = media;
  }

  get path(): MediaPath {
    return this.#wanted;
  }

  /** The last change that was asked for, until it is done. Rejects when it could not be. */
  get changing(): Promise<unknown> | undefined {
    return this.#changing;
  }

  /** Why the media cannot go this way, from what is known now. */
  refusal(path: MediaPath): Refusal | undefined {
    if (path === this.#wanted) return refuse('media-path', `the call's media path is ${path} already`);
    if (this.#waiting >= pathChangeLimit)
      return refuse('media-path', 'too many changes of the media path wait already');
    const unanswered = this.#calls.find(({ leg }) => !leg.answered);
    if (unanswered) return refuse('not-answered', `the call ${unanswered.sid} has not been answered`);
    const codec = path === 'full-media' ? '' : commonCodec(this.#legs);
    if (codec === undefined) return refuse('media-codecs', 'the two far ends have no codec in common');
    return path === 'no-media' && !this.#past ? passRefusal(...this.#legs) : undefined;
  }

  /** Resolves when both legs' audio goes the new way; rejects with a Fault when a far end refused, and then all is as it was. */
  set(path: MediaPath): Promise<{ at: number }> {
    this.#wanted = path;
    this.#waiting++;
    const done = this.#last
      .then(() => this.#go(path))
      .finally(() => {
        this.#waiting--;
        if (this.#changing === done) this.#changing = undefined;
      });
    this.#changing = done;
    this.#last = done.catch(() => {
      if (this.#wanted === path) this.#wanted = this.#path;
    });
    return done;
  }

  /** The bridge is over: who goes on talks to us again. What comes of it is told by the calls' events; nobody waits for it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const [{ clock }] = this.#calls;
    void this.#last.then(() => {
      // In the turns after this one the legs are hung up that are not to live on.
      if (this.#past) clock.soon(() => void this.#restore());
    });
  }

  get #legs(): [Leg, Leg] {
    return [this.#calls[0].leg, this.#calls[1].leg];
  }

  async #go(path: MediaPath): Promise<{ at: number }> {
    this.#check();
    if (path !== 'no-media') await this.#back();
    if (path !== 'full-media' && !this.#past) await this.#align();
    if (path === 'no-media') await this.#leave();
    const effect = await this.#media.setPath(path === 'partial-media' ? 'relay' : 'engine');
    this.#path = path;
    for (const call of this.#calls) call.events.append('media', { what: 'path', path });
    return effect;
  }

  /** Both legs to one codec, by a re-INVITE to the one that speaks another. */
  async #align(): Promise<void> {
    const codec = commonCodec(this.#legs);
    if (codec === undefined) throw fault('the two far ends have no codec in common');
    for (const leg of this.#legs) {
      if (leg.port?.negotiated?.codec === codec) continue;
      const refusal = await leg.reinvite({ names: [codec], alone: true });
      // It stays the first choice, should the far end want to change the session later.
      leg.port?.prefer({ names: [codec], alone: false });
      if (refusal) throw fault(refusal.reason);
      this.#check();
    }
  }

  /** Both far ends to each other. What the first sends directly is not sent by us any more, then the same the other way. */
  async #leave(): Promise<void> {
    if (this.#past) return;
    this.#check();
    const [a, b] = this.#legs;
    const past = PastLeg.pair(a, b);
    if (isRefusal(past)) throw fault(past.reason);
    this.#past = past;
    const [pastA, pastB] = past;
    const first = await pastA.tell();
    if (first) return this.#stay(first, []);
    void b.port?.setAway(true).catch(ignore);
    const second = await pastB.tell();
    if (second) return this.#stay(second, [a]);
    // Its answer may name another address than the first far end was told.
    const third = pastA.current ? undefined : await pastA.tell();
    if (third) return this.#stay(third, [a, b]);
    await a.port?.setAway(true);
    for (const one of past) one.settled = true;
    this.#watch();
  }

  /** Whoever does not answer at all, or knows nothing of the call, has ended it (RFC 3261 12.2.1.2). */
  #watch(): void {
    const ask = (): void => {
      for (const leg of this.#legs) if (!leg.ended) leg.request('OPTIONS', undefined, undefined).catch(ignore);
    };
    this.#check();
    this.#watching = every(this.#calls[0].clock, pastCheckMs, ask);
  }

  /** A far end would not go: whoever has gone comes back. */
  async #stay(refusal: Refusal, gone: readonly Leg[]): Promise<never> {
    this.#forget();
    await Promise.all(this.#legs.map((leg) => leg.port?.setAway(false).catch(ignore)));
    await Promise.all(gone.map((leg) => leg.reinvite()));
    throw fault(refusal.reason);
  }

  /** Both far ends to us, at the same time. Whoever speaks to us again is heard by the other through us. */
  async #back(): Promise<void> {
    const past = this.#past;
    if (!past) return;
    const [a, b] = this.#legs;
    for (const one of past) one.settled = false;
    const bring = async (leg: Leg, other: Leg): Promise<Refusal | undefined> => {
      const refusal = await leg.reinvite();
      if (!refusal) await other.port?.setAway(false).catch(ignore);
      return refusal;
    };
    const refusals = await Promise.all([bring(a, b), bring(b, a)]);
    const refusal = refusals.find((one) => one !== undefined);
    if (refusal && !a.ended && !b.ended) await this.#return(past, refusals);
    if (refusal) throw fault(refusal.reason);
    this.#forget();
    this.#check();
  }

  /** One far end would not come back: the other goes where it was. */
  async #return(past: readonly PastLeg[], refusals: readonly (Refusal | undefined)[]): Promise<void> {
    await Promise.all(past.map((one, i) => (refusals[i] ? undefined : one.tell())));
    await Promise.all(this.#legs.map((leg) => leg.port?.setAway(true).catch(ignore)));
    for (const one of past) one.settled = true;
  }

  /** The bridge is over. */
  async #restore(): Promise<void> {
    this.#forget();
    const lives = this.#calls.filter(({ leg }) => !leg.ended);
    const restored = lives.map(async (call) => {
      void call.leg.port?.setAway(false).catch(ignore);
      const refusal = await call.leg.reinvite();
      if (refusal && !call.ended) call.alert('media-path', `the far end does not talk to us again: ${refusal.reason}`);
    });
    await Promise.all(restored);
  }

  #forget(): void {
    this.#watching?.cancel();
    for (const one of this.#past ?? []) one.release();
    this.#past = undefined;
  }

  #check(): void {
    if (this.#closed || this.#legs.some((leg) => leg.ended)) throw fault('the bridge is over');
  }
}

/** For commands that need the audio: the media comes back first. Undefined when it is here. */
export function takeMedia(call: Call): Promise<void> | undefined {
  const bridge = call.parts.get('bridge');
  const coming = bridge?.path === 'full-media' ? bridge.changing : bridge?.setPath('full-media');
  return coming?.then(
    () => {},
    (error: unknown) => {
      // Without the bridge the leg's media comes back to us anyway.
      if (bridge === call.parts.get('bridge')) throw error;
    },
  );
}

/**
 * The codec for both legs: one of theirs when the other has named it too, else any that both have named. A far end that has only
 * answered may have more than it named, so what the other speaks may be tried.
 */
function commonCodec([a, b]: [Leg, Leg]): string | undefined {
  const current = [a, b].flatMap((leg) => leg.port?.negotiated?.codec ?? []);
  const candidates = [...current, ...codecNames];
  const named = (leg: Leg, codec: string): boolean => leg.port?.farCodecs.named.has(codec.toLowerCase()) ?? false;
  const possible = (leg: Leg, codec: string): boolean => named(leg, codec) || leg.port?.farCodecs.all === false;
  return (
    candidates.find((codec) => named(a, codec) && named(b, codec)) ??
    candidates.find((codec) => possible(a, codec) && possible(b, codec))
  );
}

const fault = (reason: string): Fault => new Fault('media-path', reason);
const ignore = (): void => {};
