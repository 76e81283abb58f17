// What the SIP room offers upwards: a stack that makes and takes INVITEs, and dialogs. RFC 3261 words throughout.
import type { Address, Fault } from '../base/index.ts';
import type { SipRequest, SipResponse } from './message/index.ts';

export type TransportName = 'udp' | 'tcp';

/** Where a message came from or goes to. */
export interface Peer extends Address {
  readonly transport: TransportName;
}

/** Extra headers in wire spelling; a list makes several header lines. */
export type ExtraHeaders = Record<string, string | string[]>;

export interface MessageBody {
  contentType: string;
  content: string | Uint8Array;
}

export interface Reply {
  headers?: ExtraHeaders;
  body?: MessageBody;
}

/** One SIP message seen on the wire, for the call's event log. */
export interface SipTrace {
  readonly direction: 'in' | 'out';
  readonly peer: Peer;
  readonly callId: string;
  /** First line, as sent. */
  readonly summary: string;
  readonly message: SipRequest | SipResponse;
  /** True for a repeat of a message seen before. */
  readonly retransmission: boolean;
}

export interface SipStack {
  /** Where it listens; ports are real after start(). */
  readonly udp: Address;
  readonly tcp: Address;
  start(): Promise<void>;
  /** Stops listening and ends what is left, without BYE: with a Fault `sip-closed`. */
  close(): Promise<void>;
  /** A new call. Unset: 480. */
  onInvite: (invite: IncomingInvite) => void;
  /** A request outside any dialog that the stack does not answer itself (OPTIONS it does): MESSAGE, REGISTER, ... Unset: 405. */
  onRequest: (request: IncomingRequest) => void;
  /** Every message, as sent and received. */
  onTrace: (trace: SipTrace) => void;
  invite(options: OutgoingInviteOptions): OutgoingInvite;
  /** Sends a request outside a dialog; resolves with the final response, rejects with a Fault `sip-timeout` or `sip-transport`. */
  request(options: OutgoingRequestOptions): Promise<SipResponse>;
  /** Counters: messages in/out, bad messages, retransmissions, transactions and dialogs alive. */
  stats(): SipStats;
}

export interface SipStats {
  received: number;
  sent: number;
  bad: number;
  retransmitted: number;
  transactions: number;
  dialogs: number;
  connections: number;
}

export interface IncomingRequest {
  readonly request: SipRequest;
  readonly peer: Peer;
  /** Sends the final response, once. */
  respond(status: number, reason?: string, reply?: Reply): void;
}

export interface IncomingInvite {
  readonly request: SipRequest;
  readonly peer: Peer;
  /** Our dialog's Call-ID. */
  readonly callId: string;
  /** 'proceeding' until a final response or CANCEL. */
  readonly state: 'proceeding' | 'accepted' | 'rejected' | 'cancelled';
  /** Sends a 1xx with our tag; a repeat of 18x is allowed. */
  progress(status: number, reason?: string, reply?: Reply): void;
  /** Sends the 200 and makes the dialog; retransmits until ACK (RFC 3261 13.3.1.4). Throws when not 'proceeding'. */
  accept(reply: Reply): Dialog;
  /** A request of ours in the early dialog, after a 1xx over 100: UPDATE, INFO. As Dialog.request; no failure of it ends the call. */
  send(method: string, reply?: Reply): Promise<SipResponse>;
  /** Sends a final response >= 300. Nothing when not 'proceeding'. */
  reject(status: number, reason?: string, reply?: Reply): void;
  /**
   * The far end gave up: 487 has been sent already. `request` is the CANCEL (its Reason header says why), a BYE in the early
   * dialog, or the INVITE itself when its Expires is over.
   */
  onCancel: (request: SipRequest) => void;
}

export interface OutgoingInviteOptions {
  /** Request-URI, such as `sip:bob@127.0.0.1:5070;transport=tcp`. */
  uri: string;
  from: { uri: string; displayName?: string };
  /** The To URI; the Request-URI when absent. */
  to?: string;
  /** Next hop in place of the Request-URI's (a loose route, pre-loaded; RFC 3261 8.1.1.1). */
  proxy?: string;
  headers?: ExtraHeaders;
  /** SDP offer; without it the offer is asked for in the 200 (late offer). */
  body?: MessageBody;
  /** Digest credentials for 401/407. */
  auth?: { username: string; password: string };
  /** User part of our Contact. */
  contactUser?: string;
  /** Header parameters of our Contact, such as `+sip.src` (RFC 7866 6.1.1). */
  contactParameters?: string;
  /** For an INVITE that follows another's 3xx: the same Call-ID (RFC 3261 8.1.3.4). A new one when absent. */
  callId?: string;
}

export interface OutgoingInvite {
  readonly callId: string;
  /** Each 1xx over 100, from each early dialog (forks have different To tags). */
  onProvisional: (response: SipResponse) => void;
  /**
   * The 2xx of the first fork to answer; the ACK is sent with what `ackBody` gives back (only for a late offer).
   * Later forks' 2xx are acknowledged and ended with BYE by the stack.
   */
  onAnswer: (dialog: Dialog, response: SipResponse) => void;
  /** Final failure: the response (487 after cancel), or a Fault when none came (`sip-timeout`, `sip-transport`, `sip-dns`). */
  onFailure: (failure: SipResponse | Fault) => void;
  /** Makes the ACK's body from the 2xx of a late offer. May be async; the ACK waits for it (at most until the 2xx's limit). */
  ackBody?: (response: SipResponse) => Promise<MessageBody | undefined>;
  /** A request in the early dialog of this To tag, as IncomingInvite.send. Rejects with `sip-ended` when there is none. */
  send(toTag: string, method: string, reply?: Reply): Promise<SipResponse>;
  /** CANCEL, now or as soon as a 1xx has come; a 200 that crosses it is ACKed and ended with BYE and reported as a 487 failure. */
  cancel(reasonHeader?: string): void;
}

export interface OutgoingRequestOptions {
  method: string;
  uri: string;
  from: { uri: string; displayName?: string };
  to?: string;
  proxy?: string;
  headers?: ExtraHeaders;
  body?: MessageBody;
  auth?: { username: string; password: string };
}

export type DialogEnd =
  | { by: 'remote'; request: SipRequest }
  | { by: 'local' }
  /** The dialog died: no ACK, a 408/481 to one of our requests, a broken transport. */
  | { by: 'fault'; fault: Fault };

/** A confirmed dialog (RFC 3261 12). Set the handlers synchronously when it is handed over. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localUri: string;
  readonly remoteUri: string;
  /** Where the next request goes (Contact of the far end). */
  readonly remoteTarget: string;
  readonly peer: Peer;
  readonly state: 'confirmed' | 'terminated';
  /** re-INVITE, or UPDATE with an offer, from the far end. A re-INVITE with no body asks for an offer (late). Unset: 488. */
  onReinvite: (reinvite: IncomingReinvite) => void;
  /** INFO, MESSAGE, NOTIFY, REFER, ... in the dialog. The handler must respond. Unset: 501 (OPTIONS: 200). */
  onRequest: (request: IncomingRequest) => void;
  /** The ACK to our 2xx; its body answers a late offer. */
  onAck: (ack: SipRequest) => void;
  /** Exactly once. A BYE has been answered 200 already. */
  onEnd: (end: DialogEnd) => void;
  /** Any method but INVITE, ACK, BYE. An UPDATE with a body queues with the re-INVITEs. Resolves with the final response; rejects with a Fault (`sip-timeout`, `sip-transport`, `sip-ended`). */
  request(method: string, reply?: Reply): Promise<SipResponse>;
  /**
   * re-INVITE with an offer (or without: late). One at a time, later ones queue. 491 is tried again after RFC 3261 14.1's time.
   * A function is asked for the offer when it is sent, and again after a 491: the session may have changed meanwhile. What it does not
   * give is not sent: rejects with `sip-withdrawn`.
   * Resolves with the final response once it is acknowledged. For a late offer `ackBody` makes the answer that the ACK carries.
   */
  reinvite(
    reply: Reply | (() => Reply | undefined),
    ackBody?: (response: SipResponse) => Promise<MessageBody | undefined>,
  ): Promise<SipResponse>;
  /** BYE; resolves when answered or given up. Later calls do nothing. */
  bye(headers?: ExtraHeaders): Promise<void>;
}

export interface IncomingReinvite {
  readonly request: SipRequest;
  readonly method: 'INVITE' | 'UPDATE';
  accept(reply: Reply): void;
  reject(status: number, reason?: string, reply?: Reply): void;
}
