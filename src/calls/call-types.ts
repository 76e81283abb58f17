// What a call is made of, how it ends, and how we end one.
import type { CallFacts } from '../apps/index.ts';
import type { ExtraHeaders } from '../sip/index.ts';
import type { Hooks } from './application/conversation.ts';
import type { Call } from './call.ts';
import type { CallStatus } from './status.ts';
import type { CallOwner, CallWorld } from './types.ts';

/** How a call ends: its last status (live-call-control.md 7.1) and who ended it. */
export interface CallEnd {
  status: CallStatus;
  sipStatus: number;
  sipReason: string;
  by: 'caller' | 'jambonz';
  /** Of the BYE that ended it. */
  headers?: Record<string, string>;
  /** RFC 3326, of the far end's message that ended it. */
  reasonHeader?: string;
  /** What that says to people. */
  said?: string;
}

/** How we end a call. What its state asks for is chosen in conclude.ts. */
export interface Conclusion {
  /** Why, for the far end (X-Reason). */
  reason?: string;
  /** Of the BYE or the final response. */
  headers?: ExtraHeaders;
  /** The final response when it is an inbound call that was never answered; 603 when absent. */
  refusal?: { sipStatus: number; sipReason?: string; status?: CallStatus };
  /** With which code the application's socket is closed; 1000 when absent. */
  socketCode?: 1000 | 1001;
}

export interface CallOptions {
  world: CallWorld;
  owner: CallOwner;
  facts: CallFacts;
  /** Its application's hooks. A dialled leg has none: it talks through the application of its `parent`. */
  hooks?: Hooks;
  /** Whose verb dials it. */
  parent?: Call;
  answerHeaders?: ExtraHeaders;
}
