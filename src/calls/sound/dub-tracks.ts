// Dub tracks of one leg: named, mixed with whatever it hears (verbs.md 11, live-call-control.md 2.11).
import { Fault, isObject, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { dubTrackLimit, longestDubText, longestTrackName } from '../limits.ts';
import type { AudioPlan } from '../types.ts';
import { readDb } from './boost.ts';
import { type Playing, playPlan } from './playing.ts';
import type { SynthesizerInput } from './speech-settings.ts';

export const dubActions = ['addTrack', 'removeTrack', 'silenceTrack', 'playOnTrack', 'sayOnTrack'] as const;

/** As the dub verb and the command write it. */
export interface DubInput {
  action: (typeof dubActions)[number];
  track: string;
  /** URL. */
  play?: string;
  say?: string | { text?: string; synthesizer?: SynthesizerInput };
  /** Of `play`: for ever. */
  loop?: boolean;
  /** dB. */
  gain?: number | string;
}

/** Music far below the voices, or a voice above them. */
const gainLeastDb = -60;
const gainMostDb = 20;

const playable = /^(https?|file|tone_stream|silence_stream):\/\/./;

/** Checks what a command brings; paths are relative to it. */
export function readDub(value: unknown): DubInput | Refusal {
  const bad = (path: string, reason: string): Refusal => refuse('bad-value', reason, { path, http: 400 });
  if (!isObject(value)) return refuse('bad-value', 'must be an object', { http: 400 });
  if (!dubActions.some((name) => name === value.action))
    return bad('action', `must be one of ${dubActions.join(', ')}`);
  if (typeof value.track !== 'string') return bad('track', 'must be text');
  if (value.play !== undefined && typeof value.play !== 'string') return bad('play', 'must be a URL');
  if (value.say !== undefined && typeof value.say !== 'string' && !isObject(value.say))
    return bad('say', 'must be text, or an object with text');
  if (value.loop !== undefined && typeof value.loop !== 'boolean') return bad('loop', 'must be true or false');
  const input = value as unknown as DubInput;
  const silent = input.action === 'removeTrack' || input.action === 'silenceTrack';
  const stray = silent && ['play', 'say', 'loop', 'gain'].find((name) => value[name] !== undefined);
  if (stray) return bad(stray, `does not belong to ${input.action}`);
  const refusal = dubRefusal(input);
  return refusal ? { ...refusal, http: 400 } : input;
}

/** What no schema says: does the action have what it needs, and can it work? */
export function dubRefusal({ action, track, play, say, gain }: DubInput): Refusal | undefined {
  const bad = (path: string, reason: string): Refusal => refuse('verb-option', reason, { path });
  if (track.length === 0 || track.length > longestTrackName)
    return bad('track', `must be 1 to ${longestTrackName} characters`);
  if (play !== undefined && say !== undefined) return bad('say', 'must not stand beside play');
  if (action === 'playOnTrack' && play === undefined) return bad('play', 'is required');
  if (action === 'sayOnTrack' && say === undefined) return bad('say', 'is required');
  if (play !== undefined && !playable.test(play))
    return bad('play', 'must be an http(s)://, file://, tone_stream:// or silence_stream:// URL');
  const text = say === undefined ? 'unsaid' : textOf(say);
  if (typeof text !== 'string' || text.trim() === '' || text.length > longestDubText)
    return bad(isObject(say) ? 'say.text' : 'say', `must be 1 to ${longestDubText} characters of text`);
  const db = gain === undefined ? 0 : readDb(gain, gainLeastDb, gainMostDb);
  return isRefusal(db) ? { ...db, path: 'gain' } : undefined;
}

const textOf = (say: NonNullable<DubInput['say']>): unknown => (typeof say === 'string' ? say : say.text);

interface Track {
  playing: Playing | undefined;
  /** Changes with each action: what was still being prepared is then out of date. */
  version: number;
}

export class DubTracks {
  readonly #call: Call;
  readonly #tracks = new Map<string, Track>();

  constructor(call: Call) {
    this.#call = call;
  }

  /** May it act now? */
  allowed({ action, track }: DubInput): Refusal | undefined {
    const known = this.#tracks.has(track);
    if (action !== 'addTrack')
      return known ? undefined : refuse('track-unknown', `there is no track ${track} on this leg; add it first`);
    if (known) return refuse('track-exists', `track ${track} is there already`);
    return this.#tracks.size < dubTrackLimit
      ? undefined
      : refuse('tracks-full', `a leg has at most ${dubTrackLimit} tracks`);
  }

  /** Acts, in the call's turn. Resolves when it is heard; rejects when there is nothing to hear. `session` speaks. */
  async apply(input: DubInput, session: Call): Promise<{ at: number }> {
    const { action, track: name } = input;
    const track = this.#tracks.get(name) ?? { playing: undefined, version: 0 };
    track.version++;
    if (action === 'addTrack') this.#tracks.set(name, track);
    if (action === 'removeTrack') this.#tracks.delete(name);
    if (action === 'removeTrack' || action === 'silenceTrack') return this.#silence(track);
    if (input.play === undefined && input.say === undefined) return { at: this.#call.clock.now() };
    return this.#play(track, input, session);
  }

  /** `apply` for a verb, which nobody waits for: what cannot be done is noted, and the next verb runs. */
  perform(input: DubInput, session: Call): void {
    const refusal = this.allowed(input);
    if (refusal) return this.#call.events.append('error', { what: `dub ${input.action}`, reason: refusal.reason });
    // Failures have been noted and alerted.
    this.apply(input, session).catch(() => {});
  }

  async #silence(track: Track): Promise<{ at: number }> {
    const { playing } = track;
    track.playing = undefined;
    playing?.stop();
    await playing?.done;
    const { leg, clock } = this.#call;
    return (playing && (await leg.port?.nextFrame())) ?? { at: clock.now() };
  }

  async #play(track: Track, input: DubInput, session: Call): Promise<{ at: number }> {
    const call = this.#call;
    const { version } = track;
    const plan = await planOf(input, session);
    if (isRefusal(plan)) {
      call.alert('no-tts', plan.reason);
      throw new Fault('dub-failed', plan.reason);
    }
    if (call.ended || track.version !== version) throw new Fault('dub-superseded', 'another action came before it');
    const gainDb = input.gain === undefined ? 0 : Number(readDb(input.gain, gainLeastDb, gainMostDb));
    const { promise: heard, resolve } = Promise.withResolvers<{ at: number }>();
    const onStart = (at: number): void => resolve({ at });
    const playing = playPlan(call, plan, { layer: 'track', track: input.track, gainDb, onStart });
    if (!playing) throw new Fault('media-port-closed', 'the call has no audio');
    track.playing = playing;
    const over = playing.done.then(({ reason, fault }) => {
      if (track.playing === playing) track.playing = undefined;
      if (reason !== 'failed') return { at: call.clock.now() };
      const message = fault?.message ?? 'the audio could not be played';
      call.alert(fault?.code.startsWith('tts') ? 'tts-failure' : 'play-url-notfound', message);
      throw fault ?? new Fault('dub-failed', message);
    });
    return Promise.race([heard, over]);
  }
}

async function planOf({ play, say, loop }: DubInput, session: Call): Promise<AudioPlan | Refusal> {
  if (play !== undefined) return { sources: [{ kind: 'url', url: play }], loop: loop ? Number.POSITIVE_INFINITY : 1 };
  const { speech } = session;
  const voice = await speech.choose(session, typeof say === 'object' ? say.synthesizer : undefined);
  if (isRefusal(voice)) return voice;
  const text = String(textOf(say!));
  return { sources: [{ kind: 'say', text, synthesizer: voice, noCache: speech.noCache }], loop: 1 };
}
