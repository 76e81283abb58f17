// What a leg is given and what it tells.
import type { Scope } from '../../base/index.ts';
import type { ExtraHeaders, SipRequest, SipResponse } from '../../sip/index.ts';
import type { EventLog } from '../events.ts';
import type { CallWorld } from '../types.ts';
import type { LegRefer } from './refer.ts';

export type DigitSource = 'rfc4733' | 'inband' | 'info';

/** What a leg tells its call. Each is called in a turn of the stack or the engine; the call posts it to its mailbox. */
export interface LegHandler {
  onRinging(response: SipResponse, withMedia: boolean): void;
  /** The far end plays something before its answer, and it can be heard. */
  onEarlyMedia(): void;
  onAnswered(response: SipResponse | undefined): void;
  onDigit(digit: string, durationMs: number, source: DigitSource): void;
  /** In-dialog INFO (not DTMF), MESSAGE, NOTIFY, already answered. */
  onRequest(request: SipRequest): void;
  /** The far end put us on hold, or took us back: changes only, with the message whose description said so. */
  onHold(held: boolean, message: SipRequest | SipResponse): void;
  /** A REFER that can be read, to be accepted or rejected. */
  onRefer(refer: LegRefer): void;
  /** Exactly once: the dialog is over, or never came to be. */
  onEnd(end: LegEnd): void;
}

export type LegEnd =
  | { how: 'bye'; request: SipRequest }
  | { how: 'cancelled'; request: SipRequest }
  | { how: 'refused'; status: number; reason: string; response: SipResponse | undefined }
  | { how: 'fault'; status: number; reason: string };

export interface LegOptions {
  world: CallWorld;
  callSid: string;
  /** Legs of one group are carried by one media worker. */
  group: string;
  scope: Scope;
  events: EventLog;
  handler: LegHandler;
  /** Headers of our 200 (X-Call-Sid, ...). */
  answerHeaders: ExtraHeaders;
}
