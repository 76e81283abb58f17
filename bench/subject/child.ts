// A process of the bench that answers questions: the load generator and the application.
import { type ChildProcess, fork } from 'node:child_process';
import type { Asks } from '../generator.ts';

const longestAnswerMs = 15 * 60_000;

export class Generator {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>();
  #lastId = 0;

  constructor() {
    this.#child = fork(new URL('../generator.ts', import.meta.url), [], { execArgv: [] });
    this.#child.on('message', ({ id, answer, error }: { id: number; answer: never; error?: string }) => {
      const one = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) one?.resolve(answer);
      else one?.reject(new Error(error));
    });
    this.#child.on('exit', () => {
      for (const one of this.#waiting.values()) one.reject(new Error('the load generator ended'));
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  ask<N extends keyof Asks>(name: N, ask: Asks[N]['ask']): Promise<Asks[N]['answer']> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the load generator did not answer ${name}`)), longestAnswerMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(late);
          then(value);
        };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#child.send({ id, name, ask });
    });
  }

  close(): void {
    this.#child.kill();
  }
}

export interface Application {
  pid: number;
  origin: string;
  close(): void;
}

export async function startApplication(): Promise<Application> {
  const child = fork(new URL('../application.ts', import.meta.url), [], { execArgv: [] });
  const { origin } = await new Promise<{ origin: string }>((resolve) =>
    child.once('message', (m) => resolve(m as never)),
  );
  return { pid: child.pid!, origin, close: () => void child.kill() };
}
