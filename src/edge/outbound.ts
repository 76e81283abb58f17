// Where an outbound call goes: a SIP URI as it is, a phone number through the configured gateway (sip-edge.md 11).
import { isRefusal, type Refusal, refuse } from '../base/index.ts';
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
  const { proxy } = destination;
  const nextHop = proxy === undefined ? undefined : sipUri(proxy, 'to.proxy');
  if (isRefusal(nextHop)) return nextHop;
  const more = nextHop === undefined ? {} : { proxy: nextHop };
  return destination.type === 'sip' ? sipRoute(destination, more) : phoneRoute(destination, gateway, more);
}

type More = { proxy?: string };

function sipRoute({ sipUri: to, auth }: Extract<Destination, { type: 'sip' }>, more: More): Route | Refusal {
  const uri = sipUri(to, 'to.sipUri');
  return isRefusal(uri) ? uri : { uri, to, ...more, ...(auth && { auth }) };
}

function phoneRoute(
  destination: Extract<Destination, { type: 'phone' }>,
  gateway: Gateway | undefined,
  more: More,
): Route | Refusal {
  if (!gateway)
    return refuse('no-gateway', 'no gateway for phone numbers is configured; set CROSSPOINT_PHONE_GATEWAY', {
      http: 422,
    });
  const host = gateway.host.includes(':') ? `[${gateway.host}]` : gateway.host;
  const at = gateway.port === undefined ? host : `${host}:${gateway.port}`;
  const { user, password } = gateway;
  const configured = user !== undefined && password !== undefined ? { username: user, password } : undefined;
  const auth = destination.auth ?? configured;
  // RFC 3261 25.1: a user part has no bare #.
  const uri = `sip:${destination.number.replaceAll('#', '%23')}@${at};transport=${gateway.transport}`;
  return { uri, to: destination.number, ...more, ...(auth && { auth }) };
}

/** A SIP URI as it may be used, its scheme added when it was left out. */
function sipUri(given: string, path: string): string | Refusal {
  const text = /^sips?:/i.test(given) ? given : `sip:${given}`;
  try {
    const uri = parseUri(text);
    if (uri.scheme === 'sips')
      return refuse('sips-later', 'sips: needs TLS, which is not in this version', { http: 422, path });
    if (uri.host === '') return refuse('bad-uri', 'must be a SIP URI with a host', { http: 400, path });
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error;
    return refuse('bad-uri', 'must be a SIP URI', { http: 400, path });
  }
  return text;
}
