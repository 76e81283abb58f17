// Limits of base: every size, wait and count of the ground floor, with its reason.

/** Bytes a stream connection may queue for a peer that does not read: some 50 full SIP messages, then the peer counts as dead. */
export const tcpSendLimitBytes = 1024 * 1024;

/** Wait after close() for the peer to finish its half, before the connection is destroyed. */
export const tcpLingerMs = 2_000;

/** Idle time before the kernel probes a stream connection, so that a peer which lost power is noticed within minutes. */
export const tcpKeepAliveMs = 60_000;

/** Origins with pooled HTTP connections; above that the least recently used pool is closed. A busy server talks to dozens of webhooks. */
export const httpOriginLimit = 256;

/** Connections to one origin; further requests wait in its queue, under their own time limit. */
export const httpConnectionsPerOrigin = 64;

/** Idle time before a pooled HTTP connection is closed: under the 5 s after which many servers (Node's among them) close theirs. */
export const httpKeepAliveMs = 4_000;

/** Longest wait for a TCP or TLS connection to an HTTP server; the request's own limit usually comes first. */
export const httpConnectMs = 10_000;

/** A body of a known length above this is gathered as it comes: putting the pieces together at the end takes 1 ms a megabyte. */
export const httpGatherBytes = 512 * 1024;

/** Bytes of response headers: the usual limit of HTTP servers and clients. */
export const httpHeaderLimitBytes = 16 * 1024;

/** Wait for the peer's half of the WebSocket closing handshake, before the connection is cut. */
export const wsCloseMs = 2_000;

/** One DNS query: two tries of this length each, so that a lost datagram costs a call 1.5 s and a dead server 3 s. */
export const dnsTimeoutMs = 1_500;
export const dnsTries = 2;

/** How long the hosts file is believed before it is read again. */
export const hostsFileMs = 5_000;

/** How often polled UDP sockets are looked at: the delay that a packet through the server may gain, at some 3 % of a core. */
export const udpPollMs = 1;

/** Sockets found ready by one system call; the others come with the next. More than a core has legs. */
export const udpEventsPerPoll = 1_024;

/** Datagrams of one socket read in one look: 8,000 a second, a hundred times what a phone sends. */
export const udpReadsPerSocket = 8;

/** Datagrams read before timers have their turn: some 5 ms of work, so that a flood delays nobody's frames by more. */
export const udpReadsPerPoll = 1_024;
