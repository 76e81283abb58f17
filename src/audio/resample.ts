// Resampler: a streaming polyphase FIR for any ratio of sample rates, exact in count over time and smooth across calls.
import { bug, type Clock } from '../base/index.ts';
import { MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, RESAMPLER_BLOCK, RESAMPLER_MAX_PHASES, RESAMPLER_TABLES } from './limits.ts';
import { saturate } from './sample.ts';

/** Filter of one ratio: `phases` rows of `taps` coefficients, each row summing to 1. */
interface FilterTable {
  up: number;
  down: number;
  phases: number;
  taps: number;
  rows: Row[];
}

/**
 * One row without its zeros. A half-band filter (rates that double or halve) has a zero in every second place but the
 * middle, so `centre` is taken alone and the others from `first` in steps of `stride`. Padded to a multiple of four.
 */
interface Row {
  centre: number;
  first: number;
  stride: number;
  coefficients: Float64Array;
}

/** Pass band ends at 90 % and stop band begins at 110 % of the smaller Nyquist frequency: 3.6 and 4.4 kHz for telephone audio. */
const TRANSITION = 0.2;
/** Kaiser window for this stop band, dB. */
const STOP_BAND_DB = 72;

export class Resampler {
  readonly from: number;
  readonly to: number;
  readonly #table: FilterTable;
  /** Last `taps - 1` input samples, then the block being worked on. */
  readonly #buffer: Float64Array;
  /** Position of the next output, in 1/up of an input sample, from the first sample of the coming block. */
  #position: number;
  readonly #start: number;

  /** `aligned` leaves out the filter's delay at the beginning, so that output and input share their first moment. */
  constructor(from: number, to: number, { aligned = false } = {}) {
    for (const rate of [from, to]) {
      if (!Number.isInteger(rate) || rate < MIN_SAMPLE_RATE || rate > MAX_SAMPLE_RATE) bug(`sample rate ${rate}`);
    }
    this.from = from;
    this.to = to;
    this.#table = filterTable(from, to);
    this.#buffer = new Float64Array(this.#table.taps - 1 + RESAMPLER_BLOCK + PADDING);
    this.#start = aligned ? this.#table.up * this.delayInput : 0;
    this.#position = this.#start;
  }

  /** Delay of the filter in input samples: how much later a sound leaves than it came in, unless aligned. */
  get delayInput(): number {
    return (this.#table.taps - 1) / 2;
  }

  /** Room that `process` needs in `out` for so many input samples. */
  maxOutput(inputSamples: number): number {
    return Math.ceil((inputSamples * this.#table.up) / this.#table.down) + 1;
  }

  /** Takes all of `input`; returns samples written to `out`. Unless aligned, n samples in all have given ceil(n * to / from). */
  process(input: Int16Array, out: Int16Array): number {
    let written = 0;
    for (let at = 0; at < input.length; at += RESAMPLER_BLOCK) {
      written = this.#block(input, at, out, written);
    }
    return written;
  }

  /** Forgets what was heard. */
  reset(): void {
    this.#buffer.fill(0);
    this.#position = this.#start;
  }

  #block(input: Int16Array, start: number, out: Int16Array, written: number): number {
    const { up, down, phases, taps, rows } = this.#table;
    const buffer = this.#buffer;
    const past = taps - 1;
    const n = Math.min(RESAMPLER_BLOCK, input.length - start);
    for (let i = 0; i < n; i++) buffer[past + i] = input[start + i]!;
    const end = n * up;
    let position = this.#position;
    for (; position < end; position += down) {
      const whole = Math.floor(position / up);
      const fraction = position - whole * up;
      const row = rows[phases === up ? fraction : Math.floor((fraction * phases) / up)]!;
      const sum = convolve(row, buffer, whole) + row.centre * buffer[whole + (past >> 1)]!;
      out[written++] = saturate(sum);
    }
    this.#position = position - end;
    buffer.copyWithin(0, n, n + past);
    return written;
  }
}

/** Rows are padded by up to three zero coefficients, which read this many samples too far at most. */
const PADDING = 6;

/** Four sums side by side, so that the processor need not wait for each addition. */
function convolve({ coefficients, first, stride }: Row, buffer: Float64Array, whole: number): number {
  let at = whole + first;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let k = 0; k < coefficients.length; k += 4) {
    a += coefficients[k]! * buffer[at]!;
    b += coefficients[k + 1]! * buffer[at + stride]!;
    c += coefficients[k + 2]! * buffer[at + 2 * stride]!;
    d += coefficients[k + 3]! * buffer[at + 3 * stride]!;
    at += 4 * stride;
  }
  return a + b + c + d;
}

/** A whole recording at another rate, aligned in time: sample i of the result sounds when i * from / to of `pcm` did. */
export function resample(pcm: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return pcm;
  const whole = new Whole(pcm, from, to);
  while (whole.step(pcm.length)) {}
  return whole.result;
}

/** The same in turns of the event loop, half a second of audio each: minutes of audio hold nothing up. */
export async function resampleInTurns(
  pcm: Int16Array,
  rates: { from: number; to: number },
  clock: Clock,
): Promise<Int16Array> {
  const { from, to } = rates;
  if (from === to) return pcm;
  const whole = new Whole(pcm, from, to);
  while (whole.step(from / 2)) await new Promise<void>((resolve) => clock.soon(resolve));
  return whole.result;
}

/** A recording on its way to another rate. */
class Whole {
  readonly #resampler: Resampler;
  readonly #pcm: Int16Array;
  readonly #out: Int16Array;
  readonly #length: number;
  #taken = 0;
  #given = 0;

  constructor(pcm: Int16Array, from: number, to: number) {
    this.#pcm = pcm;
    this.#resampler = new Resampler(from, to, { aligned: true });
    this.#length = Math.ceil((pcm.length * to) / from);
    this.#out = new Int16Array(this.#resampler.maxOutput(pcm.length + this.#resampler.delayInput + 1));
  }

  get result(): Int16Array {
    return this.#out.subarray(0, this.#length);
  }

  /** Takes up to so many samples. False: that was all. */
  step(samples: number): boolean {
    const piece = this.#pcm.subarray(this.#taken, this.#taken + samples);
    this.#taken += piece.length;
    this.#given += this.#resampler.process(piece, this.#out.subarray(this.#given));
    if (this.#taken < this.#pcm.length) return true;
    // What is still inside the filter.
    this.#resampler.process(new Int16Array(this.#resampler.delayInput + 1), this.#out.subarray(this.#given));
    return false;
  }
}

const tables = new Map<string, FilterTable>();

function filterTable(from: number, to: number): FilterTable {
  const key = `${from}:${to}`;
  const known = tables.get(key);
  if (known) return known;
  const table = designFilter(from, to);
  if (tables.size >= RESAMPLER_TABLES) tables.delete(tables.keys().next().value!);
  tables.set(key, table);
  return table;
}

function designFilter(from: number, to: number): FilterTable {
  const divisor = gcd(from, to);
  const up = to / divisor;
  const down = from / divisor;
  const phases = Math.min(up, RESAMPLER_MAX_PHASES);
  // Cut-off and transition in cycles per input sample; the length by Kaiser's formula.
  const cutoff = (0.5 * Math.min(from, to)) / from;
  const width = cutoff * TRANSITION;
  const taps = 2 * Math.ceil((STOP_BAND_DB - 7.95) / (14.36 * width) / 2) + 1;
  const centre = (taps - 1) / 2;
  const rows = Array.from({ length: phases }, (_, phase) => {
    const row = new Float64Array(taps);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      // Row `phase` reads buffer[whole..]; its output lies phase/phases after sample whole + centre.
      const x = k - centre - phase / phases;
      row[k] = 2 * cutoff * sinc(2 * cutoff * x) * kaiser(x / (centre + 1));
      sum += row[k]!;
    }
    return compact(row.map((c) => c / sum));
  });
  return { up, down, phases, taps, rows };
}

/** Takes the zeros out of a row of odd length. */
function compact(row: Float64Array): Row {
  const centre = (row.length - 1) / 2;
  const others = row.filter((_, k) => (k - centre) % 2 === 0 && k !== centre);
  const halfBand = others.every((c) => Math.abs(c) < 1e-12);
  const kept = halfBand ? row.filter((_, k) => (k - centre) % 2 !== 0) : row;
  const needed = kept.some((c) => Math.abs(c) >= 1e-12) ? kept : new Float64Array(0);
  const coefficients = new Float64Array(Math.ceil(needed.length / 4) * 4);
  coefficients.set(needed);
  if (!halfBand) return { centre: 0, first: 0, stride: 1, coefficients };
  return { centre: row[centre]!, first: (centre + 1) % 2, stride: 2, coefficients };
}

const BETA = 0.1102 * (STOP_BAND_DB - 8.7);

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel0(BETA * Math.sqrt(1 - x * x)) / bessel0(BETA);
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < 60 && term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
