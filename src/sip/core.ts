// What the parts of a stack share.
import { type Clock, type Fault, type Log, type Random, randomHex, randomInt } from '../base/index.ts';
import type { DialogTable } from './dialog/table.ts';
import type { Identity } from './identity.ts';
import type { LocateContext } from './locate.ts';
import type { TcpRefusals } from './refusals.ts';
import { MAGIC_COOKIE } from './transaction/keys.ts';
import type { TransactionLayer } from './transaction/layer.ts';
import type { Wire } from './wire.ts';

export interface Core {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly identity: Identity;
  readonly wire: Wire;
  readonly layer: TransactionLayer;
  readonly dialogs: DialogTable;
  readonly locate: LocateContext;
  readonly refusals: TcpRefusals;
  /** Requests of ours outside dialogs that have no outcome yet. */
  readonly outgoing: Set<Outgoing>;
}

export interface Outgoing {
  /** Ends it for its user, sending nothing. */
  abort(fault: Fault): void;
}

/** 64 bits of chance and the magic cookie (RFC 3261 8.1.1.7). */
export const newBranch = (random: Random): string => MAGIC_COOKIE + randomHex(random, 8);
/** RFC 3261 19.3 asks for 32 bits. */
export const newTag = (random: Random): string => randomHex(random, 6);
export const newCallId = (random: Random): string => randomHex(random, 16);
/** Our first CSeq of a dialog: small, so that it never reaches 2**31 (RFC 3261 8.1.1.5), and not the same every time. */
export const firstCSeq = (random: Random): number => 1 + randomInt(random, 10_000);
