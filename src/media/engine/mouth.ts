// Mouth: what the far end hears. Layers, then tones, then volume; one frame at a time at the codec's rate.
import type { FinishedPlay } from '../channel.ts';
import { Layers } from './stages/layers.ts';
import { Tones } from './stages/tones.ts';
import { describeStages } from './stages/types.ts';
import { Volume } from './stages/volume.ts';
import type { Track } from './track.ts';

export interface MouthEvents {
  onStarted(track: Track): void;
  onFinished(track: Track, result: FinishedPlay): void;
}

export class Mouth {
  readonly sampleRate: number;
  readonly frame: Int16Array;
  readonly #events: MouthEvents;
  readonly #layers: Layers;
  readonly #tones: Tones;
  readonly #volume: Volume;

  constructor(options: { sampleRate: number; ptimeMs: number; gainDb: number }, events: MouthEvents) {
    const { sampleRate, ptimeMs, gainDb } = options;
    this.sampleRate = sampleRate;
    this.frame = new Int16Array((sampleRate * ptimeMs) / 1000);
    this.#events = events;
    this.#layers = new Layers(sampleRate, (track) => events.onFinished(track, track.result('completed')));
    this.#tones = new Tones(sampleRate, this.frame.length);
    this.#volume = new Volume(sampleRate, gainDb);
  }

  /** Makes the next frame in `frame`. False: silence, and `frame` means nothing. */
  render(): boolean {
    let sounds = this.#layers.render(this.frame);
    if (this.#tones.busy) {
      if (!sounds) this.frame.fill(0);
      this.#tones.process(this.frame);
      sounds = true;
    }
    if (!sounds) return false;
    this.#volume.process(this.frame);
    return true;
  }

  /** Tells of tracks that have sounded for the first time; to be called once their packet has left. */
  noteStarted(): void {
    for (const track of this.tracks()) {
      if (track.started || !track.audible) continue;
      track.started = true;
      this.#events.onStarted(track);
    }
  }

  tracks(): Track[] {
    const { prompt, whisper } = { prompt: this.#layers.get('prompt'), whisper: this.#layers.get('whisper') };
    return [prompt, whisper].filter((track) => track !== undefined);
  }

  /** A track that is on the layer already is told that it was stopped. */
  play(track: Track): void {
    const old = this.#layers.get(track.layer);
    this.#layers.set(track.layer, track);
    if (old) this.#events.onFinished(old, old.result('stopped'));
  }

  stop(track: Track, reason: 'stopped' | 'timeout'): void {
    if (this.#layers.get(track.layer) !== track) return;
    this.#layers.set(track.layer, undefined);
    this.#events.onFinished(track, track.result(reason));
  }

  sendTones(digits: string, durationMs: number, done: () => void): void {
    this.#tones.send(digits, durationMs, done);
  }

  setGain(db: number): void {
    this.#volume.set(db);
  }

  describe(): string {
    return describeStages([{ describe: () => this.#layers.describe(), process: () => {} }, this.#tones, this.#volume]);
  }
}
