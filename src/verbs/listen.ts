// listen, or stream: the leg's audio goes to a WebSocket server, and what comes back is heard (verbs.md 8).
import type { HookInput } from '../apps/index.ts';
import { isRefusal, type Refusal, refuse, type Timer } from '../base/index.ts';
import { openStream, playPlan, type StreamInput, streamRefusal, type VerbRun } from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { longestListenSeconds } from './limits.ts';

export interface ListenOptions extends StreamInput {
  id?: string;
  actionHook?: HookInput;
  finishOnKey?: string;
  maxLength?: number;
  playBeep?: boolean;
}

/** Before the socket opens (verbs.md 8.1). */
const beep = 'tone_stream://%(500,0,1500)';

export const listen = defineVerb<ListenOptions>({
  name: 'listen',
  example: { url: '/audio', maxLength: 1, actionHook: '/done' },
  needs: 'media',
  check: listenRefusal,
  run: (options, run) => new Listening(options, run).done(),
});

export function listenRefusal(options: ListenOptions): Refusal | undefined {
  const { finishOnKey, maxLength } = options;
  if (finishOnKey !== undefined && !/^[0-9A-D*#]*$/i.test(finishOnKey))
    return refuse('verb-option', 'must be keys: 0-9, A-D, * or #', { path: 'finishOnKey' });
  if (maxLength !== undefined && !(maxLength > 0 && maxLength <= longestListenSeconds))
    return refuse('verb-option', `must be more than 0 and at most ${longestListenSeconds} seconds`, {
      path: 'maxLength',
    });
  return streamRefusal(options);
}

/** One listen while it runs. */
class Listening {
  readonly #options: ListenOptions;
  readonly #run: VerbRun;
  #digits: string | undefined;
  #maxLength: Timer | undefined;

  constructor(options: ListenOptions, run: VerbRun) {
    this.#options = options;
    this.#run = run;
  }

  async done(): Promise<void> {
    const { call, scope } = this.#run;
    if (this.#options.playBeep) await this.#beep();
    if (scope.closed) return;
    const stream = openStream(call, this.#options, { scope });
    if (isRefusal(stream)) {
      call.alert('listen-failed', stream.reason);
      return this.#run.hook(this.#options.actionHook, { dialCallDuration: 0 });
    }
    const from = call.clock.now();
    this.#watch(() => stream.stop());
    await stream.done;
    this.#maxLength?.cancel();
    const dialCallDuration = Math.floor((call.clock.now() - from) / 1000);
    const digits = this.#digits === undefined ? {} : { digits: this.#digits };
    await this.#run.hook(this.#options.actionHook, { dialCallDuration, ...digits });
  }

  #watch(end: () => void): void {
    const { call, scope } = this.#run;
    const { finishOnKey, maxLength } = this.#options;
    if (maxLength !== undefined) {
      this.#maxLength = call.clock.after(maxLength * 1000, () => call.turn('listen maxLength', end));
      scope.defer(() => this.#maxLength?.cancel());
    }
    if (finishOnKey)
      scope.defer(
        call.digits.listen((digit) => {
          if (this.#digits !== undefined || !finishOnKey.includes(digit)) return;
          this.#digits = digit;
          end();
        }),
      );
  }

  async #beep(): Promise<void> {
    const { call, scope } = this.#run;
    const playing = playPlan(call, { sources: [{ kind: 'url', url: beep }], loop: 1 }, { layer: 'prompt' });
    if (!playing) return;
    const forget = scope.defer(() => playing.stop());
    await playing.done;
    forget();
  }
}
