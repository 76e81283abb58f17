// Speaks to the test recognizer: words as the tones of its code, in samples, in frames, and as a tone_stream:// URL.
import { sine } from '../../src/audio/index.ts';
import { toneOfWord } from '../../src/vendors/index.ts';

export interface Manner {
  rate?: number;
  wordMs?: number;
  gapMs?: number;
  amplitude?: number;
  language?: string;
}

/** The words one after another. A word that is not in the code is hummed as a chord of three tones: `mumble`. */
export function spoken(text: string, manner: Manner = {}): Int16Array {
  const { rate = 8000, wordMs = 160, gapMs = 80, amplitude = 8000, language = 'en-US' } = manner;
  const samples = (wordMs * rate) / 1000;
  const step = samples + (gapMs * rate) / 1000;
  const words = text.split(' ').filter((word) => word !== '');
  const pcm = new Int16Array(words.length * step);
  for (const [index, word] of words.entries()) {
    const hz = toneOfWord(word, language);
    const tones = hz === undefined ? [500, 1100, 1700] : [hz];
    for (const one of tones) {
      const tone = sine({ hz: one, amplitude: amplitude / tones.length, samples, sampleRate: rate });
      for (let i = 0; i < samples; i++) pcm[index * step + i]! += tone[i]!;
    }
  }
  return pcm;
}

/** A voice, for phones and peers: says what it is told to, frame by frame, and is silent otherwise. */
export class Speaker {
  readonly #frame: number;
  readonly #manner: Manner;
  #queue: Int16Array[] = [];

  constructor(manner: Manner = {}) {
    this.#manner = manner;
    this.#frame = (manner.rate ?? 8000) / 50;
  }

  say(text: string, manner: Manner = {}): void {
    const pcm = spoken(text, { ...this.#manner, ...manner });
    for (let at = 0; at < pcm.length; at += this.#frame) {
      const frame = new Int16Array(this.#frame);
      frame.set(pcm.subarray(at, at + this.#frame));
      this.#queue.push(frame);
    }
  }

  hush(): void {
    this.#queue = [];
  }

  /** The next 20 ms. */
  readonly next = (): Int16Array | undefined => this.#queue.shift();
}

/** The words as a prompt. */
export const spokenUrl = (text: string, wordMs = 160, gapMs = 80): string =>
  `tone_stream://${text
    .split(' ')
    .map((word) => `%(${wordMs},${gapMs},${toneOfWord(word)})`)
    .join(';')}`;
