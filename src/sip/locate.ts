// From a URI to the addresses to try, in order: RFC 3263 without NAPTR, RFC 2782 for the order of SRV records.
import { Fault, type Random, type Resolver, type SrvRecord } from '../base/index.ts';
import { MAX_HOPS, MAX_SRV_TARGETS } from './limits.ts';
import type { SipUri } from './message/index.ts';
import type { Peer, TransportName } from './types.ts';

export const DEFAULT_PORT = 5060;

export interface LocateContext {
  resolver: Resolver;
  random: Random;
  /** Address families that we can send to: '4', '6' or both, the preferred one first. */
  families: readonly ('4' | '6')[];
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
export const isIpLiteral = (host: string): boolean => host.includes(':') || ipv4.test(host);

export const canReach = (host: string, families: LocateContext['families']): boolean =>
  families.includes(host.includes(':') ? '6' : '4');

const transports: readonly TransportName[] = ['udp', 'tcp'];

/** The transport that the URI asks for, or undefined; a Fault for those that we do not speak. */
function wantedTransport(uri: SipUri): TransportName | undefined {
  if (uri.scheme !== 'sip')
    throw new Fault('sip-dns', `cannot reach a ${uri.scheme}: address, only sip: ones`, { sip: 416 });
  const name = uri.params.get('transport')?.toLowerCase();
  if (name === undefined || name === '') return undefined;
  const known = transports.find((t) => t === name);
  if (known === undefined)
    throw new Fault('sip-dns', `cannot send over transport "${name}", only udp and tcp`, { sip: 503 });
  return known;
}

/** The one hop of a URI that names an address (RFC 3263 4.1, 4.2), without asking anybody; undefined when DNS is needed. */
export function locateLiteral(uri: SipUri): Peer | undefined {
  const transport = wantedTransport(uri) ?? 'udp';
  const host = uri.params.get('maddr') || uri.host;
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return isIpLiteral(bare) ? { transport, host: bare, port: uri.port ?? DEFAULT_PORT } : undefined;
}

/** Every hop to try, best first; never empty. Rejects with a Fault `sip-dns`. */
export async function locate(uri: SipUri, context: LocateContext): Promise<Peer[]> {
  const literal = locateLiteral(uri);
  if (literal) return [literal];
  const host = uri.params.get('maddr') || uri.host;
  const wanted = wantedTransport(uri);
  const hops =
    uri.port === undefined
      ? await bySrv(host, wanted, context)
      : await byAddress({ transport: wanted ?? 'udp', host, port: uri.port }, context);
  if (hops.length === 0) throw new Fault('sip-dns', `no address found for ${host}`, { retryable: true, sip: 503 });
  return hops.slice(0, MAX_HOPS);
}

async function bySrv(host: string, wanted: TransportName | undefined, context: LocateContext): Promise<Peer[]> {
  for (const transport of wanted ? [wanted] : transports) {
    const records = await ask(host, () => context.resolver.srv(`_sip._${transport}.${host}`));
    if (records.length === 0) continue;
    const hops: Peer[] = [];
    for (const record of orderSrv(records, context.random).slice(0, MAX_SRV_TARGETS)) {
      if (record.name === '.' || record.name === '') continue;
      const name = record.name.replace(/\.$/, '');
      // One name that fails must not cost the others their turn.
      hops.push(...(await byAddress({ transport, host: name, port: record.port }, context).catch(() => [])));
    }
    return hops;
  }
  return byAddress({ transport: wanted ?? 'udp', host, port: DEFAULT_PORT }, context);
}

async function byAddress(peer: Peer, context: LocateContext): Promise<Peer[]> {
  if (isIpLiteral(peer.host)) return [peer];
  const { resolver, families } = context;
  const found = await Promise.allSettled(
    families.map((family) => (family === '4' ? resolver.a(peer.host) : resolver.aaaa(peer.host))),
  );
  const hosts = found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = found.find((answer) => answer.status === 'rejected');
  if (hosts.length === 0 && failed) throw dnsFault(peer.host, failed.reason);
  return hosts.map((host) => ({ ...peer, host }));
}

async function ask<T>(host: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw dnsFault(host, error);
  }
}

const dnsFault = (host: string, cause: unknown): Fault =>
  new Fault('sip-dns', `the name ${host} could not be looked up`, { retryable: true, sip: 503, cause });

/** RFC 2782: by priority, and by chance in proportion to the weight within one. */
export function orderSrv(records: readonly SrvRecord[], random: Random): SrvRecord[] {
  const ordered: SrvRecord[] = [];
  const priorities = [...new Set(records.map((r) => r.priority))].sort((a, b) => a - b);
  for (const priority of priorities) {
    const left = records.filter((r) => r.priority === priority).sort((a, b) => a.weight - b.weight);
    while (left.length > 0) ordered.push(...left.splice(drawByWeight(left, random), 1));
  }
  return ordered;
}

/** Index of one record. `records` has those of weight 0 first, as RFC 2782 asks, so that they have a small chance. */
function drawByWeight(records: readonly SrvRecord[], random: Random): number {
  const total = records.reduce((sum, r) => sum + r.weight, 0);
  const drawn = Math.floor(random.next() * (total + 1));
  let sum = 0;
  for (const [index, record] of records.entries()) {
    sum += record.weight;
    if (sum >= drawn) return index;
  }
  return records.length - 1;
}
