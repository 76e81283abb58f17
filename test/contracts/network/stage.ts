// The stage of the network contract: where a suite puts servers, and the clock under which its promises settle.
import assert from 'node:assert/strict';
import { type Address, Fault, type Network } from '../../../src/base/index.ts';

export interface StageRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface StageAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  bodyDelayMs?: number;
  /** Break the connection instead of finishing. */
  cut?: boolean;
}

export interface StageWs {
  protocol: string;
  headers: Record<string, string>;
  send(data: string | Uint8Array): void;
  close(code: number, reason?: string): void;
  kill(): void;
  sendGarbage(): void;
  onMessage: (data: string | Uint8Array) => void;
  onClose: (code: number, reason: string) => void;
}

/** A place where the suite can put servers, and the clock under which its promises settle. */
export interface Stage {
  client: Network;
  server: Network;
  /** Address at which `server` listens. */
  serverIp: string;
  clientIp: string;
  run<T>(work: Promise<T>): Promise<T>;
  wait(ms: number): Promise<void>;
  /** `undefined` as answer: nothing is ever sent. Gives the origin. */
  http(handle: (request: StageRequest) => StageAnswer | undefined): Promise<string>;
  /** Gives the address. `refuse` answers the handshake with a status, `hang` with nothing. */
  ws(
    handle: (peer: StageWs) => void,
    options?: { protocols?: string[]; refuse?: number; location?: string; hang?: boolean },
  ): Promise<string>;
  /** An origin where nobody listens, and one whose name does not exist. */
  deadOrigin(): Promise<string>;
  absentOrigin: string;
  /** TCP address where connects get no answer, if the stage can make one. */
  silentAddress?: Address;
  close(): Promise<void>;
}

/** Resolves when `done()` is true, polled on the stage's own clock. */
export async function until(stage: Stage, done: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !done(); i++) await stage.wait(10);
  assert.ok(done(), 'it did not happen in time');
}

export const faultOf = async (stage: Stage, work: Promise<unknown>): Promise<Fault> => {
  const error = await stage.run(
    work.then(
      () => assert.fail('it should have failed'),
      (thrown: unknown) => thrown,
    ),
  );
  assert.ok(error instanceof Fault, `a Fault, not ${String(error)}`);
  return error;
};

export type Make = () => Promise<Stage>;

export const withStage = (make: Make, test: (stage: Stage) => Promise<void>) => async (): Promise<void> => {
  const stage = await make();
  try {
    await test(stage);
  } finally {
    await stage.close();
  }
};
