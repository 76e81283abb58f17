// Whispers: prompts spoken to one leg over whatever it hears, one after another. A running prompt pauses and goes on.
import { Fault, isRefusal } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { noteStrange } from '../events.ts';
import { whisperLimit } from '../limits.ts';
import type { Step } from '../types.ts';
import { playPlan } from './playing.ts';

export class Whispers {
  readonly #call: Call;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  get full(): boolean {
    return this.#waiting >= whisperLimit;
  }

  /** Speaks the steps, each once. Resolves with the time of the first packet that carries the first of them. */
  speak(steps: Step[]): Promise<{ at: number }> {
    return new Promise((resolve, reject) => {
      this.#waiting++;
      this.#tail = this.#tail
        .then(() => this.#speakAll(steps, resolve))
        .catch((error) => this.#call.events.append('error', { what: 'whisper', reason: String(error) }))
        .then((why) => {
          this.#waiting--;
          reject(new Fault('whisper-unheard', `the whisper was never heard${why ? `: ${why}` : ''}`));
        });
    });
  }

  /** Gives why one was not heard, if any. */
  async #speakAll(steps: Step[], heard: (effect: { at: number }) => void): Promise<string | undefined> {
    let why: string | undefined;
    for (const step of steps) {
      noteStrange(this.#call, step);
      const plan = await step.audio?.(this.#call);
      if (!plan || this.#call.ended) break;
      if (isRefusal(plan)) {
        this.#call.alert('no-tts', plan.reason);
        why ??= plan.reason;
        continue;
      }
      const playback = playPlan(this.#call, { ...plan, loop: 1 }, { layer: 'whisper', onStart: (at) => heard({ at }) });
      if (!playback) break;
      const { fault } = await playback.done;
      why ??= fault?.message;
    }
    return why;
  }
}
