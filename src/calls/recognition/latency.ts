// How long results took, for applications that asked (config.notifySttLatency, verbs.md 1.9).

import type { Clock } from '../../base/index.ts';
import type { HeardAudio } from '../../media/client.ts';

/** Of one recognition: fields of its hook. */
export class SttLatency {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #latencies: number[] = [];
  #audio: HeardAudio = { heardMs: 0, spurts: [] };
  /** Up to here it has been told. */
  #toldMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** A result came when so much had been heard. */
  note(audio: HeardAudio | undefined, isFinal: boolean): void {
    if (!audio) return;
    this.#audio = audio;
    const spoken = audio.spurts.at(-1);
    if (isFinal && spoken) this.#latencies.push(Math.round(audio.heardMs - spoken.endMs));
  }

  /** Starts anew with the next result. */
  take(): Record<string, unknown> {
    const now = this.#clock.now();
    const { heardMs, spurts } = this.#audio;
    const fresh = spurts.filter(({ endMs }) => endMs > this.#toldMs);
    this.#toldMs = heardMs;
    return {
      sttLatencyMs: this.#latencies.splice(0).join(','),
      sttTalkspurts: JSON.stringify(fresh.map(({ startMs, endMs }) => [Math.round(startMs), Math.round(endMs)])),
      sttStartTime: Math.round(this.#startedAt),
      sttStopTime: Math.round(now),
      sttUsage: Math.round(now - this.#startedAt) / 1000,
    };
  }
}
