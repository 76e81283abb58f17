// Limits of the message parser, each with its reason.

/** Most bytes of one message, head and body. A UDP datagram cannot carry more, and no honest SIP message over TCP needs it. */
export const MAX_MESSAGE_BYTES = 65_536;

/** Most header lines of one message. 70 hops (Max-Forwards) with a Via and a Record-Route line each stay well below. */
export const MAX_HEADER_LINES = 256;

/** Largest CSeq number taken: 32 bits (RFC 3261 8.1.1.5 wants senders to stay below 2**31; some start higher). */
export const MAX_CSEQ = 4_294_967_295;

/** Largest Max-Forwards (RFC 3261 20.22). */
export const MAX_MAX_FORWARDS = 255;

/** A framer keeps no more spare memory than this between messages, so that ten thousand idle connections stay cheap. */
export const FRAMER_KEEP_BYTES = 4_096;

/** The longest IPv6 address as text has an IPv4 tail. */
export const MAX_IPV6_CHARACTERS = 45;
