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

/** What the duration field of one segment can say. */
export const dtmfSegmentMaxUnits = 0xffff;

/** Longest event sent: who asks for more has mistaken the unit. */
export const dtmfMaxDurationMs = 10_000;

/** Shortest event sent: 40 ms is what ITU-T Q.24 lets a receiver demand. */
export const dtmfMinDurationMs = 40;

/** How often the final packet of an event is sent (RFC 4733 2.5.1.4). */
export const dtmfEndPackets = 3;

/** Audio between the last end packet and the next digit; with the two repeats before it, at least 80 ms separate two digits. */
export const dtmfGapMs = 40;

/** Digits and pauses that may wait to be sent by one leg: an hour's worth of dialling is a bug of the application. */
export const dtmfQueueLimit = 512;

/** Frames a jitter buffer holds: 640 ms of 10 ms frames, so that a burst after a stall fits and is then cut to the target. */
export const jitterSlots = 64;

/** Largest payload kept: an Ethernet packet less IP, UDP and RTP headers; audio frames of 60 ms are a third of it. */
export const jitterMaxPayload = 1460;

/** Least playout delay: what our own timers and sockets may be late by, when what was measured says less. */
export const jitterMinDelayMs = 6;

/** Most playout delay: with it and the network's share a call is still a conversation (ITU-T G.114: 400 ms mouth to ear). */
export const jitterMaxDelayMs = 200;

/** Playout delay until enough packets have been seen to know better. */
export const jitterInitialDelayMs = 40;

/** Added to what the window says, for our own lateness. */
export const jitterMarginMs = 4;

/** Packets whose lateness is remembered: 10 s at 20 ms, long enough for a pattern, short enough for 200 ppm of drift (2 ms). */
export const jitterWindow = 512;

/** The last of them, which react faster to a network that has become worse: one second. */
export const jitterRecent = 50;

/** Share of packets the target lets come in time: in the window, and in the recent part. More costs delay for what concealment hides. */
export const jitterQuantile = 0.98;
export const jitterRecentQuantile = 0.94;

/** Packets between two looks at the window: three looks a second at 20 ms. */
export const jitterLookEvery = 16;

/** Time between two frames dropped or inserted: in silence, where nobody hears it, and in speech. */
export const jitterAdjustQuietMs = 100;
export const jitterAdjustMs = 400;

/** How far over the target, beyond the frame itself, the delay must be before a frame is left out: no hunting. */
export const jitterExcessQuietMs = 5;
export const jitterExcessMs = 10;

/** How far under the target it must be before something is put in: in silence before a packet is missed, in speech only when it would be. */
export const jitterDeficitQuietMs = 2;
export const jitterDeficitMs = 8;

/** Longest piece of silence or waiting given at a time: the engine's frame, so that long packets do not make long steps. */
export const jitterStepMs = 20;

/** Concealment after which missing audio is silence: a prediction older than this only buzzes. */
export const jitterMaxConcealMs = 100;

/** A packet this far from its stream's time line begins a new one: the sender's clock jumped, or it paused without counting. */
export const jitterBreakMs = 600;

/** Old packets in sequence after which they are the stream: the sender went back in its numbers. */
export const jitterLateRun = 10;

/** Report blocks in one RTCP packet: the count field has five bits. */
export const maxReportBlocks = 31;

/** Packets in one compound: a datagram holds no more than this many that say anything. */
export const maxRtcpPackets = 64;

/** Longest text written into RTCP (CNAME, reason of BYE): its length field is one byte. */
export const maxRtcpText = 255;

/** A round trip longer than this is a broken clock, not a network. */
export const maxRoundTripMs = 60_000;

/** Least average time between two reports (RFC 3550 6.2). */
export const rtcpMinIntervalMs = 5000;

/** Share of the session's bandwidth that RTCP may use (RFC 3550 6.2). */
export const rtcpBandwidthShare = 0.05;
