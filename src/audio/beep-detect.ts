// Beep detector: one steady tone alone, as voicemail plays before it records. Not speech, digits, ringing or a chord.

export interface DetectedBeep {
  frequencyHz: number;
  /** Of the frequency, measured every 20 ms, Hz^2: 0 for a tone that stands still. */
  varianceHz2: number;
  /** How long it lasted, or has lasted when it goes on, to about 20 ms. */
  durationMs: number;
}

/** A block is two hops long; blocks overlap by half. 40 ms keep 440 and 480 Hz, or 400 and 450, apart. */
const hopMs = 20;
/** Below lie the pitch of voices and the tones of exchanges (ITU-T E.180: 400 to 450 Hz, usually 425), above no beep. */
const lowestHz = 435;
const highestHz = 2_600;
/** Mean square below which a block is silence: -48 dBov. */
const leastPower = 32_768 ** 2 * 10 ** (-48 / 10);
/** Share of a block's power that the tone must have: 6 dB more than all else together. */
const leastPurity = 0.8;
/** What is left without the tone may be noise. When one other tone makes so much of it, and of the whole, there are two: a digit, a chord. */
const secondOfRest = 0.5;
const secondOfAll = 0.03;
/** How far a block may be off the mean of those before it: voices slide, beeps stand. */
const driftHz = 12;
/** The same of its level: what is plucked or spoken swells and dies away. */
const driftDb = 2;
/** Blocks that make a beep: tones of 190 ms always have so many, those of 160 ms never. Shorter ones are sung consonants. */
const leastHops = 8;
/** One that goes on is told after 1.5 s: who waits for its end has waited enough. */
const mostHops = 75;
/** Blocks in a row without it that end it: a lost packet does not. */
const hopsToEnd = 4;
/** Share of the blocks that must show it: a tone that wavers has fewer. */
const leastShare = 0.8;

/** What one block shows. */
interface Tone {
  hz: number;
  /** Of the tone, mean square. */
  power: number;
}

export class BeepDetector {
  /** Called once for each beep, when it has ended, or after 1.5 s of it. */
  onBeep: (beep: DetectedBeep) => void = () => {};
  readonly #sampleRate: number;
  readonly #hop: number;
  readonly #block: Float64Array;
  readonly #rest: Float64Array;
  readonly #tone: Tone = { hz: 0, power: 0 };
  readonly #run = new Run();
  #filled = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#hop = Math.round((sampleRate * hopMs) / 1000);
    this.#block = new Float64Array(2 * this.#hop);
    this.#rest = new Float64Array(2 * this.#hop);
  }

  /** Listens to a frame of any length. */
  process(pcm: Int16Array): void {
    const { length } = this.#block;
    for (let i = 0; i < pcm.length; i++) {
      this.#block[this.#filled++] = pcm[i]!;
      if (this.#filled < length) continue;
      this.#step(this.#look());
      this.#block.copyWithin(0, this.#hop);
      this.#filled = length - this.#hop;
    }
  }

  #step(shown: Tone | undefined): void {
    const run = this.#run;
    const goesOn = shown !== undefined && run.takes(shown);
    if (goesOn) run.add(shown);
    else run.miss();
    if (run.isBeep && (run.hops >= mostHops || run.ended)) this.#tell();
    // A tone that has only begun gives way to another: its first block may have been half a block.
    if (!run.ended && (goesOn || shown === undefined || run.hops > 2)) return;
    run.clear();
    if (shown && !goesOn) run.add(shown);
  }

  #tell(): void {
    const { meanHz, varianceHz2, blocks } = this.#run;
    this.#run.told = true;
    this.onBeep({ frequencyHz: meanHz, varianceHz2, durationMs: (blocks + 0.5) * hopMs });
  }

  /** The one tone of this block (reused); undefined when there is none, or something beside it. */
  #look(): Tone | undefined {
    const block = this.#block;
    const power = meanSquare(block);
    if (power < leastPower) return undefined;
    const tone = this.#tone;
    const rest = this.#rest;
    tone.hz = frequencyOf(block, this.#sampleRate);
    if (!(tone.hz >= lowestHz && tone.hz <= highestHz)) return undefined;
    rest.set(block);
    tone.power = takeOut(rest, tone.hz, this.#sampleRate);
    if (tone.power < leastPurity * power) return undefined;
    const restPower = meanSquare(rest);
    if (restPower < secondOfAll * power) return tone;
    const second = takeOut(rest, frequencyOf(rest, this.#sampleRate), this.#sampleRate);
    return second > secondOfRest * restPower ? undefined : tone;
  }
}

/** Blocks in a row that show the same tone. */
class Run {
  hops = 0;
  told = false;
  meanHz = 0;
  #squares = 0;
  #meanDb = 0;
  #missed = 0;
  #missedInRow = 0;

  get varianceHz2(): number {
    return this.hops === 0 ? 0 : this.#squares / this.hops;
  }

  /** From its first to its last, those that were missed among them. */
  get blocks(): number {
    return this.hops + this.#missed - this.#missedInRow;
  }

  /** Nothing more comes of it. */
  get ended(): boolean {
    return this.#missedInRow >= hopsToEnd;
  }

  /** It is one, and has not been told. */
  get isBeep(): boolean {
    return !this.told && this.hops >= leastHops && this.hops >= leastShare * this.blocks;
  }

  takes({ hz, power }: Tone): boolean {
    if (this.hops === 0) return true;
    return Math.abs(hz - this.meanHz) <= driftHz && Math.abs(decibel(power) - this.#meanDb) <= driftDb;
  }

  /** Mean and variance as they grow (Welford). */
  add({ hz, power }: Tone): void {
    this.hops++;
    this.#missedInRow = 0;
    const off = hz - this.meanHz;
    this.meanHz += off / this.hops;
    this.#squares += off * (hz - this.meanHz);
    this.#meanDb += (decibel(power) - this.#meanDb) / this.hops;
  }

  miss(): void {
    if (this.hops === 0) return;
    this.#missed++;
    this.#missedInRow++;
  }

  clear(): void {
    this.hops = 0;
    this.told = false;
    this.meanHz = 0;
    this.#squares = 0;
    this.#meanDb = 0;
    this.#missed = 0;
    this.#missedInRow = 0;
  }
}

const decibel = (power: number): number => 10 * Math.log10(power);

function meanSquare(block: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < block.length; i++) sum += block[i]! * block[i]!;
  return sum / block.length;
}

/** Frequency of the sine that stands out, Hz. Without one it is any, or NaN. */
function frequencyOf(block: Float64Array, sampleRate: number): number {
  const step = coarseStep(block, Math.max(1, Math.round(sampleRate / 8000)));
  const half = block.length / 2;
  // How far its phase against that sine moves from one half to the other is how far off that is.
  const moved = phaseLag(block, { from: 0, to: half, step }) - phaseLag(block, { from: half, to: block.length, step });
  const turn = moved - 2 * Math.PI * Math.round(moved / (2 * Math.PI));
  return ((step + turn / half) * sampleRate) / (2 * Math.PI);
}

/**
 * Pisarenko's, radians per sample: x[n-k] + x[n+k] = 2 cos(kw) x[n] and x[n-2k] + x[n+2k] = 2 cos(2kw) x[n] hold for a sine, and
 * white noise has no part in their products with x[n]. The lag is 1/8000 s at any rate: with a shorter one low tones drown in noise.
 */
function coarseStep(block: Float64Array, lag: number): number {
  let one = 0;
  let two = 0;
  for (let i = 2 * lag; i < block.length - 2 * lag; i++) {
    const x = block[i]!;
    one += x * (block[i - lag]! + block[i + lag]!);
    two += x * (block[i - 2 * lag]! + block[i + 2 * lag]!);
  }
  const cosine = (2 * one) / (Math.sqrt(two * two + 8 * one * one) - two);
  return Math.acos(Math.min(1, Math.max(-1, cosine))) / lag;
}

interface Stretch {
  from: number;
  to: number;
  /** Radians per sample. */
  step: number;
}

/** What `fit` found: cos and sin parts of the sine that fits best (least squares). Reused. */
const fitted = { cos: 0, sin: 0 };

function fit(block: Float64Array, { from, to, step }: Stretch): void {
  let cc = 0;
  let ss = 0;
  let cs = 0;
  let xc = 0;
  let xs = 0;
  const turnCos = Math.cos(step);
  const turnSin = Math.sin(step);
  let c = Math.cos(step * from);
  let s = Math.sin(step * from);
  for (let i = from; i < to; i++) {
    const x = block[i]!;
    cc += c * c;
    ss += s * s;
    cs += c * s;
    xc += x * c;
    xs += x * s;
    const next = c * turnCos - s * turnSin;
    s = s * turnCos + c * turnSin;
    c = next;
  }
  const size = cc * ss - cs * cs;
  fitted.cos = (xc * ss - xs * cs) / size;
  fitted.sin = (xs * cc - xc * cs) / size;
}

function phaseLag(block: Float64Array, stretch: Stretch): number {
  fit(block, stretch);
  return Math.atan2(fitted.sin, fitted.cos);
}

/** Takes the sine of this frequency that fits best out of the block. Returns its mean square. */
function takeOut(block: Float64Array, hz: number, sampleRate: number): number {
  const step = (2 * Math.PI * hz) / sampleRate;
  fit(block, { from: 0, to: block.length, step });
  const turnCos = Math.cos(step);
  const turnSin = Math.sin(step);
  let c = 1;
  let s = 0;
  let sum = 0;
  for (let i = 0; i < block.length; i++) {
    const x = fitted.cos * c + fitted.sin * s;
    block[i]! -= x;
    sum += x * x;
    const next = c * turnCos - s * turnSin;
    s = s * turnCos + c * turnSin;
    c = next;
  }
  return sum / block.length;
}
