// What the engine's parts share: the house's ports, the pacer, the prompts, the counters.
import type { Clock, Files, Log, Network, Random, Scope } from '../../base/index.ts';
import type { Recognizers } from '../../speech/index.ts';
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
  /** Who recognizes speech; without it recognition fails. */
  readonly recognizers: Recognizers | undefined;
  /** Where recordings go; without it there are none. */
  readonly recordings: Files | undefined;
  /** The engine's life: what outlives its port is closed with it. */
  readonly scope: Scope;
  readonly counts: EngineCounts;
  /** The engine is ending as a crash would: nothing is said any more. */
  aborted: boolean;
  /** A bug in one port: it is ended, the others go on. */
  onBroken(port: { readonly id: string }, error: unknown): void;
}
