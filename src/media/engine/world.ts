// What the engine's parts share: the house's ports, the pacer, the prompts, the counters.
import type { Clock, Log, Network, Random } from '../../base/index.ts';
import type { Pacer } from './pacer.ts';
import type { Prompts } from './prompts.ts';

export interface EngineCounts {
  packetsSent: number;
  packetsReceived: number;
  packetsLate: number;
}

export interface EngineWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly pacer: Pacer;
  readonly prompts: Prompts;
  readonly counts: EngineCounts;
  /** The engine is ending as a crash would: nothing is said any more. */
  aborted: boolean;
  /** A bug in one port: it is ended, the others go on. */
  onBroken(port: { readonly id: string }, error: unknown): void;
}
