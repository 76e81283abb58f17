// Several finals of one speaker as one: kept until nothing more is said for a while (continuous ASR, verbs.md 4.6 and 10).
import type { Timer } from '../../base/index.ts';
import type { Transcript } from '../../media/client.ts';
import type { Call } from '../call.ts';
import { finalsLimit } from '../limits.ts';
import { joinTranscripts, textOf, withoutLastMark } from './speech.ts';

export class FinalBuffer {
  readonly #call: Call;
  readonly #silenceMs: number;
  readonly #onJoined: (transcript: Transcript) => void;
  readonly #finals: Transcript[] = [];
  #timer: Timer | undefined;

  /** Silence ends a turn of the speaker, and that is a turn of the call. */
  constructor(call: Call, silenceMs: number, onJoined: (transcript: Transcript) => void) {
    this.#call = call;
    this.#silenceMs = silenceMs;
    this.#onJoined = onJoined;
  }

  add(final: Transcript): void {
    if (textOf(final).trim() === '') return;
    this.#finals.push(withoutLastMark(final));
    if (this.#finals.length >= finalsLimit) this.flush();
    else this.#arm();
  }

  /** Somebody still speaks. */
  postpone(): void {
    if (this.#timer) this.#arm();
  }

  /** Gives out what is there. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const joined = joinTranscripts(this.#finals.splice(0));
    if (joined) this.#onJoined(joined);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = this.#call.clock.after(this.#silenceMs, () => this.#call.turn('silence', () => this.flush()));
  }
}
