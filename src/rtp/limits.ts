// Limits of the rtp room, each with its reason.

/** A gap in sequence numbers smaller than this is loss, larger a restart (RFC 3550 A.1: one minute at 50 packets/s). */
export const maxDropout = 3000;

/** A packet this far behind the highest is old, further behind a restart (RFC 3550 A.1: two seconds at 50 packets/s). */
export const maxMisorder = 100;

/** Packets in sequence before a source is valid (RFC 3550 A.1). */
export const minSequential = 2;

/** A telephone event with no packet for this long has ended though its three end packets were lost: four updates of the slowest common senders (50 ms). */
export const dtmfSilenceMs = 200;

/** Timestamps of ended events remembered, so that their late repeats are not new digits: one packet's worth of reordering spans no more events. */
export const dtmfRemembered = 16;

/** A digit whose packets come while a newer one sounds is still reported when it is at most this old; older is a new timeline, not reordering. */
export const dtmfReorderMs = 2000;

/** A long event is cut into segments of 0xffff units (RFC 4733 2.5.1.3); senders that round to their packet time stop a little earlier. */
export const dtmfSegmentMinUnits = 0xf000;

/** Longest event sent: one segment at the fastest telephony clock (0xffff / 8000 Hz) holds it. */
export const dtmfMaxDurationMs = 8000;

/** Shortest event sent: 40 ms is what ITU-T Q.24 lets a receiver demand. */
export const dtmfMinDurationMs = 40;

/** How often the final packet of an event is sent (RFC 4733 2.5.1.4). */
export const dtmfEndPackets = 3;

/** Audio between the last end packet and the next digit; with the two repeats before it, at least 80 ms separate two digits. */
export const dtmfGapMs = 40;

/** Digits and pauses that may wait to be sent by one leg: an hour's worth of dialling is a bug of the application. */
export const dtmfQueueLimit = 512;
