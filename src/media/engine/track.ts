// Track: one playback on its way through a layer.
import { Gain } from '../../audio/index.ts';
import type { Timer } from '../../base/index.ts';
import type { FinishedPlay, PlayOrder, PlayPosition } from '../channel.ts';
import { packFault } from '../channel.ts';
import { type LoadClip, Playlist } from './playlist.ts';

export class Track {
  readonly playback: number;
  readonly layer: 'prompt' | 'whisper' | 'track';
  /** Which track, on the layer of that name. */
  readonly name: string;
  /** The last frame was full of it. Kept by the layers. */
  audible = false;
  /** `started` has been told. */
  started: boolean;
  /** Its time limit; the mouth's. */
  timer: Timer | undefined;
  #begun = false;
  /** Of this playback alone. It never changes, so any rate will do. */
  readonly #gain: Gain;
  readonly #playlist: Playlist;
  readonly #label: string;

  constructor(order: PlayOrder, sampleRate: number, load: LoadClip) {
    const { options, sources, resume } = order;
    this.playback = order.playback;
    this.layer = options.layer;
    this.name = options.track ?? '';
    this.#gain = new Gain(sampleRate);
    this.#gain.jump(options.gainDb ?? 0);
    this.started = resume !== undefined;
    this.#label = labelOf(sources[0]);
    this.#playlist = new Playlist({
      items: sources.length,
      passes: options.loop,
      seek: options.seekSamples ?? 0,
      sampleRate,
      load,
      ...(resume ? { resume } : {}),
    });
  }

  /** Its first audio has come, or its end is known: it need not be waited for. */
  get begun(): boolean {
    this.#begun ||= this.#playlist.poll();
    return this.#begun;
  }

  read(frame: Int16Array): number {
    const n = this.#playlist.read(frame, 0, frame.length);
    if (n > 0) this.#gain.apply(frame);
    return n;
  }

  peek(out: Int16Array): number {
    const n = this.#playlist.peek(out);
    this.#gain.apply(out);
    return n;
  }

  samplesLeft(): number {
    return this.#playlist.samplesLeft();
  }

  setRate(sampleRate: number): void {
    this.audible = false;
    this.#playlist.setRate(sampleRate);
  }

  get seam(): number {
    return this.#playlist.seam;
  }

  get over(): boolean {
    return this.#playlist.state === 'ended' || this.#playlist.state === 'failed';
  }

  position(): PlayPosition {
    return this.#playlist.position();
  }

  result(reason: 'completed' | 'stopped' | 'timeout'): FinishedPlay {
    const { playedMs, passOffset } = this.position();
    const heard = { playedMs, lastOffsetSamples: passOffset };
    if (this.#playlist.state !== 'failed') return { reason, ...heard };
    return { reason: 'failed', ...heard, fault: packFault(this.#playlist.error) };
  }

  describe(): string {
    const { pass, item, passOffset } = this.position();
    return `${this.#label} pass ${pass} item ${item} at ${Math.round(passOffset / 8)} ms`;
  }
}

const labelOf = (source: PlayOrder['sources'][number] | undefined): string => {
  if (!source) return 'nothing';
  // Queries may hold secrets, spoken text may be private.
  return source.kind === 'say' ? `say(${source.text.length} characters)` : source.url.split('?')[0]!.slice(0, 80);
};
