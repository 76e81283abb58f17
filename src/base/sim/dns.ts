// Simulated DNS: a zone that tests fill, with an outage and a delay at will.
import { isIPv4, isIPv6 } from 'node:net';
import type { Clock } from '../clock.ts';
import { sleep } from '../clock.ts';
import { Fault } from '../errors.ts';
import type { Resolver, SrvRecord } from '../network.ts';

export interface SimDnsRecords {
  a?: string[];
  aaaa?: string[];
  srv?: SrvRecord[];
}

export class SimDns implements Resolver {
  /** The servers do not answer: every question is a Fault `dns-failed`. */
  failing = false;
  delayMs = 0;
  /** Questions asked, names only, for assertions. */
  readonly asked: string[] = [];
  readonly #clock: Clock;
  readonly #zone = new Map<string, SimDnsRecords>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(name: string, records: SimDnsRecords): void {
    this.#zone.set(keyOf(name), records);
  }

  delete(name: string): void {
    this.#zone.delete(keyOf(name));
  }

  has(name: string): boolean {
    return this.#zone.has(keyOf(name));
  }

  srv(name: string): Promise<SrvRecord[]> {
    return this.#ask(name, (records) => records.srv);
  }

  async a(name: string): Promise<string[]> {
    return literal(name, isIPv4, '127.0.0.1') ?? this.#ask(name, (records) => records.a);
  }

  async aaaa(name: string): Promise<string[]> {
    return literal(name, isIPv6, '::1') ?? this.#ask(name, (records) => records.aaaa);
  }

  async #ask<T>(name: string, pick: (records: SimDnsRecords) => T[] | undefined): Promise<T[]> {
    this.asked.push(name);
    if (this.delayMs > 0) await sleep(this.#clock, this.delayMs);
    if (this.failing) {
      throw new Fault('dns-failed', 'the DNS server did not answer', { retryable: true, detail: { name } });
    }
    return [...(pick(this.#zone.get(keyOf(name)) ?? {}) ?? [])];
  }
}

const keyOf = (name: string): string => name.toLowerCase().replace(/\.$/, '');

function literal(name: string, isMine: (text: string) => boolean, local: string): string[] | undefined {
  if (keyOf(name) === 'localhost') return [local];
  if (isIPv4(name) || isIPv6(name)) return isMine(name) ? [name] : [];
  return undefined;
}
