// SIP messages as values. Headers are kept as they came and parsed when asked for (RFC 3261 7, 25).

/** name=value parameters, names lower case; a parameter without a value is ''. Order is kept. */
export type Params = Map<string, string>;

export interface SipUri {
  /** 'sip', 'sips', 'tel', or another scheme, lower case. */
  scheme: string;
  /** Unescaped; the number for tel:. */
  user: string | undefined;
  password: string | undefined;
  /** Lower case; IPv6 without brackets. '' for tel: and unknown schemes. */
  host: string;
  port: number | undefined;
  params: Params;
  /** Header part after '?', unescaped. */
  headers: [string, string][];
  /** For schemes other than sip(s) and tel: everything after the colon. */
  opaque: string | undefined;
}

/** From, To, Contact, Route, Record-Route, Refer-To, P-Asserted-Identity, ... */
export interface NameAddr {
  displayName: string | undefined;
  uri: SipUri;
  params: Params;
}

export interface Via {
  transport: string;
  host: string;
  port: number | undefined;
  params: Params;
}

export interface CSeq {
  number: number;
  method: string;
}

/**
 * What requests and responses share. Names are matched without regard to case and compact forms ("i" is "Call-ID").
 * A typed getter throws a SipParseError (with the header's name) when its header is malformed; the stack's sanity check
 * has looked at the mandatory ones before anybody else sees a message.
 */
export interface SipHeaders {
  /** First value of the header, folded lines joined, or undefined. List headers are not split here. */
  header(name: string): string | undefined;
  /** Every value: one per line, and one per comma for headers that are lists (Via, Contact, Route, Allow, Supported, ...). Never throws. */
  values(name: string): string[];
  /** All header lines in order, names in canonical spelling. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** How text stands for the header section's bytes: latin1 when they came and were no UTF-8, so that they can be given back. */
  readonly encoding: 'utf8' | 'latin1';
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly fromTag: string | undefined;
  readonly toTag: string | undefined;
  readonly callId: string;
  readonly cseq: CSeq;
  readonly vias: Via[];
  /** Empty for `Contact: *`; header('Contact') tells. */
  readonly contacts: NameAddr[];
  readonly routes: NameAddr[];
  readonly recordRoutes: NameAddr[];
  readonly maxForwards: number | undefined;
  /** type/subtype in lower case, without parameters. */
  readonly contentType: string | undefined;
}

export interface SipRequest extends SipHeaders {
  readonly kind: 'request';
  readonly method: string;
  /** As it stands in the request line. */
  readonly uriText: string;
  readonly uri: SipUri;
}

export interface SipResponse extends SipHeaders {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}
