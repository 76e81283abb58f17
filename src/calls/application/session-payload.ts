// What session:new says of a call: speech defaults, environment, and for inbound calls the INVITE itself.
import {
  inboundSession,
  outboundSession,
  type Payload,
  type SessionExtras,
  type SipPayload,
} from '../../apps/index.ts';
import type { SipRequest } from '../../sip/index.ts';
import type { Call } from '../call.ts';
import { speechOf } from '../types.ts';

export function inboundPayload(call: Call, request: SipRequest): Payload {
  return inboundSession(call.facts, { ...extras(call), sip: sipPayload(request) });
}

export const outboundPayload = (call: Call): Payload => outboundSession(call.facts, extras(call));

function extras(call: Call): SessionExtras {
  const app = speechOf(call.owner);
  const envVars = call.owner.application?.env_vars;
  const { embeddedVoice } = call.world.settings;
  const synthesizer = {
    vendor: app.speech_synthesis_vendor ?? embeddedVoice.vendor,
    label: app.speech_synthesis_label,
    language: app.speech_synthesis_language ?? embeddedVoice.language,
    voice: app.speech_synthesis_voice ?? embeddedVoice.voice,
    fallbackVendor: app.fallback_speech_synthesis_vendor,
    fallbackLabel: app.fallback_speech_synthesis_label,
    fallbackLanguage: app.fallback_speech_synthesis_language,
    fallbackVoice: app.fallback_speech_synthesis_voice,
  };
  const recognizer = {
    vendor: app.speech_recognizer_vendor,
    label: app.speech_recognizer_label,
    language: app.speech_recognizer_language,
    fallbackVendor: app.fallback_speech_recognizer_vendor,
    fallbackLabel: app.fallback_speech_recognizer_label,
    fallbackLanguage: app.fallback_speech_recognizer_language,
  };
  return {
    defaults: { synthesizer: present(synthesizer), recognizer: present(recognizer) },
    ...(envVars && { envVars }),
  };
}

/** Without members that are null or undefined. */
function present<T extends object>(value: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && v !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}

function sipPayload(request: SipRequest): SipPayload {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.lines) {
    const key = /^x-/i.test(name) ? name : name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const body = Buffer.from(request.body).toString('utf8');
  const startLine = `${request.method} ${request.uriText} SIP/2.0`;
  const raw = `${[startLine, ...request.lines.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n${body}`;
  return {
    headers,
    raw,
    body,
    method: request.method,
    version: '2.0',
    uri: request.uriText,
    payload: body === '' ? [] : [{ type: request.contentType ?? 'application/sdp', content: body }],
  };
}
