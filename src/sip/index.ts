// sip: the RFC 3261 family, without business.
export * from './message/index.ts';
export * from './types.ts';
