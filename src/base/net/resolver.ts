// DNS over c-ares: asks the system's servers with a short time limit, and never blocks Node's few worker threads.
import { Resolver as Ares } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIPv4, isIPv6 } from 'node:net';
import type { Clock } from '../clock.ts';
import { Fault } from '../errors.ts';
import { dnsTimeoutMs, dnsTries, hostsFileMs } from '../limits.ts';
import type { Resolver } from '../network.ts';

export interface ResolverOptions {
  /** `address` or `address:port`; the system's servers when absent. */
  servers?: string[];
  hostsFile?: string;
}

export function openResolver(clock: Clock, options: ResolverOptions = {}): { resolver: Resolver; close(): void } {
  const ares = new Ares({ timeout: dnsTimeoutMs, tries: dnsTries });
  if (options.servers) ares.setServers(options.servers);
  const hosts = hostsReader(clock, options.hostsFile ?? '/etc/hosts');
  const addresses = async (
    name: string,
    isMine: (text: string) => boolean,
    ask: () => Promise<string[]>,
  ): Promise<string[]> => {
    if (isIPv4(name) || isIPv6(name)) return isMine(name) ? [name] : [];
    const listed = (await hosts(name)).filter(isMine);
    return listed.length > 0 ? listed : absentIsEmpty(name, ask());
  };
  return {
    resolver: {
      srv: async (name) => {
        const records = await absentIsEmpty(name, ares.resolveSrv(name));
        return records.map(({ name, port, priority, weight }) => ({ name, port, priority, weight }));
      },
      a: (name) => addresses(name, isIPv4, () => ares.resolve4(name)),
      aaaa: (name) => addresses(name, isIPv6, () => ares.resolve6(name)),
    },
    close: () => ares.cancel(),
  };
}

const absent = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME']);

async function absentIsEmpty<T>(name: string, answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (absent.has(code)) return [];
    throw new Fault('dns-failed', 'the DNS server did not answer', {
      retryable: true,
      cause: error,
      detail: { name, code },
    });
  }
}

/** Addresses of a name in the hosts file, which c-ares' queries pass over; localhost is known without one (RFC 6761 6.3). */
function hostsReader(clock: Clock, file: string): (name: string) => Promise<string[]> {
  let readAt = Number.NEGATIVE_INFINITY;
  let table: Promise<Map<string, string[]>> = Promise.resolve(new Map());
  return async (name) => {
    const key = name.toLowerCase().replace(/\.$/, '');
    if (key === 'localhost' || key.endsWith('.localhost')) return ['127.0.0.1', '::1'];
    if (clock.now() - readAt > hostsFileMs) {
      readAt = clock.now();
      table = readFile(file, 'utf8').then(parseHosts, () => new Map());
    }
    return (await table).get(key) ?? [];
  };
}

function parseHosts(text: string): Map<string, string[]> {
  const table = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!address) continue;
    for (const name of names) table.set(name.toLowerCase(), [...(table.get(name.toLowerCase()) ?? []), address]);
  }
  return table;
}
