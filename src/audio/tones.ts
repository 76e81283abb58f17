// Tones: sums of sines with soft edges, DTMF, and the player that runs a sequence of them.
import type { AudioReader } from './audio-source.ts';
import { saturate } from './sample.ts';

/** One step of a sequence. Levels in dBm0 of each sine (0 dBm0 = a sine 3.14 dB below the largest). */
export interface ToneStep {
  onMs: number;
  offMs: number;
  /** Hz; none is silence for `onMs`. */
  frequencies: readonly number[];
  levelDbm0: number;
  /** Change of level while on: `stepDb` every `everyMs`. */
  slope?: { stepDb: number; everyMs: number };
  /** Noise of this amplitude (1..32767) instead of silence, for silence_stream. */
  noise?: number;
}

export interface ToneProgram {
  steps: readonly ToneStep[];
  /** Passes over all steps; Infinity for ever. */
  loops: number;
}

/** Peak of a sine of 0 dBm0 in 16 bits: G.711's largest sine is 3.14 dBm0. */
export const ZERO_DBM0_PEAK = 32_767 * 10 ** (-3.14 / 20);

/** Raised-cosine edge of each tone, so that it starts and ends without a click. */
const EDGE_MS = 3;

const dtmfRows: readonly number[] = [697, 770, 852, 941];
const dtmfColumns: readonly number[] = [1209, 1336, 1477, 1633];
const dtmfKeys = ['123A', '456B', '789C', '*0#D'];

/** Low and high frequency of a DTMF digit (0-9 A-D * #, any case), or undefined. */
export function dtmfFrequencies(digit: string): readonly [number, number] | undefined {
  const row = dtmfKeys.findIndex((keys) => digit.length === 1 && keys.includes(digit.toUpperCase()));
  if (row < 0) return undefined;
  return [dtmfRows[row]!, dtmfColumns[dtmfKeys[row]!.indexOf(digit.toUpperCase())]!];
}

/** Low group, high group and the digit of each pair, for the detector. */
export const dtmfLayout = { rows: dtmfRows, columns: dtmfColumns, keys: dtmfKeys } as const;

/** Level of each sine of our DTMF: Q.23 networks send about -7 (low) and -5 dBm0 (high); equal is safe everywhere. */
const DTMF_DBM0 = -7;

/** Steps for a string of digits; `w` and `W` pause 500 and 1000 ms; anything else is left out. */
export function dtmfSteps(digits: string, durationMs: number, gapMs = 100): ToneStep[] {
  const steps: ToneStep[] = [];
  for (const digit of digits) {
    const frequencies = dtmfFrequencies(digit);
    if (frequencies) steps.push({ onMs: durationMs, offMs: gapMs, frequencies, levelDbm0: DTMF_DBM0 });
    else if (digit === 'w') steps.push({ onMs: 0, offMs: 500, frequencies: [], levelDbm0: 0 });
    else if (digit === 'W') steps.push({ onMs: 0, offMs: 1000, frequencies: [], levelDbm0: 0 });
  }
  return steps;
}

/** Plays a program. Oscillators run on across frames; each step begins at phase zero with a soft edge. */
export class TonePlayer implements AudioReader {
  readonly sampleRate: number;
  readonly #program: ToneProgram;
  readonly #edge: number;
  #pass = 0;
  #index = 0;
  /** Samples into the current step. */
  #at = 0;
  #seed = 1;
  #sum = new Float64Array(0);

  constructor(program: ToneProgram, sampleRate: number) {
    this.#program = program;
    this.sampleRate = sampleRate;
    this.#edge = Math.round((EDGE_MS * sampleRate) / 1000);
  }

  read(out: Int16Array): number {
    let written = 0;
    // A program whose steps take no time would spin for ever, so a pass without a sample ends it.
    let empty = 0;
    while (written < out.length && empty <= this.#program.steps.length && this.#pass < this.#program.loops) {
      const step = this.#program.steps[this.#index];
      if (!step) break;
      const on = this.#samples(step.onMs);
      const total = on + this.#samples(step.offMs);
      const n = Math.min(out.length - written, total - this.#at);
      this.#render(step, on, out.subarray(written, written + n));
      written += n;
      this.#at += n;
      empty = n > 0 ? 0 : empty + 1;
      if (this.#at >= total) this.#next();
    }
    return written;
  }

  #next(): void {
    this.#at = 0;
    this.#index++;
    if (this.#index < this.#program.steps.length) return;
    this.#index = 0;
    this.#pass++;
  }

  #samples(ms: number): number {
    return Math.round((ms * this.sampleRate) / 1000);
  }

  #render(step: ToneStep, on: number, out: Int16Array): void {
    const sounding = Math.max(0, Math.min(out.length, on - this.#at));
    if (step.frequencies.length === 0) out.fill(0, 0, sounding);
    else this.#sines(step, on, out.subarray(0, sounding));
    for (let i = sounding; i < out.length; i++) out[i] = step.noise ? this.#noise(step.noise) : 0;
  }

  /** Each sine is a turning vector, set right at the start of every call so that rounding cannot build up. */
  #sines(step: ToneStep, on: number, out: Int16Array): void {
    const sum = this.#sum.length >= out.length ? this.#sum : new Float64Array(out.length);
    this.#sum = sum;
    sum.fill(0, 0, out.length);
    for (const hz of step.frequencies) {
      const turn = (2 * Math.PI * hz) / this.sampleRate;
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      let x = Math.cos(turn * this.#at);
      let y = Math.sin(turn * this.#at);
      for (let i = 0; i < out.length; i++) {
        sum[i] = sum[i]! + y;
        const nextX = x * cos - y * sin;
        y = x * sin + y * cos;
        x = nextX;
      }
    }
    for (let i = 0; i < out.length; i++) {
      const at = this.#at + i;
      out[i] = saturate(sum[i]! * this.#amplitude(step, at) * this.#envelope(at, on));
    }
  }

  #amplitude({ levelDbm0, slope }: ToneStep, at: number): number {
    if (!slope) return ZERO_DBM0_PEAK * 10 ** (levelDbm0 / 20);
    const steps = Math.floor((at * 1000) / this.sampleRate / slope.everyMs);
    const level = Math.max(-63, Math.min(0, levelDbm0 + steps * slope.stepDb));
    return ZERO_DBM0_PEAK * 10 ** (level / 20);
  }

  #envelope(at: number, on: number): number {
    const edge = Math.min(this.#edge, on >> 1);
    const near = Math.min(at, on - 1 - at);
    return near >= edge ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * (near + 0.5)) / edge);
  }

  /** A small linear congruential generator: noise need not be unforeseeable, but the same in every rehearsal. */
  #noise(amplitude: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
    return Math.round((this.#seed / 2 ** 31) * amplitude);
  }
}
