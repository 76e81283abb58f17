// Tap: what a stream hears of a port, both sides in step, at the stream's own rate and mix.
import { clip16, Resampler } from '../../../audio/index.ts';
import type { TapMix, TapState } from '../../tap-types.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';

export interface TapOptions {
  ear: Pick<Ear, 'listen'>;
  mouth: Pick<Mouth, 'listen'>;
  mix: TapMix;
  sampleRate: number;
  state: TapState;
  /** One packet time of audio, interleaved when stereo. Reused: copy what is kept. */
  onAudio: (pcm: Int16Array) => void;
}

export class Tap {
  state: TapState;
  readonly #options: TapOptions;
  readonly #unlisten: (() => void)[];
  /** The ear's frame of this packet time. The mouth's comes right after it. */
  #said: Int16Array | undefined;
  /** The leg's rate, and what depends on it. */
  #rate = 0;
  #saidResampler: Resampler | undefined;
  #heardResampler: Resampler | undefined;
  #scratch = new Int16Array(0);
  #silence = new Int16Array(0);
  #left = new Int16Array(0);
  #right = new Int16Array(0);
  #out = new Int16Array(0);

  constructor(options: TapOptions) {
    this.#options = options;
    this.state = options.state;
    const { ear, mouth, mix } = options;
    this.#unlisten =
      mix === 'mono'
        ? [ear.listen((frame, rate) => this.#take(frame, undefined, rate))]
        : [
            ear.listen((frame) => {
              this.#said = frame;
            }),
            mouth.listen((frame, rate) => {
              const said = this.#said;
              this.#said = undefined;
              this.#take(said, frame, rate);
            }),
          ];
  }

  close(): void {
    for (const end of this.#unlisten) end();
  }

  /** One packet time: what the far end said and what it hears; undefined is silence. */
  #take(said: Int16Array | undefined, heard: Int16Array | undefined, rate: number): void {
    const samples = said?.length ?? heard?.length;
    if (this.state === 'pause' || samples === undefined) return;
    if (rate !== this.#rate || samples !== this.#silence.length) this.#format(rate, samples);
    const silent = this.state === 'silence';
    const left = silent ? this.#silence : (said ?? this.#silence);
    const right = silent ? this.#silence : (heard ?? this.#silence);
    const { mix, onAudio } = this.#options;
    if (mix === 'mono') onAudio(this.#resampled(left, this.#saidResampler, this.#left));
    else if (mix === 'mixed') onAudio(this.#resampled(this.#sum(left, right), this.#saidResampler, this.#left));
    else onAudio(this.#interleaved(left, right));
  }

  /** New filters, unless only the length of the frames has changed. */
  #format(rate: number, samples: number): void {
    const { sampleRate } = this.#options;
    if (rate !== this.#rate) {
      this.#rate = rate;
      const make = (): Resampler | undefined => (rate === sampleRate ? undefined : new Resampler(rate, sampleRate));
      this.#saidResampler = make();
      this.#heardResampler = make();
    }
    this.#silence = new Int16Array(samples);
    this.#scratch = new Int16Array(samples);
    const most = this.#saidResampler?.maxOutput(samples) ?? 0;
    this.#left = new Int16Array(most);
    this.#right = new Int16Array(most);
    this.#out = new Int16Array(2 * Math.max(most, samples));
  }

  #sum(a: Int16Array, b: Int16Array): Int16Array {
    const sum = this.#scratch;
    for (let i = 0; i < sum.length; i++) sum[i] = clip16(a[i]! + b[i]!);
    return sum;
  }

  #resampled(pcm: Int16Array, resampler: Resampler | undefined, out: Int16Array): Int16Array {
    if (!resampler) return pcm;
    const n = resampler.process(pcm, out);
    return n === out.length ? out : out.subarray(0, n);
  }

  #interleaved(said: Int16Array, heard: Int16Array): Int16Array {
    const left = this.#resampled(said, this.#saidResampler, this.#left);
    const right = this.#resampled(heard, this.#heardResampler, this.#right);
    const out = this.#out;
    const n = left.length;
    for (let i = 0; i < n; i++) {
      out[2 * i] = left[i]!;
      out[2 * i + 1] = right[i]!;
    }
    return 2 * n === out.length ? out : out.subarray(0, 2 * n);
  }
}
