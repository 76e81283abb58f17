// Silence watch: a far end that sends nothing, no RTP and no RTCP, for longer than it may. Told once per silence.

export interface SilenceLimits {
  /** 0 for never. */
  inactivityMs: number;
  holdInactivityMs: number;
}

export class SilenceWatch {
  readonly #limits: SilenceLimits;
  readonly #tell: (silentMs: number) => void;
  /** The far end's last RTCP: one that suppresses silence still reports, and lives. */
  #reportedAt = 0;
  /** From when silence counts. */
  #since = 0;
  #told = false;

  constructor(limits: SilenceLimits, tell: (silentMs: number) => void) {
    this.#limits = limits;
    this.#tell = tell;
  }

  reported(now: number): void {
    this.#reportedAt = now;
  }

  restart(now: number): void {
    this.#since = now;
  }

  /** `watching`: it has begun, and something should come. On hold, when far ends often send nothing, another limit counts. */
  look(now: number, { watching, onHold, heardAt }: { watching: boolean; onHold: boolean; heardAt: number }): void {
    const limit = onHold ? this.#limits.holdInactivityMs : this.#limits.inactivityMs;
    if (limit <= 0 || !watching) {
      this.#since = now;
      return;
    }
    const silentMs = now - Math.max(heardAt, this.#reportedAt, this.#since);
    if (silentMs < limit) this.#told = false;
    else if (!this.#told) {
      this.#told = true;
      this.#tell(Math.round(silentMs));
    }
  }
}
