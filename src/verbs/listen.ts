// listen, or stream: the leg's audio goes to a WebSocket server, and what comes back is heard (verbs.md 8).
import type { HookInput } from '../apps/index.ts';
import { isRefusal, type Refusal, refuse, type Scope, type Timer } from '../base/index.ts';
import {
  type Call,
  openStream,
  playPlan,
  type StreamInput,
  streamRefusal,
  type TranscribeInput,
  transcribe,
  type VerbRun,
} from '../calls/index.ts';
import { defineVerb } from './define.ts';
import { longestListenSeconds } from './limits.ts';
import { transcribeRefusal } from './transcribe.ts';

export interface ListenOptions extends StreamInput {
  id?: string;
  actionHook?: HookInput;
  finishOnKey?: string;
  maxLength?: number;
  playBeep?: boolean;
  /** Nested: ends with the stream. */
  transcribe?: TranscribeInput;
}

/** Before the socket opens (verbs.md 8.1). */
const beep = 'tone_stream://%(500,0,1500)';

export const listen = defineVerb<ListenOptions>({
  name: 'listen',
  example: { url: '/audio', maxLength: 1, actionHook: '/done' },
  needs: 'media',
  check: listenRefusal,
  run: (options, run) =>
    new Listening(options, { session: run.call, call: run.call, scope: run.scope, hook: run.hook }).done(),
});

/** A listen nested in a verb (verbs.md 5.8): it ends with that verb, and what its action hook answers is ignored. */
export function nestListen(
  options: ListenOptions,
  { run, call, about, scope }: { run: VerbRun; call: Call; about: Call; scope: Scope },
): void {
  const hook: Where['hook'] = async (to, extra) => run.tell(to, extra);
  void new Listening(options, { session: run.call, call, about, scope, hook }).done();
}

interface Where {
  /** Whose application it is. */
  session: Call;
  /** Whose audio. */
  call: Call;
  /** Whose call information the server is given; the call's own when absent. */
  about?: Call;
  scope: Scope;
  hook: VerbRun['hook'];
}

export function listenRefusal(options: ListenOptions): Refusal | undefined {
  const { finishOnKey, maxLength } = options;
  if (finishOnKey !== undefined && !/^[0-9A-D*#]*$/i.test(finishOnKey))
    return refuse('verb-option', 'must be keys: 0-9, A-D, * or #', { path: 'finishOnKey' });
  if (maxLength !== undefined && !(maxLength > 0 && maxLength <= longestListenSeconds))
    return refuse('verb-option', `must be more than 0 and at most ${longestListenSeconds} seconds`, {
      path: 'maxLength',
    });
  const inner = options.transcribe && transcribeRefusal(options.transcribe);
  return inner ? { ...inner, path: `transcribe.${inner.path}` } : streamRefusal(options);
}

/** One listen while it runs. */
class Listening {
  readonly #options: ListenOptions;
  readonly #where: Where;
  #digits: string | undefined;
  #maxLength: Timer | undefined;

  constructor(options: ListenOptions, where: Where) {
    this.#options = options;
    this.#where = where;
  }

  async done(): Promise<void> {
    const { session, call, about, scope, hook } = this.#where;
    if (this.#options.playBeep) await this.#beep();
    if (scope.closed) return;
    const stream = openStream(call, this.#options, { scope, session, ...(about && { about }) });
    if (isRefusal(stream)) {
      call.alert('webhook-connection-failure', stream.reason);
      return hook(this.#options.actionHook, { dialCallDuration: 0 });
    }
    const from = call.clock.now();
    this.#watch(() => stream.stop());
    const transcribing = this.#transcribe();
    await stream.done;
    void transcribing?.stop();
    this.#maxLength?.cancel();
    const dialCallDuration = Math.floor((call.clock.now() - from) / 1000);
    const digits = this.#digits === undefined ? {} : { digits: this.#digits };
    await hook(this.#options.actionHook, { dialCallDuration, ...digits });
  }

  #transcribe(): { stop(): unknown } | undefined {
    const { session, call, scope } = this.#where;
    const { transcribe: input, id } = this.#options;
    return input && transcribe({ session, input, verb: { name: 'listen', id }, legs: [{ call, tag: 1 }], scope });
  }

  #watch(end: () => void): void {
    const { call, scope } = this.#where;
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
    const { call, scope } = this.#where;
    const playing = playPlan(call, { sources: [{ kind: 'url', url: beep }], loop: 1 }, { layer: 'prompt' });
    if (!playing) return;
    const forget = scope.defer(() => playing.stop());
    await playing.done;
    forget();
  }
}
