// What one media section says about address, direction, packet time and RTCP, with the session's values where it is silent.
import { type Address, type Refusal, refuse } from '../base/index.ts';
import { defaultPtimeMs, maxPtimeMs, minPtimeMs } from './limits.ts';
import type { Attribute, Connection, Direction, MediaSection, SessionDescription } from './types.ts';

const directions: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] satisfies Direction[];

const directionIn = (attributes: readonly Attribute[]): Direction | undefined =>
  attributes.find((a) => directions.includes(a.name))?.name as Direction | undefined;

const attributeValue = (section: MediaSection, name: string): string | undefined =>
  section.attributes.find((a) => a.name === name)?.value;

export const hasAttribute = (section: MediaSection, name: string): boolean =>
  section.attributes.some((a) => a.name === name);

/** "Do not send to me" in RFC 2543 and RFC 3264 8.4. */
export const isZeroAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';

export const connectionOf = (sdp: SessionDescription, section: MediaSection): Connection | undefined =>
  section.connection ?? sdp.connection;

/** What the far end does, a zero address included: that is a hold, in which it is not heard either unless it says sendonly. */
export function directionOf(sdp: SessionDescription, section: MediaSection): Direction {
  const said = directionIn(section.attributes) ?? directionIn(sdp.attributes) ?? 'sendrecv';
  const silenced = section.port === 0 || isZeroAddress(connectionOf(sdp, section)?.address ?? '');
  if (!silenced) return said;
  return said === 'sendonly' && section.port !== 0 ? 'sendonly' : 'inactive';
}

const sends = (d: Direction): boolean => d === 'sendrecv' || d === 'sendonly';
const receives = (d: Direction): boolean => d === 'sendrecv' || d === 'recvonly';

/** Our direction: theirs seen from here, less what we do not want (RFC 3264 6.1). */
export function agreeDirection(theirs: Direction, ours: Direction): Direction {
  const weSend = receives(theirs) && sends(ours);
  const weReceive = sends(theirs) && receives(ours);
  if (weSend) return weReceive ? 'sendrecv' : 'sendonly';
  return weReceive ? 'recvonly' : 'inactive';
}

/** What we send: the far end's wish, in steps of 10 ms between 10 and 60. */
export function ptimeOf(section: MediaSection, oursMs: number = defaultPtimeMs): number {
  const milliseconds = (name: string): number | undefined => {
    const value = Number.parseFloat(attributeValue(section, name) ?? '');
    return value > 0 ? value : undefined;
  };
  const wish = Math.min(milliseconds('ptime') ?? oursMs, milliseconds('maxptime') ?? maxPtimeMs);
  return Math.min(Math.max(Math.floor(wish / 10) * 10, minPtimeMs), maxPtimeMs);
}

const isIpv4 = (host: string): boolean =>
  /^(?:\d{1,3}\.){3}\d{1,3}$/.test(host) && host.split('.').every((n) => Number(n) < 256);
const isIpv6 = (host: string): boolean =>
  /^[0-9a-f:.]+$/i.test(host) && host.includes(':') && URL.canParse(`http://[${host}]`);
const isMulticast = (host: string): boolean => /^(?:22[4-9]|23\d)\./.test(host) || /^ff/i.test(host);

/** Where the section wants its RTP; a refusal when that is nowhere our socket can send to. */
export function remoteOf(sdp: SessionDescription, section: MediaSection, ourHost: string): Address | Refusal {
  const connection = connectionOf(sdp, section);
  const no = (reason: string): Refusal => refuse('sdp-address', reason, { sip: 488 });
  if (!connection) return no('the description has no c= line');
  const host = connection.address;
  const literal = connection.addressType === 'IP4' ? isIpv4(host) : isIpv6(host);
  if (!literal) return no(`c= must hold an IP address, not ${host.slice(0, 80)}`);
  if (isMulticast(host)) return no('multicast media is not supported');
  if (!isZeroAddress(host) && host.includes(':') !== ourHost.includes(':'))
    return no(
      `this server's media is on ${ourHost.includes(':') ? 'IPv6' : 'IPv4'}, c= says ${connection.addressType}`,
    );
  return { host, port: section.port };
}

/** Where its RTCP goes: `a=rtcp` (RFC 3605), else the next port. */
export function rtcpOf(section: MediaSection, remote: Address): Address {
  const [portText, , , host] = (attributeValue(section, 'rtcp') ?? '').split(/\s+/);
  const port = Number(portText);
  if (!(port > 0 && port <= 65_535)) return { host: remote.host, port: remote.port === 0 ? 0 : remote.port + 1 };
  const usable =
    host !== undefined && (isIpv4(host) || isIpv6(host)) && host.includes(':') === remote.host.includes(':');
  return { host: usable && !isZeroAddress(remote.host) ? host : remote.host, port };
}
