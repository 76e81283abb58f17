// A process of the bench that answers one question at a time, in order.
import { type ChildProcess, fork } from 'node:child_process';

export class Asking<Ask, Answer> {
  readonly #child: ChildProcess;

  constructor(file: URL) {
    this.#child = fork(file, [], { execArgv: [] });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  ask<T extends Answer>(ask: Ask): Promise<T> {
    return new Promise((resolve) => {
      this.#child.once('message', (answer) => resolve(answer as T));
      this.#child.send(ask as never);
    });
  }

  close(): void {
    this.#child.kill();
  }
}
