// test: a recognizer without a model, for rehearsals and tests. It hears tones and spells words (README.md has the code).
import { Fault, type Refusal, refuse } from '../../base/index.ts';
import type {
  RecognitionEvent,
  Recognizer,
  RecognizerChoice,
  RecognizerSession,
  RecognizerVendor,
} from '../../speech/index.ts';
import { CodeEar, type HeardWord } from './ear.ts';
import { MAX_WORDS, UTTERANCE_END_MS } from './limits.ts';
import { anySound, codeTones, languages, wordsOf } from './vocabulary.ts';

export { toneOfWord } from './vocabulary.ts';

const sampleRate = 8000;

export const testRecognizer: RecognizerVendor = {
  name: 'test',
  languages,
  takes: (vendor) => vendor === 'test',
  makeRecognizer: (): Recognizer => ({
    sampleRate: () => sampleRate,
    check: ({ language }): Refusal | undefined =>
      wordsOf(language)
        ? undefined
        : refuse('stt-unknown-language', `the test recognizer knows ${languages.join(', ')}, not ${language}`),
    async open(choice) {
      const words = wordsOf(choice.language);
      if (!words) throw new Fault('stt-unknown-language', `the test recognizer does not know ${choice.language}`);
      return new TestSession(choice, words);
    },
    close: async () => {},
  }),
};

class TestSession implements RecognizerSession {
  onEvent: (event: RecognitionEvent) => void = () => {};
  readonly done: Promise<void>;
  readonly #settle: () => void;
  readonly #choice: RecognizerChoice;
  readonly #words: readonly string[];
  readonly #ear = new CodeEar(codeTones, sampleRate);
  #heard: HeardWord[] = [];
  #over = false;

  constructor(choice: RecognizerChoice, words: readonly string[]) {
    this.#choice = choice;
    this.#words = words;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#settle = resolve;
    this.#ear.onWord = (word) => this.#take(word);
  }

  write(pcm: Int16Array): void {
    if (this.#over) return;
    this.#ear.process(pcm);
    if (this.#heard.length > 0 && this.#ear.quietMs >= UTTERANCE_END_MS) this.#finish();
  }

  end(): void {
    if (this.#over) return;
    if (this.#heard.length > 0) this.#finish();
    this.close();
  }

  close(): void {
    this.#over = true;
    this.#settle();
  }

  #take(word: HeardWord): void {
    if (this.#over) return;
    if (this.#heard.length === 0) this.onEvent({ type: 'speech-started' });
    this.#heard.push(word);
    if (this.#choice.interim) this.#tell(false);
    if (this.#heard.length >= MAX_WORDS) this.#finish();
  }

  #finish(): void {
    this.#tell(true);
    this.#heard = [];
    if (this.#choice.singleUtterance) this.close();
  }

  #tell(isFinal: boolean): void {
    const words = this.#heard.map(({ tone, startMs, endMs, purity }) => ({
      word: this.#words[tone] ?? anySound,
      start_ms: startMs,
      end_ms: endMs,
      purity: hundredths(purity),
    }));
    const sum = words.reduce((all, { purity }) => all + purity, 0);
    this.onEvent({
      type: 'transcript',
      transcript: {
        language: this.#choice.language,
        isFinal,
        alternatives: [
          { transcript: words.map(({ word }) => word).join(' '), confidence: hundredths(sum / words.length) },
        ],
        vendor: { name: 'test', evt: { is_final: isFinal, words } },
      },
    });
  }
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;
