// Isolation: a voice without the noise around it. 48 kHz inside; what stays of the noise is mixed in at the same delay.
import {
  type NoiseSuppression,
  type NoiseSuppressor,
  Resampler,
  saturate,
  suppressorDelay,
  suppressorRate,
  suppressorSamples,
} from '../../../audio/index.ts';
import { fadeSamples } from './fade.ts';
import type { Stage } from './types.ts';

export interface IsolationFormat {
  sampleRate: number;
  frameMs: number;
}

export class Isolation implements Stage {
  readonly #up: Resampler;
  readonly #down: Resampler;
  readonly #suppressor: NoiseSuppressor;
  /** At 48 kHz: what has come in and fills no block yet. */
  readonly #wide: Int16Array;
  #wideSamples = 0;
  readonly #samples = new Float32Array(suppressorSamples);
  readonly #block = new Int16Array(suppressorSamples);
  /** At the leg's rate: what is ready. */
  readonly #ready: Int16Array;
  #readySamples: number;
  /** How much of the suppressed voice is heard, 0 to 1. */
  #part: number;
  readonly #delayMs: number;
  /** Samples until something has come through. */
  #warming: number;
  /** The way from the plain audio (0) to ours (1). */
  #share = 0;
  readonly #step: number;
  #leaving = false;
  #closed = false;

  /** `level` 0 is none of it, 100 all. */
  constructor({ sampleRate, frameMs }: IsolationFormat, level: number, suppression: NoiseSuppression) {
    this.#up = new Resampler(sampleRate, suppressorRate);
    this.#down = new Resampler(suppressorRate, sampleRate);
    this.#suppressor = suppression.open();
    this.#part = level / 100;
    this.#step = 1 / fadeSamples(sampleRate);
    // Frames that are no whole number of blocks wait for half a block at most: packet times come in steps of 5 ms.
    const slackMs = frameMs % blockMs;
    this.#readySamples = (slackMs * sampleRate) / 1000;
    const frameSamples = (sampleRate * frameMs) / 1000;
    this.#ready = new Int16Array(2 * frameSamples + (sampleRate * 2 * blockMs) / 1000);
    this.#wide = new Int16Array(this.#up.maxOutput(frameSamples) + suppressorSamples);
    const filters = this.#up.delayInput / sampleRate + this.#down.delayInput / suppressorRate;
    this.#delayMs = slackMs + (1000 * suppressorDelay) / suppressorRate + 1000 * filters;
    this.#warming = Math.ceil((this.#delayMs * sampleRate) / 1000);
  }

  /** How much later a sound leaves than it came in, ms. */
  get delayMs(): number {
    return this.#delayMs;
  }

  set(level: number): void {
    this.#part = level / 100;
    this.#leaving = false;
  }

  /** Fades to what comes in; it is `over` then. */
  leave(): void {
    this.#leaving = true;
  }

  get over(): boolean {
    return this.#leaving && this.#share === 0;
  }

  describe(): string {
    return `isolation ${Math.round(this.#part * 100)} %`;
  }

  process(frame: Int16Array): void {
    this.#wideSamples += this.#up.process(frame, this.#wide.subarray(this.#wideSamples));
    let done = 0;
    for (; done + suppressorSamples <= this.#wideSamples; done += suppressorSamples) this.#suppress(done);
    this.#wide.copyWithin(0, done, this.#wideSamples);
    this.#wideSamples -= done;
    this.#blend(frame);
    this.#ready.copyWithin(0, frame.length, this.#readySamples);
    this.#readySamples -= frame.length;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#suppressor.close();
  }

  /** One block, from the wide samples at `at` to what is ready. */
  #suppress(at: number): void {
    for (let i = 0; i < suppressorSamples; i++) this.#samples[i] = this.#wide[at + i]!;
    this.#suppressor.process(this.#samples, this.#part);
    for (let i = 0; i < suppressorSamples; i++) this.#block[i] = saturate(this.#samples[i]!);
    this.#readySamples += this.#down.process(this.#block, this.#ready.subarray(this.#readySamples));
  }

  /** The plain audio is heard until ours has come through, and again at the end. */
  #blend(frame: Int16Array): void {
    for (let i = 0; i < frame.length; i++) {
      if (this.#warming > 0) this.#warming--;
      else if (this.#leaving) this.#share = Math.max(0, this.#share - this.#step);
      else this.#share = Math.min(1, this.#share + this.#step);
      if (this.#share === 1) frame[i] = this.#ready[i]!;
      else if (this.#share > 0) frame[i] = saturate(frame[i]! + (this.#ready[i]! - frame[i]!) * this.#share);
    }
  }
}

const blockMs = (1000 * suppressorSamples) / suppressorRate;
