// The numbers that bound a call, each with its reason.

/** Messages that may wait in a call's mailbox. A call handles one in microseconds; more waiting means a flood. */
export const mailboxLimit = 1_000;

/** Events kept per call. A long call with thousands of digits keeps its beginning; the rest is counted, not stored. */
export const eventLimit = 2_000;

/** Verbs that may wait in a program. Above this it is a mistake or an attack. */
export const programLimit = 500;

/**
 * Verbs that may start within so many ms: an application that only redirects to itself is ended, at once when its server is
 * near, and within a minute or so when each round waits for a far one. Speaking applications start one or two a second.
 */
export const programPaces: readonly { steps: number; ms: number }[] = [
  { steps: 100, ms: 1_000 },
  { steps: 400, ms: 60_000 },
];

/** Whispers that may wait for the one that is being spoken. */
export const whisperLimit = 10;

/** Ring time of an outbound call without `timeout` (rest-calls.md 2.1). */
export const ringTimeoutMs = 60_000;

/** How long a finished call waits for its verbs' last hooks before it closes the application's socket. The server's own stop allows 5 s in all. */
export const lastHooksMs = 3_000;

/** Ended calls that can still be retrieved (rest-calls.md 3), by number and age: about 2 KB each. */
export const endedCallsKept = 2_000;
export const endedCallKeptMs = 3_600_000;

/** Calls at once on this node; one more is refused with 503. A guard against floods, not a licence. */
export const callLimit = 10_000;

/** When the server stops, calls get this long for BYE and last hooks; the server promises to be gone within 5 s. */
export const partingMs = 1_500;

/** 3xx answers followed by one outbound call; more is a loop. */
export const redirectLimit = 5;

/** Digits that may wait for those before them: two minutes of the usual length. */
export const digitsWaitingLimit = 512;

/** Changes of a bridge's media path that may wait for the one before; each is two or three re-INVITEs. */
export const pathChangeLimit = 4;

/** While the media goes past us nobody hears a far end fall silent: it is asked whether it is there this often. */
export const pastCheckMs = 300_000;

/** Between two digits that go by INFO, after the time of the first: as long as between two in the media, so that both are told apart. */
export const infoDigitGapMs = 50;

/** REFERs of one far end that are being worked on. It has one call to send elsewhere; the second is for its change of mind. */
export const referLimit = 4;

/** How long a far end that sent a REFER is told of its progress: longer than anything rings. */
export const referPatienceMs = 180_000;

/** How long the first NOTIFY of a REFER of ours is waited for, and each next one (verbs.md 12.1). */
export const referNotifyMs = 15_000;

/** A recording server that has not answered within this long is taken for absent, and the next one is tried. */
export const recorderAnswerMs = 4_000;

/** Silence before each time a waitHook is asked (verbs.md 6.2, 7.1). */
export const conferenceWaitGapMs = 750;
export const queueWaitGapMs = 500;

/** How long a hook of wait or hold audio that failed is left alone, each time in a row: its server may come back, and nobody should wait in silence for ever. */
export const sideRetriesMs: readonly number[] = [5_000, 10_000, 20_000, 30_000];

/** Silence before the wait audio of a member on hold, after the first time: music that ends is asked for again without a noticeable hole. */
export const holdGapMs = 100;

/** Announcements heard at once in a conference: more is noise. */
export const announcementLimit = 10;

/** Transcripts that may wait for a slow application; a minute of lively talk. Later ones are dropped, with an event. */
export const transcriptLimit = 100;

/** Finals that continuous ASR joins to one; a speaker who never stops gets his turn ended. */
export const finalsLimit = 200;

/** Characters of a greeting that are looked at, for each transcript anew: a thousand words. */
export const longestGreeting = 10_000;

/** Addresses that one conference's audio is streamed to, by its members' verbs, of the mix and of the members each. */
export const conferenceForkLimit = 10;

/** Dub tracks of one leg, as the media room has them: music, an interpreter, a coach, with room to spare. */
export const dubTrackLimit = 10;
/** Characters of a track's name: it stands in logs and events. */
export const longestTrackName = 128;
/** Characters said on a track, as in a say. */
export const longestDubText = 10_000;

/** Characters of all headers that are added to a SIP message: with the rest it must fit into one datagram. */
export const longestHeaders = 8_000;

/** Characters of a body inside the dialog: fits a datagram, whatever the alphabet. */
export const longestBody = 16_000;
