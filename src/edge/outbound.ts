// Where an outbound call goes: a SIP URI as it is, a phone number through the configured gateway (sip-edge.md 11).
import { type Refusal, refuse } from '../base/index.ts';
import { parseUri, SipParseError } from '../sip/index.ts';

/** The gateway for phone numbers. */
export interface Gateway {
  host: string;
  port: number | undefined;
  transport: 'udp' | 'tcp';
  user: string | undefined;
  password: string | undefined;
}

/** `to` of a create-call request, its shape checked (rest-calls.md 2.2). */
export type Destination =
  | { type: 'sip'; sipUri: string; proxy?: string; auth?: Credentials }
  | { type: 'phone'; number: string; proxy?: string; auth?: Credentials };

export interface Credentials {
  username: string;
  password: string;
}

export interface Route {
  uri: string;
  /** What `to` shows in payloads. */
  to: string;
  proxy?: string;
  auth?: Credentials;
}

export function chooseRoute(destination: Destination, gateway: Gateway | undefined): Route | Refusal {
  const more = { ...(destination.proxy !== undefined && { proxy: proxyUri(destination.proxy) }) };
  if (destination.type === 'sip') return sipRoute(destination, more);
  if (!gateway)
    return refuse('no-gateway', 'no gateway for phone numbers is configured; set CROSSPOINT_PHONE_GATEWAY', {
      http: 422,
    });
  const host = gateway.host.includes(':') ? `[${gateway.host}]` : gateway.host;
  const at = gateway.port === undefined ? host : `${host}:${gateway.port}`;
  const auth =
    destination.auth ??
    (gateway.user !== undefined && gateway.password !== undefined
      ? { username: gateway.user, password: gateway.password }
      : undefined);
  const uri = `sip:${destination.number}@${at};transport=${gateway.transport}`;
  return { uri, to: destination.number, ...more, ...(auth && { auth }) };
}

function sipRoute({ sipUri, auth }: { sipUri: string; auth?: Credentials }, more: { proxy?: string }): Route | Refusal {
  const text = /^sips?:/i.test(sipUri) ? sipUri : `sip:${sipUri}`;
  try {
    const uri = parseUri(text);
    if (uri.scheme === 'sips')
      return refuse('sips-later', 'sips: needs TLS, which is not in this version', { http: 422, path: 'to.sipUri' });
    if (uri.host === '') return refuse('bad-uri', 'must be a SIP URI with a host', { http: 400, path: 'to.sipUri' });
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error;
    return refuse('bad-uri', 'must be a SIP URI', { http: 400, path: 'to.sipUri' });
  }
  return { uri: text, to: sipUri, ...more, ...(auth && { auth }) };
}

const proxyUri = (proxy: string): string => (/^sips?:/i.test(proxy) ? proxy : `sip:${proxy}`);
