// What the API needs from live calls. wire.ts implements it from calls and commands, so that the API knows neither SIP nor media.
import type { Refusal } from '../base/index.ts';

/** Query of the call list (rest-calls.md 3.1); all given ones must match exactly. */
export interface CallFilter {
  direction?: string;
  from?: string;
  to?: string;
  callStatus?: string;
}

/** An answer of an update: 202 without a body, or 200 with one (sip_request, `?wait=true`). */
export interface UpdateOutcome {
  status: number;
  body?: Record<string, unknown>;
}

export interface CallsPort {
  /** Places a call. Refusals carry their HTTP status and path. */
  create(accountSid: string, body: unknown): Promise<{ sid: string; callId: string } | Refusal>;
  list(accountSid: string, filter: CallFilter): Promise<Record<string, unknown>[]>;
  get(accountSid: string, callSid: string): Promise<Record<string, unknown> | undefined>;
  /** `wait`: answer when the effect has reached the wire. */
  update(accountSid: string, callSid: string, body: unknown, options: { wait: boolean }): Promise<UpdateOutcome | Refusal>;
  /** Forgets the record; does not hang up. False when there is none. */
  remove(accountSid: string, callSid: string): Promise<boolean>;
  count(accountSid: string): Promise<{ inbound: number; outbound: number }>;
}
