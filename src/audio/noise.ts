// Noise suppression: RNNoise (WebAssembly), one state for each stream. Speech stays, what is no speech goes.
import { type Clock, held } from '../base/index.ts';

export const suppressorRate = 48_000;
/** Samples of a block: 10 ms. */
export const suppressorSamples = 480;
/** Samples by which a sound leaves later than it came in: RNNoise's blocks overlap. */
export const suppressorDelay = 480;

export interface NoiseSuppression {
  /** For one stream at 48 kHz. */
  open(): NoiseSuppressor;
}

interface RnNoise {
  _malloc(bytes: number): number;
  _rnnoise_create(model: number): number;
  _rnnoise_destroy(state: number): void;
  _rnnoise_process_frame(state: number, out: number, input: number): number;
  /** Another one when the memory has grown. */
  readonly HEAPF32: Float32Array;
}

/**
 * RNNoise's net knows sounds at one loudness: white noise of -40 dBov it takes away by 40 dB, the same at -23 by less than one. So what
 * goes in is brought to this level (rms of its louder blocks, in samples: -39 dBov), from the first block on, and what comes out back.
 */
const wantedLevel = 350;
const leastScale = 0.05;
const mostScale = 8;
/** Each block the level's memory fades by 0.02 dB, and the scale may rise by 0.2 dB or fall by 0.8. */
const levelDecay = 0.9977;
const scaleRise = 1.02;
const scaleFall = 1 / 1.1;
/**
 * Noise that sounds like voices it takes away by a few dB only. What it took more than `knownNoiseDb` off goes down by as much again,
 * `moreNoiseDb` at most: 2 dB less babble, and speech in quiet as it was.
 */
const knownNoiseDb = 2.2;
const moreNoiseDb = 10;
/** Weight of a new block in the measure of that. */
const energyWeight = 0.5;
/** Where there is noise, up to 1 dB of the speech goes with it. The part of all energy that went of late says how much is given back. */
const givenBackDb = 2.5;
const mostGivenBackDb = 0.75;
/** Weight of a new block in the measure of that: about 1.5 s. */
const lateWeight = 0.007;

export class NoiseSuppressor {
  readonly #rnnoise: RnNoise;
  readonly #state: number;
  readonly #frame: number;
  /** What came in, as late as what comes out, and what came after it. */
  readonly #dry = new Float32Array(suppressorDelay + suppressorSamples);
  #level = 0;
  #scale = 1;
  #gain = 1;
  readonly #now = { in: 0, out: 0 };
  readonly #late = { in: 0, out: 0 };
  #closed = false;

  /** `frame`: a place of one block in the code's memory; streams of one thread share it. */
  constructor(rnnoise: RnNoise, frame: number) {
    this.#rnnoise = rnnoise;
    this.#frame = frame;
    this.#state = rnnoise._rnnoise_create(0);
  }

  /** One block, in place. `part` of what comes out is suppressed (1: all of it), the rest as it came in, at the same delay. */
  process(block: Float32Array, part: number): void {
    const dry = this.#dry;
    dry.copyWithin(0, suppressorSamples);
    dry.set(block, suppressorDelay);
    this.#follow(block);
    const at = this.#frame / Float32Array.BYTES_PER_ELEMENT;
    const frame = this.#rnnoise.HEAPF32.subarray(at, at + suppressorSamples);
    for (let i = 0; i < suppressorSamples; i++) frame[i] = block[i]! * this.#scale;
    this.#rnnoise._rnnoise_process_frame(this.#state, this.#frame, this.#frame);
    const from = this.#gain;
    const to = this.#more(frame);
    for (let i = 0; i < suppressorSamples; i++) {
      const gain = from + ((to - from) * (i + 1)) / suppressorSamples;
      block[i] = dry[i]! + ((frame[i]! / this.#scale) * gain - dry[i]!) * part;
    }
    this.#gain = to;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rnnoise._rnnoise_destroy(this.#state);
  }

  /** Scale for the level of late. */
  #follow(block: Float32Array): void {
    const rms = Math.sqrt(energyOf(block) / suppressorSamples);
    const first = this.#level === 0;
    this.#level = first ? rms : rms > this.#level ? this.#level + (rms - this.#level) * 0.3 : this.#level * levelDecay;
    const wanted = Math.min(mostScale, Math.max(leastScale, wantedLevel / Math.max(this.#level, 1)));
    this.#scale = first ? wanted : this.#scale * Math.min(scaleRise, Math.max(scaleFall, wanted / this.#scale));
  }

  /** Gain of what came out: less for what is mostly noise. */
  #more(frame: Float32Array): number {
    const energyIn = energyOf(this.#dry.subarray(0, suppressorSamples));
    const energyOut = energyOf(frame) / this.#scale ** 2;
    for (const [sum, weight] of [
      [this.#now, energyWeight],
      [this.#late, lateWeight],
    ] as const) {
      sum.in += (energyIn - sum.in) * weight;
      sum.out += (energyOut - sum.out) * weight;
    }
    const tookDb = 10 * Math.log10((this.#now.in + 1) / (this.#now.out + 1));
    const went = 1 - (this.#late.out + 1) / (this.#late.in + 1);
    const backDb = Math.min(mostGivenBackDb, Math.max(0, went * givenBackDb));
    return 10 ** ((backDb - Math.min(moreNoiseDb, Math.max(0, tookDb - knownNoiseDb))) / 20);
  }
}

function energyOf(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  return sum;
}

let loading: Promise<NoiseSuppression> | undefined;

/** By the first stream of a process, about 5 MB; virtual time stands still meanwhile. */
export function loadNoiseSuppression(clock: Clock): Promise<NoiseSuppression> {
  loading ??= load();
  const loaded = loading;
  // A failure must not stick.
  loaded.catch(() => {
    loading = undefined;
  });
  return held(clock, () => loaded);
}

async function load(): Promise<NoiseSuppression> {
  // It has no types.
  const name: string = '@echogarden/rnnoise-wasm';
  const { default: start } = (await import(name)) as { default(): Promise<RnNoise> };
  const rnnoise = await start();
  const frame = rnnoise._malloc(suppressorSamples * Float32Array.BYTES_PER_ELEMENT);
  return { open: () => new NoiseSuppressor(rnnoise, frame) };
}
