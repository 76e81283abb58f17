// Numbers of the SIP room: RFC 3261's timers and the bounds on what peers can make us keep.

/** RFC 3261 17.1.1.1: estimate of the round trip, and the first retransmission interval. */
export const T1 = 500;
/** RFC 3261 17.1.2.2: longest retransmission interval of non-INVITE requests and of responses to INVITE. */
export const T2 = 4000;
/** RFC 3261 17.1.2.2: how long a message may live in the network. */
export const T4 = 5000;
/** How long a transaction, a 200 without ACK and a cancelled INVITE are waited for (timers B, F, H, J, L, M). */
export const TRANSACTION_TIMEOUT = 64 * T1;
/** RFC 3261 17.1.1.2 timer D: at least 32 s on UDP, to absorb repeats of the final response. */
export const TIMER_D = 32_000;

/** RFC 3261 18.1.1: a larger request goes over TCP, as IP fragments get lost. */
export const MAX_UDP_REQUEST_BYTES = 1300;
/** How long a TCP peer may take to accept us; DNS and the next hop still have to fit into a ringing time. */
export const TCP_CONNECT_TIMEOUT = 4000;
/** The same for a request that is on TCP only because it is large: firewalls that drop SYN must not cost the caller seconds. */
export const TCP_SWITCH_TIMEOUT = 1000;
/** Hosts that refused TCP for a large request are not asked again for this long. */
export const TCP_REFUSED_MEMORY = 60_000;
/** Most such hosts remembered; the oldest is forgotten first. */
export const MAX_TCP_REFUSED = 1024;
/** Open TCP connections; each costs a descriptor (common limit 65,536, shared with RTP) and some kilobytes. */
export const MAX_CONNECTIONS = 10_000;
/** Those that one host may open: a carrier's edge or an office behind NAT has hundreds, and nobody may take them all. */
export const MAX_CONNECTIONS_PER_HOST = 2500;
/** A connection without a dialog on it is closed when silent for this long; phones ping every 30 to 120 s. */
export const CONNECTION_IDLE = 300_000;
/** A new inbound connection must bring a whole message (or a ping) within this time, else it is closed: half-open floods. */
export const CONNECTION_FIRST_MESSAGE = 30_000;
/** How often connections are looked at for the two limits above. */
export const CONNECTION_SWEEP = 10_000;
/** Messages that wait for one connection to be made. */
export const MAX_CONNECT_QUEUE = 256;
/** Kernel buffer of the UDP socket: one second of 2,000 messages of 1 KB. */
export const UDP_RECEIVE_BUFFER = 2_097_152;
/** How often another port number is tried when TCP's twin of a free UDP port is taken. */
export const BIND_ATTEMPTS = 10;

/** Transactions alive, finished ones that absorb repeats for 32 s included: 2,000 calls/s need 128,000. */
export const MAX_TRANSACTIONS = 200_000;
/** Beyond the limit above, this many more requests get a 503; what comes on top is dropped. */
export const MAX_REFUSALS_PER_SECOND = 2000;
/** Dialogs alive, early ones included: more than one machine's media can carry. */
export const MAX_DIALOGS = 50_000;
/** Early dialogs of one outgoing INVITE; a forking proxy makes a handful. */
export const MAX_FORKS = 16;
/** re-INVITEs that wait in one dialog for the one that runs. */
export const MAX_REINVITE_QUEUE = 16;
/** Requests of the far end that we have not answered yet in one dialog. */
export const MAX_PENDING_IN_DIALOG = 32;
/** RFC 3261 13.3.1.1: a ringing INVITE repeats its last 1xx this often, so that proxies do not give up on it. */
export const PROGRESS_REPEAT = 60_000;
/** Retry-After of a 503 for overload, in seconds. */
export const OVERLOAD_RETRY_AFTER_SECONDS = 5;

/** Max-Forwards of a request that starts here (RFC 3261 8.1.1.6). */
export const MAX_FORWARDS = 70;
/** Addresses that are tried for one request (RFC 3263 4.3). */
export const MAX_HOPS = 8;
/** SRV names whose addresses are looked up for one request. */
export const MAX_SRV_TARGETS = 8;
/** Challenges answered for one request: a proxy's, the server's, and a stale nonce of each. */
export const MAX_AUTH_ATTEMPTS = 4;
/** A re-INVITE of ours that only gets provisional answers is cancelled after this: nothing else of the session can change meanwhile. */
export const REINVITE_PATIENCE = 60_000;
/** 491 answers after which a re-INVITE is given up. */
export const MAX_GLARE_RETRIES = 5;
