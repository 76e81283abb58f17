// Tones: digits sent in the audio, mixed over what plays, for far ends that do not know RFC 4733.
import { dtmfSteps, mixInto, TonePlayer } from '../../../audio/index.ts';
import { Fault } from '../../../base/index.ts';
import { heldToneMinMs, inbandGapMs, maxDigitStrings, maxHeldToneMs } from '../../limits.ts';
import type { Sending } from '../digits-out.ts';
import { fadeOut, fadeSamples } from './fade.ts';
import type { Stage } from './types.ts';

interface Waiting {
  player: TonePlayer;
  /** Pauses before the first digit, that are still to come. */
  quietMs: number;
  sending: Sending;
}

export class Tones implements Stage {
  readonly #sampleRate: number;
  readonly #frame: Int16Array;
  /** A digit that another leg sends just now. */
  #held: { player: TonePlayer; soundedMs: number; over: boolean } | undefined;
  readonly #waiting: Waiting[] = [];

  constructor(sampleRate: number, frameSamples: number) {
    this.#sampleRate = sampleRate;
    this.#frame = new Int16Array(frameSamples);
  }

  get busy(): boolean {
    return this.#waiting.length > 0 || this.#held !== undefined;
  }

  /** A digit's tone from the next frame on, until `release`. */
  hold(digit: string): void {
    const steps = dtmfSteps(digit, maxHeldToneMs, 0);
    this.#held = { player: new TonePlayer({ steps, loops: 1 }, this.#sampleRate), soundedMs: 0, over: false };
  }

  /** The held digit ends, once it has been long enough to be known for one. */
  release(): void {
    if (this.#held) this.#held.over = true;
  }

  /** After what is being sent already. Throws a Fault `digits-too-many`. */
  send(digits: string, durationMs: number, sending: Sending): void {
    if (this.#waiting.length >= maxDigitStrings) {
      throw new Fault('digits-too-many', 'too many digits wait to be sent', { retryable: true });
    }
    const steps = dtmfSteps(digits, durationMs, inbandGapMs);
    const quiet = steps.slice(
      0,
      Math.max(
        0,
        steps.findIndex((step) => step.onMs > 0),
      ),
    );
    this.#waiting.push({
      player: new TonePlayer({ steps, loops: 1 }, this.#sampleRate),
      quietMs: quiet.reduce((sum, { offMs }) => sum + offMs, 0),
      sending,
    });
  }

  /** Whoever waits is told. */
  close(): void {
    for (const { sending } of this.#waiting.splice(0)) sending.cut();
  }

  describe(): string {
    return this.busy ? 'tones' : '';
  }

  process(frame: Int16Array): void {
    if (this.#held) this.#hold(this.#held, frame);
    const first = this.#waiting[0];
    if (!first) return;
    const n = first.player.read(this.#frame);
    this.#frame.fill(0, n);
    mixInto(frame, this.#frame);
    first.quietMs -= (n * 1000) / this.#sampleRate;
    if (first.quietMs < 0) first.sending.begin();
    if (n === this.#frame.length) return;
    this.#waiting.shift();
    first.sending.end();
  }

  #hold(held: { player: TonePlayer; soundedMs: number; over: boolean }, frame: Int16Array): void {
    const n = held.player.read(this.#frame);
    this.#frame.fill(0, n);
    held.soundedMs += (this.#frame.length * 1000) / this.#sampleRate;
    const last = n < this.#frame.length || (held.over && held.soundedMs >= heldToneMinMs);
    if (last) {
      fadeOut(this.#frame, { from: 0, to: this.#frame.length }, 0, fadeSamples(this.#sampleRate));
      this.#held = undefined;
    }
    mixInto(frame, this.#frame);
  }
}
