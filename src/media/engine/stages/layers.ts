// Layers: the prompt, and the whisper that pauses it. Every cut fades out and every resumption fades in; nothing is lost between.
import { mixInto } from '../../../audio/index.ts';
import { joinStep } from '../../limits.ts';
import type { Track } from '../track.ts';
import { fadeIn, fadeOut, fadeSamples } from './fade.ts';
import { Join } from './join.ts';

export type Layer = 'prompt' | 'whisper';

/** From quiet to heard: the order in which layers give way. */
const layers: readonly Layer[] = ['prompt', 'whisper'];

/** Not a `Stage`: it makes frames, and they may be silence. */
export class Layers {
  readonly #fade: number;
  readonly #onOver: (track: Track) => void;
  readonly #exact: boolean;
  readonly #join: Join;
  readonly #tail: Int16Array;
  readonly #tracks: Record<Layer, Track | undefined> = { prompt: undefined, whisper: undefined };
  /** The track that the last frame was made of. */
  #sounding: Track | undefined;
  #fadedIn = 0;
  #tailLeft = 0;
  #tailAt = 0;

  /**
   * `onOver`: a track has played to its end, or failed; it has left its layer. `exact`: what begins softly begins as it is,
   * without a fade.
   */
  constructor(sampleRate: number, onOver: (track: Track) => void, { exact = false } = {}) {
    this.#onOver = onOver;
    this.#exact = exact;
    this.#fade = fadeSamples(sampleRate);
    this.#join = new Join(sampleRate);
    this.#tail = new Int16Array(this.#fade);
  }

  get(layer: Layer): Track | undefined {
    return this.#tracks[layer];
  }

  /** A prompt or whisper sounds: nothing else is to be heard. */
  get covering(): boolean {
    return this.#sounding?.begun === true && !this.#sounding.over;
  }

  /** Nothing plays, and what did has died away. */
  get resting(): boolean {
    const { prompt, whisper } = this.#tracks;
    return !prompt && !whisper && !this.#sounding && this.#tailLeft === 0 && !this.#join.busy;
  }

  /** What the layer plays from the next frame on. The caller tells the old track that it has ended. */
  set(layer: Layer, track: Track | undefined): void {
    this.#tracks[layer] = track;
  }

  describe(): string {
    const heard = layers.map((layer) => this.#tracks[layer] && `${layer} ${this.#tracks[layer].describe()}`);
    return heard.filter((text) => text !== undefined).join(' under ');
  }

  /** Makes one frame. False: it is silence, and `frame` was not written. */
  render(frame: Int16Array): boolean {
    const track = this.#front();
    if (track !== this.#sounding) this.#cut(track);
    const heardBefore = track?.audible ?? false;
    const n = track ? this.#play(track, frame) : 0;
    const over = track?.over ?? false;
    if (track) track.audible = !over && n === frame.length;
    if (track && over) this.#end(track);
    if (n === 0 && !heardBefore && this.#tailLeft === 0 && !this.#join.busy) {
      this.#join.rest();
      return false;
    }
    frame.fill(0, n);
    // Where pieces may not meet: the track ran dry, goes on after that, or began another piece.
    const dry = heardBefore && !over && n < frame.length;
    this.#join.process(frame, dry ? n : n > 0 && !heardBefore ? 0 : (track?.seam ?? -1));
    if (this.#tailLeft > 0) this.#mixTail(frame);
    return true;
  }

  /** The track that this frame is made of: the prompt goes on until the whisper is there, which may have to be fetched first. */
  #front(): Track | undefined {
    const { whisper, prompt } = this.#tracks;
    if (!whisper || !prompt) return whisper ?? prompt;
    if (!whisper.begun) return prompt;
    if (!whisper.over) return whisper;
    // It failed, or was empty: the prompt does not notice.
    this.#end(whisper);
    return prompt;
  }

  /** Reads from the track, with its fades. */
  #play(track: Track, frame: Int16Array): number {
    const n = track.read(frame);
    if (n === 0) return 0;
    if (this.#exact && this.#fadedIn === 0 && Math.abs(frame[0]!) <= joinStep) this.#fadedIn = this.#fade;
    if (this.#fadedIn < this.#fade) this.#fadedIn = fadeIn(frame, { from: 0, to: n }, this.#fadedIn, this.#fade);
    const left = track.samplesLeft();
    if (left < this.#fade) fadeOut(frame, { from: 0, to: n }, left, this.#fade);
    return n;
  }

  /** Another track from this frame on: the old one's next samples become a tail, without being used up. */
  #cut(next: Track | undefined): void {
    const old = this.#sounding;
    this.#sounding = next;
    this.#fadedIn = 0;
    if (!old?.audible) return;
    old.audible = false;
    const n = old.peek(this.#tail);
    this.#tail.fill(0, n);
    fadeOut(this.#tail, { from: 0, to: this.#fade }, 0, this.#fade);
    this.#tailLeft = this.#fade;
    this.#tailAt = 0;
    this.#join.rest();
  }

  #mixTail(frame: Int16Array): void {
    const n = Math.min(this.#tailLeft, frame.length);
    mixInto(frame, this.#tail.subarray(this.#tailAt, this.#tailAt + n));
    this.#tailAt += n;
    this.#tailLeft -= n;
  }

  #end(track: Track): void {
    for (const layer of layers) if (this.#tracks[layer] === track) this.#tracks[layer] = undefined;
    if (this.#sounding === track) this.#sounding = undefined;
    this.#onOver(track);
  }
}
