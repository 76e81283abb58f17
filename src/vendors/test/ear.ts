// Hears the code: which tone each 10 ms show, how pure it is, and where words begin and end. Times are counted in samples.

export interface HeardWord {
  /** Index of the code's tone; -1 for any other sound. */
  tone: number;
  /** Since the first sample. */
  startMs: number;
  endMs: number;
  /** Share of the sound that was in its tone, 0 to 1, on average. */
  purity: number;
}

/** A block is two hops long; blocks overlap by half. */
const hopMs = 10;
/** Mean square below which a block is silence: -46 dBov. */
const quiet = 164 ** 2;
/** Share of a block's power that its tone must have; the rest may be noise of the line. */
const leastPurity = 0.6;
/** Equal blocks in a row that make a word of a tone, and of any other sound: 70 ms and 110 ms. */
const hopsOfTone = 6;
const hopsOfSound = 10;
/** Blocks without it that end a word: a lost packet does not. */
const hopsToEnd = 4;

const silence = -2;
const otherSound = -1;

export class CodeEar {
  /** A word has become certain; it may still sound. */
  onWord: (word: HeardWord) => void = () => {};
  /** Time since anything was heard, ms. */
  quietMs = 0;
  readonly #coefficients: Float64Array;
  readonly #hop: number;
  readonly #block: Float64Array;
  #filled = 0;
  #hops = 0;
  #candidate = silence;
  #candidateHops = 0;
  #candidatePurity = 0;
  #word: HeardWord | undefined;
  #wordHops = 0;
  #misses = 0;
  /** Of the last block. */
  #purity = 0;

  constructor(tones: readonly number[], sampleRate: number) {
    this.#coefficients = Float64Array.from(tones, (hz) => 2 * Math.cos((2 * Math.PI * hz) / sampleRate));
    this.#hop = Math.round((sampleRate * hopMs) / 1000);
    this.#block = new Float64Array(2 * this.#hop);
  }

  process(pcm: Int16Array): void {
    const { length } = this.#block;
    for (let i = 0; i < pcm.length; i++) {
      this.#block[this.#filled++] = pcm[i]!;
      if (this.#filled < length) continue;
      this.#step(this.#classify());
      this.#block.copyWithin(0, this.#hop);
      this.#filled = length - this.#hop;
    }
  }

  get #nowMs(): number {
    return this.#hops * hopMs;
  }

  /** What the block shows: a tone's index, another sound, or silence. */
  #classify(): number {
    const block = this.#block;
    let sum = 0;
    for (let i = 0; i < block.length; i++) sum += block[i]! * block[i]!;
    this.#purity = 0;
    if (sum < quiet * block.length) return silence;
    let best = otherSound;
    for (let k = 0; k < this.#coefficients.length; k++) {
      const c = this.#coefficients[k]!;
      let s1 = 0;
      let s2 = 0;
      for (let i = 0; i < block.length; i++) {
        const s = block[i]! + c * s1 - s2;
        s2 = s1;
        s1 = s;
      }
      // A sine of amplitude A gives (A n / 2)^2 here and A^2 n / 2 in the sum.
      const purity = Math.min(1, (2 * (s1 * s1 + s2 * s2 - c * s1 * s2)) / (sum * block.length));
      if (purity <= this.#purity) continue;
      this.#purity = purity;
      best = k;
    }
    return this.#purity >= leastPurity ? best : otherSound;
  }

  #step(shown: number): void {
    this.#hops++;
    this.quietMs = shown === silence ? this.quietMs + hopMs : 0;
    this.#continue(shown);
    if (shown === this.#candidate) {
      this.#candidateHops++;
      this.#candidatePurity += this.#purity;
    } else {
      this.#candidate = shown;
      this.#candidateHops = 1;
      this.#candidatePurity = this.#purity;
    }
    if (this.#word || shown === silence) return;
    const enough = shown === otherSound ? hopsOfSound : hopsOfTone;
    if (this.#candidateHops < enough) return;
    this.#wordHops = this.#candidateHops;
    this.#word = {
      tone: shown,
      startMs: this.#nowMs - this.#candidateHops * hopMs,
      endMs: this.#nowMs,
      purity: this.#candidatePurity / this.#candidateHops,
    };
    this.#misses = 0;
    this.onWord(this.#word);
  }

  /** The word that sounds goes on, or ends. Sound without a tone is one word whatever tones show in it for a moment. */
  #continue(shown: number): void {
    const word = this.#word;
    if (!word) return;
    const same = shown === word.tone || (word.tone === otherSound && shown !== silence && !this.#toneIsCertain(shown));
    this.#misses = same ? 0 : this.#misses + 1;
    if (same) {
      word.purity += (this.#purity - word.purity) / ++this.#wordHops;
      word.endMs = this.#nowMs + hopMs;
    }
    if (this.#misses >= hopsToEnd) this.#word = undefined;
  }

  #toneIsCertain(shown: number): boolean {
    return shown === this.#candidate && this.#candidateHops >= hopsOfTone;
  }
}
