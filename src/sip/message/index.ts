// sip/message: parse, build and print SIP messages. No sockets, no time.
export * from './types.ts';
