// sim: the in-thread twins of clock, chance and network. The third door of base; rehearsals and tests come through it.
export { SimDns, type SimDnsRecords } from './dns.ts';
export { MemoryFiles } from './files.ts';
export { SimHost } from './host.ts';
export {
  type SimHttpAnswer,
  type SimHttpHandler,
  type SimHttpRequest,
  SimHttpServer,
  type SimServerState,
} from './http.ts';
export type { LinkConditions, LinkSelector } from './links.ts';
export { type SeededRandom, seededRandom } from './seeded-random.ts';
export { SimNet, type SimNetOpen, type SimNetOptions } from './sim-net.ts';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts';
export { type SimWsOptions, type SimWsPeer, SimWsServer } from './ws.ts';
