// Talk: whether somebody speaks, by energy above the noise of the line. Steady noise is not speech, loud sound always counts.
import { dbovOfPower } from './level.ts';

/** Below this nothing is speech: the floor of a quiet telephone line lies 10 to 20 dB deeper. */
const quietestDbov = -48;
/** Speech stands so far above the noise at least. */
const marginDb = 9;
/** Less, while somebody talks. */
const hysteresisDb = 3;
/** Noise louder than this is not believed to be noise: music, a crowd, a tone. */
const loudestNoiseDbov = -38;
/** Speech has a syllable's gap within this time; what has none is noise. */
const noiseWindowMs = 1600;
const noiseParts = 8;
/** So much of loud frames begins a talk: a click or a knock does not. */
const beginMs = 80;
/** Such a pause ends it: longer than those between words, short enough to be told in time. */
const endMs = 600;
/** Pole of the filter that keeps hum and direct current out, by sample rate: about 120 Hz. */
const pole = (sampleRate: number): number => Math.exp((-2 * Math.PI * 120) / sampleRate);

/** Hears one stream. */
export class TalkDetector {
  /** The far end speaks, pauses between words included. */
  talking = false;
  readonly #samplesPerMs: number;
  readonly #pole: number;
  #before = 0;
  #filtered = 0;
  /** The quietest level of each part of the window, a ring; until more is known, as loud as noise may be. */
  readonly #quietest = new Float64Array(noiseParts).fill(loudestNoiseDbov);
  #part = 0;
  #partMs = 0;
  #loudMs = 0;
  #pauseMs = 0;

  constructor(sampleRate: number) {
    this.#samplesPerMs = sampleRate / 1000;
    this.#pole = pole(sampleRate);
  }

  /** The noise of the line, as far as it is known, dBov. */
  get noiseDbov(): number {
    let least = loudestNoiseDbov;
    for (let i = 0; i < noiseParts; i++) if (this.#quietest[i]! < least) least = this.#quietest[i]!;
    return least;
  }

  /** Takes the next 5 to 60 ms. True when `talking` has changed. */
  process(frame: Int16Array): boolean {
    const ms = frame.length / this.#samplesPerMs;
    const level = dbovOfPower(this.#power(frame));
    // Within a talk a little less will do, so that its soft ends belong to it.
    const least = Math.max(quietestDbov, this.noiseDbov + marginDb) - (this.talking ? hysteresisDb : 0);
    this.#learn(level, ms);
    if (level >= least) {
      this.#loudMs += ms;
      this.#pauseMs = 0;
    } else {
      this.#loudMs = Math.max(0, this.#loudMs - ms);
      this.#pauseMs += ms;
    }
    const talking = this.talking ? this.#pauseMs < endMs : this.#loudMs >= beginMs;
    if (talking === this.talking) return false;
    this.talking = talking;
    this.#loudMs = 0;
    return true;
  }

  /** Mean square without hum and direct current. */
  #power(frame: Int16Array): number {
    let sum = 0;
    let before = this.#before;
    let filtered = this.#filtered;
    for (let i = 0; i < frame.length; i++) {
      const x = frame[i]!;
      filtered = this.#pole * (filtered + x - before);
      before = x;
      sum += filtered * filtered;
    }
    this.#before = before;
    // What dies away towards nothing would slow the processor down.
    this.#filtered = Math.abs(filtered) < 1e-6 ? 0 : filtered;
    return frame.length === 0 ? 0 : sum / frame.length;
  }

  #learn(level: number, ms: number): void {
    this.#quietest[this.#part] = Math.min(this.#quietest[this.#part]!, level);
    this.#partMs += ms;
    if (this.#partMs < noiseWindowMs / noiseParts) return;
    this.#partMs = 0;
    this.#part = (this.#part + 1) % noiseParts;
    this.#quietest[this.#part] = level;
  }
}
