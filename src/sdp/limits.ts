// Limits of the sdp room, each with its reason.

/** Characters of a description. The largest in the wild (browsers with many candidates) are about 10,000; a SIP message here has 64 KiB. */
export const maxSdpLength = 65_536;

/** Lines of a description. A browser's offer with video has some 300. */
export const maxSdpLines = 2000;

/** Media sections. Conference systems offer up to ten or so. */
export const maxMediaSections = 64;

/** Formats of one media section: there are only 128 RTP payload types. */
export const maxFormats = 128;

/** Shortest and longest packet time (ms) that is sent. Less wastes the network on headers, more is heard as delay. */
export const minPtimeMs = 10;
export const maxPtimeMs = 60;

/** Packet time when nobody names one (RFC 3551 4.2). */
export const defaultPtimeMs = 20;
