// session:new, the first request of a call to its application (app-interfaces.md 2.1, 2.2).
import type { Payload } from '../types.ts';
import { baseInfo } from './base.ts';
import type { CallFacts, SipPayload, SpeechDefaults } from './types.ts';

export interface SessionExtras {
  defaults: SpeechDefaults;
  /** Values of the application's environment variables. */
  envVars?: Record<string, unknown>;
}

/** Inbound: with the INVITE as it came, and the local addresses under both of their names (2.1 DIFF). */
export function inboundSession(facts: CallFacts, extras: SessionExtras & { sip: SipPayload }): Payload {
  const { apiBaseUrl: _, ...base } = baseInfo(facts);
  return {
    sip: extras.sip,
    ...base,
    callerName: facts.callerName,
    hasRecording: false,
    localSipAddress: facts.fsSipAddress,
    publicIp: facts.fsPublicIp,
    serviceProviderSid: facts.serviceProviderSid,
    defaults: extras.defaults,
    envVars: extras.envVars,
  };
}

/** Outbound, once the far end has answered: no INVITE, no service provider. */
export function outboundSession(facts: CallFacts, extras: SessionExtras): Payload {
  return { ...baseInfo(facts), defaults: extras.defaults, envVars: extras.envVars };
}
