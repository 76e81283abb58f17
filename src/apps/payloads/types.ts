// The facts of a call that payloads are built from. camelCase here; snake_case on the wire (app-interfaces.md 1.3).

/** Everything payloads and call records say of a call. Plain data; absent means unknown. */
export interface CallFacts {
  callSid: string;
  parentCallSid?: string;
  direction: 'inbound' | 'outbound';
  from: string;
  to: string;
  callerId?: string;
  callerName?: string;
  /** SIP Call-ID of our leg. */
  callId: string;
  sbcCallid?: string;
  sipStatus: number;
  sipReason: string;
  /** RFC 3326: of the message that ended the call, when it had one. */
  sipReasonHeader?: string;
  callStatus: string;
  accountSid: string;
  applicationSid?: string;
  serviceProviderSid?: string;
  /** 32 hex characters. */
  traceId: string;
  /** host:port of our SIP side. */
  fsSipAddress: string;
  fsPublicIp?: string;
  originatingSipIp?: string;
  originatingSipTrunkName?: string;
  callTerminationBy?: 'caller' | 'jambonz';
  /** Seconds; only once completed. */
  duration?: number;
  customerData?: Record<string, unknown>;
  /** Of the BYE that ended the call, without routing headers. */
  headers?: Record<string, string>;
  apiBaseUrl?: string;
}

/** What speaks and listens when verbs do not say (session:new `defaults`). */
export interface SpeechDefaults {
  synthesizer: {
    vendor: string;
    label?: string;
    language: string;
    voice: string;
    fallbackVendor?: string;
    fallbackLabel?: string;
    fallbackLanguage?: string;
    fallbackVoice?: string;
  };
  recognizer: {
    vendor?: string;
    label?: string;
    language?: string;
    fallbackVendor?: string;
    fallbackLabel?: string;
    fallbackLanguage?: string;
  };
}

/** The INVITE as an application sees it (app-interfaces.md 2.1 `sip`). Its names leave as they are. */
export interface SipPayload {
  headers: Record<string, string>;
  raw: string;
  body: string;
  method: string;
  version: string;
  uri: string;
  payload: { type: string; content: string }[];
  type?: 'request';
  source?: 'network';
  source_address?: string;
  source_port?: number;
  protocol?: string;
  calledNumber?: string;
  callingNumber?: string;
}
