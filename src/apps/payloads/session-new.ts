// session:new, the first request of a call to its application (app-interfaces.md 2.1, 2.2).
import type { Payload } from '../types.ts';
import { baseInfo } from './base.ts';
import type { CallFacts, SipPayload, SpeechDefaults } from './types.ts';

export interface SessionExtras {
  defaults: SpeechDefaults;
  /** Values of the application's environment variables. */
  envVars?: Record<string, unknown>;
}

/** Inbound: the raw INVITE is in it, and the local addresses carry their first names. */
export function inboundSession(facts: CallFacts, extras: SessionExtras & { sip: SipPayload }): Payload {
  const { fsSipAddress, fsPublicIp, ...base } = baseInfo(facts);
  return {
    sip: extras.sip,
    ...base,
    callerName: facts.callerName,
    hasRecording: false,
    localSipAddress: fsSipAddress,
    publicIp: fsPublicIp,
    serviceProviderSid: facts.serviceProviderSid,
    defaults: extras.defaults,
    envVars: extras.envVars,
    apiBaseUrl: undefined,
  };
}

/** Outbound, once the far end has answered: no INVITE, no service provider. */
export function outboundSession(facts: CallFacts, extras: SessionExtras): Payload {
  return { ...baseInfo(facts), defaults: extras.defaults, envVars: extras.envVars };
}
