// Player: one playback to a whole room, a slot at a time, through the same track and fades as a leg's prompt.
import type { FinishedPlay, PlayOrder } from '../../channel.ts';
import type { PlaybackEvent } from '../../types.ts';
import type { Prompts } from '../prompts.ts';
import { Layers } from '../stages/index.ts';
import { Track } from '../track.ts';
import type { Bus } from './bus.ts';
import { samplesOfSlot } from './lane.ts';

/** Slots that are read at once: a cut fades within the frame in which it comes. */
const slotsAtOnce = 2;

export interface PlayerOptions {
  order: PlayOrder;
  prompts: Prompts;
  sampleRate: number;
  onEvent: (event: PlaybackEvent) => void;
  onFinished: (result: FinishedPlay) => void;
}

export class Player {
  readonly #options: PlayerOptions;
  readonly #track: Track;
  #sampleRate: number;
  #layers: Layers;
  #frame: Int16Array;
  /** The next slot of `#frame` to be said; past its end when another must be read. */
  #next = slotsAtOnce;
  #sounds = false;
  #stopped = false;
  #told = false;

  constructor(options: PlayerOptions) {
    const { order, prompts, sampleRate, onEvent } = options;
    this.#options = options;
    this.#sampleRate = sampleRate;
    this.#track = new Track(order, sampleRate, async (item, rate) => {
      const { clip, note } = await prompts.get(order.sources[item]!, rate);
      if (note && !order.resume) onEvent({ type: 'synthesized', ...note });
      return clip;
    });
    this.#layers = this.#newLayers();
    this.#layers.set('prompt', this.#track);
    this.#frame = new Int16Array(slotsAtOnce * samplesOfSlot(sampleRate));
  }

  get track(): Track {
    return this.#track;
  }

  /** Its end has been told. */
  get over(): boolean {
    return this.#told;
  }

  /** Nothing is left to be heard. */
  get isDone(): boolean {
    return this.#told && !this.#sounds;
  }

  /** Somebody listens at another rate now: goes on at the same place. */
  setRate(sampleRate: number): void {
    if (sampleRate === this.#sampleRate) return;
    this.#sampleRate = sampleRate;
    this.#frame = new Int16Array(slotsAtOnce * samplesOfSlot(sampleRate));
    this.#next = slotsAtOnce;
    this.#track.setRate(sampleRate);
    this.#layers = this.#newLayers();
    if (!this.#told) this.#layers.set('prompt', this.#track);
  }

  /** Fades out; told at once. */
  stop(): void {
    this.#stopped = true;
    this.#layers.set('prompt', undefined);
    this.#finish('stopped');
  }

  /** Says the next slot of itself. */
  say(bus: Bus, slot: number, now: number): void {
    if (this.#next >= slotsAtOnce) {
      this.#sounds = this.#layers.render(this.#frame);
      // Silence is looked at again with the next slot: audio may have come meanwhile.
      this.#next = this.#sounds ? 0 : slotsAtOnce;
    }
    if (!this.#sounds) return;
    if (!this.#track.started && !this.#stopped) {
      this.#track.started = true;
      this.#options.onEvent({ type: 'started', at: now });
    }
    const { own } = bus.at(this.#sampleRate);
    own.add(slot, this.#frame, this.#next * own.slotSamples);
    this.#next++;
  }

  #newLayers(): Layers {
    return new Layers(this.#sampleRate, () => this.#finish('completed'));
  }

  #finish(reason: 'completed' | 'stopped'): void {
    if (this.#told) return;
    this.#told = true;
    this.#options.onFinished(this.#track.result(reason));
  }
}
