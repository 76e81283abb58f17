// rtp: packets, sequence numbers, telephone events, RTCP, statistics and the jitter buffer. Bytes in, bytes out.
export * from './jitter.ts';
export type * from './jitter-types.ts';
export { maxDropout, maxMisorder } from './limits.ts';
export * from './packet.ts';
export * from './rtcp.ts';
export * from './sequence.ts';
export * from './statistics.ts';
export * from './telephone-event.ts';
