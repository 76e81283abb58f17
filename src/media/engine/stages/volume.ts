// Volume: the gain on what the far end hears, ramped. What would be louder than can be is held below that, not cut off at it.
import { Gain, gainFactor, peak } from '../../../audio/index.ts';
import { joinStep, limiterAttackMs, limiterCeiling, limiterRelease } from '../../limits.ts';
import type { Stage } from './types.ts';

export class Volume implements Stage {
  readonly #gain: Gain;
  readonly #attackSamples: number;
  #db = 0;
  /** What the gain would make too loud is taken down by this before it. */
  #limit = 1;

  constructor(sampleRate: number, db: number) {
    this.#gain = new Gain(sampleRate);
    this.#attackSamples = (sampleRate * limiterAttackMs) / 1000;
    this.#db = db;
    this.#gain.jump(db);
  }

  set(db: number): void {
    this.#db = db;
    this.#gain.set(db);
  }

  /** Nothing is changed. */
  get even(): boolean {
    return this.#gain.isUnity && this.#limit === 1;
  }

  describe(): string {
    if (this.#db === 0) return '';
    return `volume ${this.#db} dB${this.#limit < 1 ? `, limited by ${(-20 * Math.log10(this.#limit)).toFixed(1)} dB` : ''}`;
  }

  process(frame: Int16Array): void {
    if (this.#db > 0 || this.#limit < 1) this.#hold(frame);
    this.#gain.apply(frame);
  }

  /** Down within a moment, up again slowly: a steady tone keeps its shape, speech its balance. */
  #hold(frame: Int16Array): void {
    const gain = gainFactor(Math.max(0, this.#db));
    const loudest = peak(frame) * gain;
    const most = loudest > limiterCeiling ? limiterCeiling / loudest : 1;
    const before = this.#limit;
    let after = most < before ? most : before + (most - before) * limiterRelease;
    if (after > 0.999) after = 1;
    this.#limit = after;
    if (before === 1 && after === 1) return;
    // A sound that begins within this frame can be held from its first sample on, unheard.
    const abrupt = Math.abs(frame[0]!) * gain * (before - after) <= joinStep;
    const samples = after > before ? frame.length : abrupt ? 1 : this.#attackSamples;
    const step = (after - before) / samples;
    for (let i = 0; i < frame.length; i++) {
      const factor = i < samples ? before + step * (i + 1) : after;
      frame[i] = Math.round(frame[i]! * factor);
    }
  }
}
