// Dub tracks: audio mixed with whatever the far end hears, each track with its own gain and loop. Prompts know nothing of them.
import { mixInto } from '../../audio/index.ts';
import { Layers } from './stages/index.ts';
import type { Track } from './track.ts';

export class DubTracks {
  readonly #sampleRate: number;
  readonly #onOver: (track: Track) => void;
  /** By name. One that plays nothing stays until it has died away. */
  readonly #lanes = new Map<string, Layers>();
  #scratch = new Int16Array(0);

  constructor(sampleRate: number, onOver: (track: Track) => void) {
    this.#sampleRate = sampleRate;
    this.#onOver = onOver;
  }

  /** Nothing sounds, and nothing will by itself. */
  get resting(): boolean {
    return this.#lanes.size === 0;
  }

  get all(): Track[] {
    return [...this.#lanes.values()].flatMap((lane) => lane.get('prompt') ?? []);
  }

  get(name: string): Track | undefined {
    return this.#lanes.get(name)?.get('prompt');
  }

  /** What the track plays from the next frame on: its first sample is the first of that frame, or of the one in which it has come. */
  set(name: string, track: Track | undefined): void {
    let lane = this.#lanes.get(name);
    if (!lane) {
      if (!track) return;
      lane = new Layers(this.#sampleRate, this.#onOver, { exact: true });
      this.#lanes.set(name, lane);
    }
    lane.set('prompt', track);
  }

  /** Makes the next frame. False: it is silence, and `frame` was not written. */
  read(frame: Int16Array): boolean {
    if (this.resting) return false;
    let sounds = false;
    for (const [name, lane] of this.#lanes) {
      if (sounds && this.#scratch.length !== frame.length) this.#scratch = new Int16Array(frame.length);
      const out = sounds ? this.#scratch : frame;
      if (lane.render(out)) {
        if (sounds) mixInto(frame, out);
        sounds = true;
      } else if (lane.resting) this.#lanes.delete(name);
    }
    return sounds;
  }

  describe(): string {
    return [...this.#lanes].map(([name, lane]) => `track ${name} ${lane.describe()}`).join(', ');
  }
}
