// Hearing: packets into steady frames. Made when somebody begins to listen to an ear, gone when the last one stops.
import {
  type Codec,
  Concealer,
  codecByName,
  type Decoder,
  NoiseGenerator,
  parseComfortNoise,
  power,
  Resampler,
} from '../../audio/index.ts';
import type { Random } from '../../base/index.ts';
import type { JitterBuffer, JitterFrame, RtpView } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { quietPower } from '../limits.ts';
import { Join } from './stages/join.ts';

/** A packet's payload. */
export interface HeardPayload {
  bytes: Uint8Array;
  start: number;
  end: number;
  payloadType: number;
}

/** One payload type that may come. */
interface Voice {
  codec: Codec;
  decoder: Decoder;
  /** When its rate is not the ear's. */
  resampler: Resampler | undefined;
}

export interface HearingOptions {
  media: AgreedMedia;
  /** The stream's packets and their time line. */
  jitter: JitterBuffer;
  sampleRate: number;
  ptimeMs: number;
  random: Random;
}

export class Hearing {
  readonly sampleRate: number;
  /** The frame made last; reused. */
  readonly frame: Int16Array;
  readonly #jitter: JitterBuffer;
  readonly #clockRate: number;
  readonly #voices = new Map<number, Voice>();
  readonly #concealer: Concealer;
  readonly #noise: NoiseGenerator;
  readonly #join: Join;
  /** Decoded samples that wait for the next frame. */
  #ready: Int16Array;
  #readySamples = 0;
  #decoded = new Int16Array(0);
  /** What was heard last was made in `frame` itself. */
  #whole = false;
  #noisy = false;
  /** Mean square of `frame` as it was made; undefined while nobody has asked. */
  #power: number | undefined = 0;
  readonly #isQuiet = (): boolean => this.#frameSquare() < quietPower;

  constructor({ media, jitter, sampleRate, ptimeMs, random }: HearingOptions) {
    this.#jitter = jitter;
    this.sampleRate = sampleRate;
    this.frame = new Int16Array((sampleRate * ptimeMs) / 1000);
    this.#ready = new Int16Array(4 * this.frame.length);
    this.#clockRate = media.clockRate;
    this.#concealer = new Concealer(sampleRate);
    this.#noise = new NoiseGenerator(random);
    this.#join = new Join(sampleRate);
    for (const { payloadType, codec: name } of media.receive) {
      const codec = codecByName(name);
      if (!codec) continue;
      const resampler = codec.sampleRate === sampleRate ? undefined : new Resampler(codec.sampleRate, sampleRate);
      this.#voices.set(payloadType, { codec, decoder: codec.makeDecoder(), resampler });
    }
  }

  /** The frame made last was digital silence. */
  get silent(): boolean {
    return this.#frameSquare() === 0;
  }

  /** Nothing decoded waits: the next frame begins with the jitter buffer's next packet. */
  get level(): boolean {
    return this.#readySamples === 0;
  }

  /** Audio that others have heard already, oldest first: decoders and concealment go on from it. */
  prime({ bytes, start, end, payloadType }: HeardPayload): void {
    const voice = this.#voices.get(payloadType);
    if (!voice) return;
    const pcm = this.#decode(voice, bytes.subarray(start, end));
    this.#concealer.good(pcm);
    this.#join.process(pcm, -1);
  }

  /** Audio or comfort noise. */
  push(datagram: Uint8Array, view: RtpView, now: number): void {
    this.#jitter.push(datagram, view, now);
  }

  /** A telephone event: no audio, but nothing is missing either. */
  skip(datagram: Uint8Array, view: RtpView): void {
    this.#jitter.skip(datagram, view);
  }

  /** Makes the next frame in `frame`. */
  next(now: number): void {
    const { frame } = this;
    this.#whole = false;
    while (!this.#whole && this.#readySamples < frame.length) this.#pull(now);
    this.#power = undefined;
    if (this.#whole) return;
    for (let i = 0; i < frame.length; i++) frame[i] = this.#ready[i]!;
    this.#readySamples -= frame.length;
    this.#ready.copyWithin(0, frame.length, frame.length + this.#readySamples);
  }

  /** To be called before `frame` is changed: how loud it is counts as it was said. */
  weigh(): void {
    this.#frameSquare();
  }

  #frameSquare(): number {
    this.#power ??= power(this.frame);
    return this.#power;
  }

  #pull(now: number): void {
    const got = this.#jitter.pull(now, this.#isQuiet);
    if (got.kind === 'frame') return this.#hear(got);
    const out = this.#place(Math.max(1, Math.round((got.units * this.sampleRate) / this.#clockRate)));
    switch (got.kind) {
      case 'lost':
        this.#concealer.conceal(out);
        break;
      case 'noise': {
        const noise = parseComfortNoise(got.payload);
        this.#noisy = noise !== undefined;
        if (noise) this.#noise.set(noise);
        this.#makeNoise(out);
        break;
      }
      case 'empty':
        this.#makeNoise(out);
    }
    this.#join.process(out, -1);
    this.#made(out);
  }

  /** What stands in the place that `#place` gave is there to be heard. */
  #made(out: Int16Array): void {
    if (out === this.frame) this.#whole = true;
    else this.#readySamples += out.length;
  }

  #makeNoise(out: Int16Array): void {
    if (this.#noisy) this.#noise.fill(out);
    else out.fill(0);
    this.#concealer.good(out);
  }

  #hear(got: JitterFrame): void {
    const voice = this.#voices.get(got.payloadType);
    if (!voice) return;
    this.#noisy = false;
    const heard = this.#decode(voice, got.payload);
    if (heard.length === 0) return;
    this.#concealer.good(heard);
    // A frame left out to save delay leaves a step.
    this.#join.process(heard, got.spliced ? 0 : -1);
    this.#made(heard);
  }

  /** At the ear's rate, behind what is ready; not counted as ready yet. */
  #decode(voice: Voice, bytes: Uint8Array): Int16Array {
    const samples = Math.ceil((bytes.length / voice.codec.bytesPerMs) * (voice.codec.sampleRate / 1000));
    const { decoder, resampler } = voice;
    if (!resampler) {
      const out = this.#place(samples);
      decoder.decode(bytes, out);
      return out;
    }
    if (this.#decoded.length < samples) this.#decoded = new Int16Array(samples);
    const n = decoder.decode(bytes, this.#decoded);
    const out = this.#room(resampler.maxOutput(n));
    return out.subarray(0, resampler.process(this.#decoded.subarray(0, n), out));
  }

  /** Where so many samples go: the frame itself when they are all of it, as they nearly always are. */
  #place(samples: number): Int16Array {
    return this.#readySamples === 0 && samples === this.frame.length ? this.frame : this.#room(samples);
  }

  #room(samples: number): Int16Array {
    const needed = this.#readySamples + samples;
    if (needed > this.#ready.length) {
      const larger = new Int16Array(2 * needed);
      larger.set(this.#ready.subarray(0, this.#readySamples));
      this.#ready = larger;
    }
    return this.#ready.subarray(this.#readySamples, needed);
  }
}
