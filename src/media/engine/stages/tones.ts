// Tones: digits sent in the audio, mixed over what plays, for far ends that do not know RFC 4733.
import { dtmfSteps, mixInto, TonePlayer } from '../../../audio/index.ts';
import { Fault } from '../../../base/index.ts';
import { inbandGapMs, maxDigitStrings } from '../../limits.ts';
import type { Stage } from './types.ts';

export class Tones implements Stage {
  readonly #sampleRate: number;
  readonly #frame: Int16Array;
  readonly #waiting: { player: TonePlayer; done: () => void }[] = [];

  constructor(sampleRate: number, frameSamples: number) {
    this.#sampleRate = sampleRate;
    this.#frame = new Int16Array(frameSamples);
  }

  get busy(): boolean {
    return this.#waiting.length > 0;
  }

  /** After what is being sent already; `done` when the last tone has been. Throws a Fault `digits-too-many`. */
  send(digits: string, durationMs: number, done: () => void): void {
    if (this.#waiting.length >= maxDigitStrings) {
      throw new Fault('digits-too-many', 'too many digits wait to be sent', { retryable: true });
    }
    const steps = dtmfSteps(digits, durationMs, inbandGapMs);
    this.#waiting.push({ player: new TonePlayer({ steps, loops: 1 }, this.#sampleRate), done });
  }

  /** Whoever waits is told. */
  close(): void {
    for (const { done } of this.#waiting.splice(0)) done();
  }

  describe(): string {
    return this.busy ? 'tones' : '';
  }

  process(frame: Int16Array): void {
    const first = this.#waiting[0];
    if (!first) return;
    const n = first.player.read(this.#frame);
    this.#frame.fill(0, n);
    mixInto(frame, this.#frame);
    if (n === this.#frame.length) return;
    this.#waiting.shift();
    first.done();
  }
}
