// Facts of two calls, as complete as facts get, for payload examples.
import type { CallFacts, SessionExtras, SipPayload } from '../../src/apps/index.ts';

export const inboundFacts: CallFacts = {
  callSid: '3b0f0f3e-5d3c-4a55-9a41-0f5f8d2b7c11',
  direction: 'inbound',
  from: '15083084809',
  to: '15083728299',
  callerId: '+15083084809',
  callerName: 'Ada',
  callId: 'f81d4fae-7dec-11d0-a765@192.0.2.10',
  sbcCallid: 'f81d4fae-7dec-11d0-a765@192.0.2.10',
  sipStatus: 100,
  sipReason: 'Trying',
  callStatus: 'trying',
  accountSid: '8a3c1b52-0c64-4dbd-8d8e-1f0a2b3c4d5e',
  applicationSid: '0e0681b0-d49f-4fb8-b973-b5a3c6758de1',
  serviceProviderSid: '2708b1b3-2736-40ea-b502-c53d8396247f',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  fsSipAddress: '192.0.2.1:5060',
  fsPublicIp: '203.0.113.1',
  originatingSipIp: '198.51.100.7',
  originatingSipTrunkName: 'carrier-one',
  apiBaseUrl: 'https://api.example.com/v1',
};

/** The same call after its end. */
export const completedFacts: CallFacts = {
  ...inboundFacts,
  sipStatus: 200,
  sipReason: 'OK',
  callStatus: 'completed',
  callTerminationBy: 'caller',
  duration: 42,
  customerData: { orderId: 7, 'Keep-Me': { asIs: true } },
  sipReasonHeader: 'Q.850;cause=16',
  headers: { 'X-Reason': 'done', 'User-Agent': 'phone/1' },
};

export const outboundFacts: CallFacts = {
  ...inboundFacts,
  callSid: '9c1185a5-c9e9-4e83-8819-2d62b2bc0d6d',
  parentCallSid: inboundFacts.callSid,
  direction: 'outbound',
  from: '15083728299',
  to: 'sip:agent@example.com',
  sipStatus: 200,
  sipReason: 'OK',
  callStatus: 'in-progress',
  customerData: { campaign: 'spring' },
};

export const sessionExtras: SessionExtras = {
  defaults: {
    synthesizer: {
      vendor: 'flite',
      language: 'en-US',
      voice: 'slt',
      fallbackVendor: 'custom:mine',
      fallbackVoice: 'a',
    },
    recognizer: { vendor: 'deepgram', language: 'en-US' },
  },
  envVars: { TRUNK_NAME: 'one', retryCount: 3 },
};

export const sipInvite: SipPayload = {
  headers: { from: '<sip:15083084809@198.51.100.7>;tag=1', 'X-Authenticated-User': 'ada@example.com' },
  raw: 'INVITE sip:15083728299@192.0.2.1 SIP/2.0\r\n\r\n',
  body: '',
  method: 'INVITE',
  version: '2.0',
  uri: 'sip:15083728299@192.0.2.1',
  payload: [],
};
