// Tap: what a stream or a recording hears of a leg, both sides in step, at its own rate and mix.
import { clip16, Resampler } from '../../../audio/index.ts';
import { streamLeadFrames } from '../../limits.ts';
import type { TapMix, TapState } from '../../tap-types.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';
import { StreamLane } from './lane.ts';

export interface TapOptions {
  ear: Pick<Ear, 'listen'>;
  mouth: Pick<Mouth, 'listen'>;
  mix: TapMix;
  sampleRate: number;
  state: TapState;
  /** About one packet time of audio, interleaved when stereo. Reused: copy what is kept. */
  onAudio: (pcm: Int16Array) => void;
  /** Taking the audio threw: the tap has closed, and the leg goes on. */
  onFault: (error: unknown) => void;
}

/** One side's frame; undefined is silence. */
interface Given {
  frame: Int16Array | undefined;
  rate: number;
  samples: number;
}

export class Tap {
  state: TapState;
  readonly #options: TapOptions;
  readonly #unlisten: (() => void)[];
  /** Samples of a frame, and the leg's rate; what follows depends on them. */
  #frame = 0;
  #rate = 0;
  #said = new StreamLane(0);
  #heard = new StreamLane(0);
  #saidResampler: Resampler | undefined;
  #heardResampler: Resampler | undefined;
  #silence = new Int16Array(0);
  #sum = new Int16Array(0);
  #left = new Int16Array(0);
  #right = new Int16Array(0);
  #out = new Int16Array(0);

  constructor(options: TapOptions) {
    this.#options = options;
    this.state = options.state;
    const { ear, mouth, mix } = options;
    this.#unlisten =
      mix === 'mono'
        ? [ear.listen((frame, rate) => this.#alone(frame, rate))]
        : [
            ear.listen((frame, rate) => this.#side('said', { frame, rate, samples: frame.length })),
            // A silent frame does not say how long it is.
            mouth.listen((frame, rate) => this.#side('heard', { frame, rate, samples: frame?.length ?? this.#frame })),
          ];
  }

  close(): void {
    for (const end of this.#unlisten) end();
  }

  #alone(frame: Int16Array, rate: number): void {
    try {
      this.#mono(frame, rate);
    } catch (error) {
      this.#failed(error);
    }
  }

  #side(side: 'said' | 'heard', given: Given): void {
    try {
      if (side === 'said') this.#push(this.#said, this.#heard, given);
      else this.#push(this.#heard, this.#said, given);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.close();
    this.#options.onFault(error);
  }

  #mono(frame: Int16Array, rate: number): void {
    if (this.state === 'pause') return;
    if (rate !== this.#rate || frame.length !== this.#frame) this.#format(rate, frame.length);
    const pcm = this.state === 'silence' ? this.#silence.subarray(0, frame.length) : frame;
    this.#options.onAudio(this.#resampled(pcm, this.#saidResampler, this.#left));
  }

  /**
   * Both sides' frames come once in a packet time, but not always together: in a bridge the ear's come when the other leg sends.
   * One that is too far ahead is not waited for any longer.
   */
  #push(own: StreamLane, other: StreamLane, { frame, rate, samples }: Given): void {
    if (samples === 0) return;
    if (rate !== this.#rate || (frame && samples !== this.#frame)) {
      const isSaid = own === this.#said;
      this.#format(rate, samples);
      own = isSaid ? this.#said : this.#heard;
      other = isSaid ? this.#heard : this.#said;
    }
    own.push(frame, samples, other.size > 0);
    // The mouth's frames are the time. An ear may give some more, when bridges switch.
    if (own === this.#said) own.settle(samples);
    if (own.size - other.size > streamLeadFrames * this.#frame) other.pad(own.size - other.size);
    const ready = Math.min(own.size, other.size);
    if (ready === 0) return;
    if (this.state !== 'pause') this.#give(ready);
    own.shift(ready);
    other.shift(ready);
    if (other === this.#said) other.look();
  }

  #give(samples: number): void {
    const silent = this.state === 'silence';
    const left = silent ? this.#silence.subarray(0, samples) : this.#said.peek(samples);
    const right = silent ? left : this.#heard.peek(samples);
    const { mix, onAudio } = this.#options;
    if (mix === 'mixed') onAudio(this.#resampled(this.#summed(left, right), this.#saidResampler, this.#left));
    else onAudio(this.#interleaved(left, right));
  }

  /** New filters when the rate has changed; another length of frames begins both sides anew. */
  #format(rate: number, samples: number): void {
    const { sampleRate } = this.#options;
    if (rate !== this.#rate) {
      this.#rate = rate;
      const make = (): Resampler | undefined => (rate === sampleRate ? undefined : new Resampler(rate, sampleRate));
      this.#saidResampler = make();
      this.#heardResampler = make();
    }
    this.#frame = samples;
    const room = (streamLeadFrames + 2) * samples;
    this.#said = new StreamLane(room);
    this.#heard = new StreamLane(room);
    this.#silence = new Int16Array(room);
    this.#sum = new Int16Array(room);
    const most = this.#saidResampler?.maxOutput(room) ?? 0;
    this.#left = new Int16Array(most);
    this.#right = new Int16Array(most);
    this.#out = new Int16Array(2 * Math.max(most, room));
  }

  #summed(a: Int16Array, b: Int16Array): Int16Array {
    const sum = this.#sum.subarray(0, a.length);
    for (let i = 0; i < sum.length; i++) sum[i] = clip16(a[i]! + b[i]!);
    return sum;
  }

  #resampled(pcm: Int16Array, resampler: Resampler | undefined, out: Int16Array): Int16Array {
    return resampler ? out.subarray(0, resampler.process(pcm, out)) : pcm;
  }

  #interleaved(said: Int16Array, heard: Int16Array): Int16Array {
    const left = this.#resampled(said, this.#saidResampler, this.#left);
    const right = this.#resampled(heard, this.#heardResampler, this.#right);
    const out = this.#out.subarray(0, 2 * left.length);
    for (let i = 0; i < left.length; i++) {
      out[2 * i] = left[i]!;
      out[2 * i + 1] = right[i]!;
    }
    return out;
  }
}
