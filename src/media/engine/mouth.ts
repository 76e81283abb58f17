// Mouth: what the far end hears. Playbacks on their layers, then tones, then volume; one frame at a time at the codec's rate.
import { Gain, MUTED_DB, mixInto } from '../../audio/index.ts';
import { type Clock, Fault } from '../../base/index.ts';
import type { FinishedPlay, PlayOrder, PlayPosition } from '../channel.ts';
import { maxDubTracks } from '../limits.ts';
import type { PlaybackEvent } from '../types.ts';
import type { Sending } from './digits-out.ts';
import { DubTracks } from './dub-tracks.ts';
import type { Feed } from './feed.ts';
import { Isolating } from './isolating.ts';
import { Mixed } from './mixed.ts';
import type { Prompts } from './prompts.ts';
import { describeStages, Layers, Tones, Volume } from './stages/index.ts';
import { Track } from './track.ts';

export interface MouthOptions {
  clock: Clock;
  prompts: Prompts;
  gainDb: number;
  onPlayback: (playback: number, event: PlaybackEvent) => void;
  onFinished: (playback: number, result: FinishedPlay) => void;
  /** What is heard, or who listens, may be different from now on. */
  onChange?: () => void;
}

/** What exists once the codec is known. */
interface Voice {
  sampleRate: number;
  frame: Int16Array;
  layers: Layers;
  dub: DubTracks;
  tones: Tones;
  volume: Volume;
  /** What the feed gives, and how much of it is heard: nothing while a prompt or whisper covers it. */
  fed: Int16Array;
  /** What is mixed in. */
  added: Int16Array;
  feedGain: Gain;
}

/** Hears each frame as it goes out (reused: copy what is kept); undefined is silence. */
export type MouthListener = (frame: Int16Array | undefined, sampleRate: number) => void;

const nothingHeard: FinishedPlay = { reason: 'stopped', playedMs: 0, lastOffsetSamples: 0 };

export class Mouth {
  readonly #options: MouthOptions;
  #gainDb: number;
  #voice: Voice | undefined;
  /** Orders that came before the codec was known. */
  readonly #early: PlayOrder[] = [];
  #feed: Feed | undefined;
  /** What is fed no more. */
  #leaving: Feed | undefined;
  readonly #added = new Mixed();
  /** Noise suppression of what the far end hears. */
  readonly isolating = new Isolating();
  readonly #listeners = new Set<MouthListener>();

  constructor(options: MouthOptions) {
    this.#options = options;
    this.#gainDb = options.gainDb;
  }

  /** New stages when rate or frame length changed; tracks go on where they are. */
  setFormat(sampleRate: number, ptimeMs: number): void {
    const samples = (sampleRate * ptimeMs) / 1000;
    const old = this.#voice;
    if (old?.sampleRate === sampleRate && old.frame.length === samples) return;
    const tracks = this.#tracks();
    old?.tones.close();
    // Frames of another length are no reason to cut what sounds.
    const kept = old?.sampleRate === sampleRate ? old : undefined;
    const voice = {
      sampleRate,
      frame: new Int16Array(samples),
      layers: kept?.layers ?? new Layers(sampleRate, (track) => this.#finished(track, 'completed')),
      dub: kept?.dub ?? new DubTracks(sampleRate, (track) => this.#finished(track, 'completed')),
      tones: new Tones(sampleRate, samples),
      volume: kept?.volume ?? new Volume(sampleRate, this.#gainDb),
      fed: new Int16Array(samples),
      added: new Int16Array(samples),
      feedGain: kept?.feedGain ?? new Gain(sampleRate),
    };
    this.#voice = voice;
    this.isolating.setFormat({ sampleRate, frameMs: ptimeMs });
    if (!kept) {
      for (const track of tracks) {
        track.setRate(sampleRate);
        put(voice, track, track);
      }
    }
    for (const order of this.#early.splice(0)) this.#begin(voice, order);
  }

  /** Something waits for the codec to be known. */
  get impatient(): boolean {
    return this.#early.length > 0;
  }

  /** Makes the next frame; undefined is silence. */
  render(): Int16Array | undefined {
    const voice = this.#voice;
    if (!voice) return undefined;
    const frame = this.#mix(voice);
    for (const listener of this.#listeners) listener(frame, voice.sampleRate);
    return frame;
  }

  /** No frame is made this time, as a telephone event goes out: who listens hears silence. */
  pass(): void {
    const voice = this.#voice;
    if (!voice) return;
    this.#feed?.pass?.(voice.fed, voice.sampleRate);
    for (const listener of this.#listeners) listener(undefined, voice.sampleRate);
  }

  /** Heard together with whatever is heard, prompts and whispers too, until the returned function is called. */
  mixIn(feed: Feed): () => void {
    const remove = this.#added.add(feed);
    this.#changed();
    return remove;
  }

  /** What others say; undefined when there are none. `leaving`, or else what was fed before it, is read once more: to fade. */
  setFeed(feed: Feed | undefined, leaving?: Feed): void {
    if (leaving || !feed) this.#leaving = leaving;
    else if (this.#feed) this.#leaving = this.#feed;
    this.#feed = feed;
  }

  /** This one has nothing more to say. Another that has taken its place stays. */
  endFeed(feed: Feed): void {
    if (this.#feed === feed) this.setFeed(undefined);
  }

  /** What is fed is all that is heard, as it is, and nobody listens: it may as well be sent without being made. */
  get plain(): boolean {
    const voice = this.#voice;
    if (this.#listeners.size > 0 || !this.#added.empty || this.isolating.active) return false;
    if (!voice) return this.#early.length === 0;
    const { layers, dub, tones, volume, feedGain } = voice;
    return layers.resting && dub.resting && !tones.busy && volume.even && feedGain.isUnity;
  }

  /** A prompt or whisper is heard instead of what is fed. */
  get covered(): boolean {
    return this.#voice?.layers.covering ?? false;
  }

  /** Hears what goes out, until the returned function is called. */
  listen(listener: MouthListener): () => void {
    this.#listeners.add(listener);
    this.#changed();
    return () => void this.#listeners.delete(listener);
  }

  /** Of what is fed and nothing changes, the very frame that the feed gave. */
  #mix(voice: Voice): Int16Array | undefined {
    const { sampleRate, frame, layers, dub, tones, volume, fed, added, feedGain } = voice;
    const sounds = layers.render(frame);
    const covered = layers.covering;
    const voices = this.#readFeed(voice);
    feedGain.set(covered ? MUTED_DB : 0);
    const more = this.#added.read(added, sampleRate);
    const changed = sounds || more || tones.busy || this.isolating.active;
    if (!changed && dub.resting && (!voices || (feedGain.isUnity && volume.even))) return voices;
    const plays = changed || voices !== undefined;
    if (!sounds) frame.fill(0);
    if (voices) {
      if (voices !== fed) fed.set(voices);
      feedGain.apply(fed);
      mixInto(frame, fed);
    }
    if (more) mixInto(frame, more);
    this.isolating.process(frame);
    tones.process(frame);
    volume.process(frame);
    // Volume is for what is said and played, not for the tracks: they have their own (verbs.md 9).
    const dubbed = dub.read(added);
    if (dubbed) mixInto(frame, added);
    return plays || dubbed ? frame : undefined;
  }

  #readFeed({ fed, added, sampleRate }: Voice): Int16Array | undefined {
    const voices = this.#feed?.read(fed, sampleRate);
    const leaving = this.#leaving;
    if (!leaving) return voices;
    this.#leaving = undefined;
    if (!voices) return leaving.read(fed, sampleRate);
    const last = leaving.read(added, sampleRate);
    if (!last) return voices;
    if (voices !== fed) fed.set(voices);
    mixInto(fed, last);
    return fed;
  }

  /** Tells of tracks that have sounded for the first time; to be called once their packet has left. */
  noteStarted(at: number): void {
    const voice = this.#voice;
    if (!voice) return;
    if (!voice.layers.resting) {
      this.#noteStarted(voice.layers.get('prompt'), at);
      this.#noteStarted(voice.layers.get('whisper'), at);
    }
    if (!voice.dub.resting) for (const track of voice.dub.all) this.#noteStarted(track, at);
  }

  #noteStarted(track: Track | undefined, at: number): void {
    if (!track || track.started || !track.audible) return;
    track.started = true;
    this.#options.onPlayback(track.playback, { type: 'started', at });
  }

  /** Plays on the order's layer; what is there is told that it was stopped. An order known already is not begun anew. */
  play(order: PlayOrder): void {
    if (this.#has(order.playback)) return;
    const { layer, track } = order.options;
    if (layer === 'track' && this.#full(track))
      throw new Fault('play-too-many', `a leg has at most ${maxDubTracks} tracks`);
    if (this.#voice) return this.#begin(this.#voice, order);
    const other = this.#early.findIndex(({ options }) => options.layer === layer && options.track === track);
    if (other >= 0) this.#options.onFinished(this.#early.splice(other, 1)[0]!.playback, nothingHeard);
    this.#early.push(order);
  }

  stop(playback: number, reason: 'stopped' | 'timeout' = 'stopped'): void {
    const early = this.#early.findIndex((order) => order.playback === playback);
    if (early >= 0) {
      this.#early.splice(early, 1);
      return this.#options.onFinished(playback, nothingHeard);
    }
    const track = this.#tracks().find((one) => one.playback === playback);
    if (!track) return;
    if (this.#voice) put(this.#voice, track, undefined);
    this.#finished(track, reason);
  }

  sendTones(digits: string, durationMs: number, sending: Sending): void {
    if (this.#voice) this.#voice.tones.send(digits, durationMs, sending);
    else sending.cut();
    this.#changed();
  }

  /** Another leg's digit sounds in the audio, until `undefined` comes. */
  holdTone(digit: string | undefined): void {
    if (digit === undefined) this.#voice?.tones.release();
    else this.#voice?.tones.hold(digit);
    this.#changed();
  }

  /** Digits sound in the audio. */
  get sendsTones(): boolean {
    return this.#voice?.tones.busy ?? false;
  }

  #changed(): void {
    this.#options.onChange?.();
  }

  setGain(db: number): void {
    this.#gainDb = db;
    this.#voice?.volume.set(db);
    this.#changed();
  }

  positions(): { playback: number; position: PlayPosition; moving: boolean }[] {
    return this.#tracks().map((track) => ({
      playback: track.playback,
      position: track.position(),
      moving: track.audible,
    }));
  }

  describe(): string {
    if (!this.#voice) return 'no codec yet';
    const { layers, dub, tones, volume } = this.#voice;
    return describeStages([layers, this.isolating, tones, volume, dub]) || 'silence';
  }

  close(): void {
    for (const track of this.#tracks()) track.timer?.cancel();
    this.#voice?.tones.close();
    this.#early.length = 0;
  }

  #tracks(): Track[] {
    if (!this.#voice) return [];
    const { layers, dub } = this.#voice;
    return [layers.get('prompt'), layers.get('whisper'), ...dub.all].filter((track) => track !== undefined);
  }

  #has(playback: number): boolean {
    return [...this.#tracks(), ...this.#early].some((one) => one.playback === playback);
  }

  /** No room for one more track of another name. */
  #full(name: string | undefined): boolean {
    const names = new Set(this.#tracks().flatMap((track) => (track.layer === 'track' ? track.name : [])));
    for (const { options } of this.#early) if (options.layer === 'track') names.add(options.track ?? '');
    return !names.has(name ?? '') && names.size >= maxDubTracks;
  }

  #begin(voice: Voice, order: PlayOrder): void {
    const { clock, prompts, onPlayback } = this.#options;
    const { playback, sources, options, resume } = order;
    const track = new Track(order, voice.sampleRate, async (item, rate) => {
      const { clip, note } = await prompts.get(sources[item]!, rate);
      if (note && !resume) onPlayback(playback, { type: 'synthesized', ...note });
      return clip;
    });
    if (options.timeoutMs !== undefined) {
      track.timer = clock.after(options.timeoutMs, () => this.stop(playback, 'timeout'));
    }
    const old = track.layer === 'track' ? voice.dub.get(track.name) : voice.layers.get(track.layer);
    put(voice, track, track);
    if (old) this.#finished(old, 'stopped');
  }

  #finished(track: Track, reason: 'completed' | 'stopped' | 'timeout'): void {
    track.timer?.cancel();
    this.#options.onFinished(track.playback, track.result(reason));
  }
}

/** Sets what plays where `track` has its place. */
function put(voice: Voice, { layer, name }: Track, playing: Track | undefined): void {
  if (layer === 'track') voice.dub.set(name, playing);
  else voice.layers.set(layer, playing);
}
