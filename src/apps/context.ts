// What every part of one conversation shares: the ports, the settings, and where its events go.
import type { Clock, Log, Network, Random } from '../base/index.ts';
import { randomHex } from '../base/index.ts';
import type { AppsSettings } from './settings.ts';
import type { AppEvent } from './types.ts';

export interface AppsPorts {
  clock: Clock;
  random: Random;
  network: Network;
  log: Log;
  settings: AppsSettings;
  /** Open sockets of the whole room. */
  counters: { sockets: number };
}

export interface Conversation extends AppsPorts {
  readonly callSid: string;
  readonly webhookSecret: string;
  /** 32 hex digits when this call is traced. */
  readonly traceId: string | undefined;
  emit(event: AppEvent): void;
}

/** The single-header B3 value of one message: `<traceId>-<spanId>-1`; undefined when the call is not traced. */
export const b3Of = (talk: Conversation): string | undefined =>
  talk.traceId === undefined ? undefined : `${talk.traceId}-${randomHex(talk.random, 8)}-1`;
