// Voice gate: somebody has spoken for so long, whatever words they were (verbs.md 9, vad). Our talk detector tells a voice from noise.
import { TalkDetector } from '../../../audio/index.ts';
import { isLoud } from './spurts.ts';

/** A pause longer than this ends what was said, ms. */
const silenceMs = 150;

export class VoiceGate {
  readonly #voiceMs: number;
  readonly #onVoice: () => void;
  #detector: { rate: number; talk: TalkDetector } | undefined;
  #loudMs = 0;
  #quietMs = 0;
  #told = false;

  /** `onVoice` is called once for each time that somebody speaks so long. */
  constructor(voiceMs: number, onVoice: () => void) {
    this.#voiceMs = voiceMs;
    this.#onVoice = onVoice;
  }

  add(frame: Int16Array, sampleRate: number): void {
    if (this.#detector?.rate !== sampleRate) this.#detector = { rate: sampleRate, talk: new TalkDetector(sampleRate) };
    const { talk } = this.#detector;
    talk.process(frame);
    const ms = (frame.length * 1000) / sampleRate;
    if (isLoud(frame)) {
      this.#loudMs += ms;
      this.#quietMs = 0;
    } else {
      this.#quietMs += ms;
      if (this.#quietMs > silenceMs) {
        this.#loudMs = 0;
        this.#told = false;
      }
    }
    if (this.#told || !talk.talking || this.#loudMs < this.#voiceMs) return;
    this.#told = true;
    this.#onVoice();
  }
}
