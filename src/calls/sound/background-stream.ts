// The background stream of a call: config.listen starts it, it goes on below the verbs until it is stopped or ends (verbs.md 9).
import { isRefusal, type Refusal, type Scope } from '../../base/index.ts';
import type { Call } from '../call.ts';
import { openStream, type StreamInput } from './streaming.ts';

export class BackgroundStream {
  readonly #call: Call;
  #running: Scope | undefined;

  constructor(call: Call) {
    this.#call = call;
  }

  /** While one runs, another start is ignored. A Refusal says why there is none. */
  start(input: StreamInput): Refusal | undefined {
    if (this.#running) return undefined;
    const scope = this.#call.leg.scope.child('background stream');
    const stream = openStream(this.#call, input, { scope, background: true });
    if (isRefusal(stream)) {
      void scope.close('no stream');
      return stream;
    }
    this.#running = scope;
    scope.defer(() => {
      this.#running = undefined;
    });
    void stream.done.then(() => scope.close('stream ended'));
    return undefined;
  }

  stop(): void {
    void this.#running?.close('stopped');
  }
}
