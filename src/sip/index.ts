// sip: the RFC 3261 family, without business.
export { isOwnHeader } from './compose.ts';
export * from './message/index.ts';
export { createSipStack, type SipStackOptions } from './stack.ts';
export * from './types.ts';
