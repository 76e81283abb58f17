// rtp: packets, sequence numbers, telephone events, RTCP and the jitter buffer. Bytes in, bytes out.
export * from './jitter.ts';
export * from './packet.ts';
export * from './sequence.ts';
export * from './telephone-event.ts';
