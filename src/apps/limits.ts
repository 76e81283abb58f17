// Limits of the apps room: every bound on what an application may cost us, with its reason.

/** Largest answer of a webhook: a verb array with long prompts is tens of kilobytes; more is a mistake or an attack. */
export const maxAnswerBytes = 1024 * 1024;

/** Deepest nesting of JSON taken from an application: verbs nest about five deep; code behind us may recurse. */
export const maxJsonDepth = 64;

/** Longest URL of a GET hook with its arguments: common servers refuse request lines of more than 8 KiB. */
export const maxQueryUrlLength = 8000;

/** Waits before retries and reconnects (app-interfaces.md 1.5); the last step repeats with `retryGrowthMs` more each time. */
export const retryDelaysMs: readonly number[] = [500, 1000, 2000, 4000, 6000];
export const retryGrowthMs = 2000;

/** Most retries a URL fragment may ask for (1.5). */
export const maxRetries = 5;

/** Tries to bring a lost socket back before the application is given up: 43.5 s of waiting, enough for a server's restart. */
export const maxReconnectTries = 8;

/** Messages that wait while a socket connects: a call makes a few a second, so this is the longest outage's worth. */
export const maxQueuedMessages = 256;

/** Statuses that wait behind a slow status hook: a call has about ten, its children as many each. */
export const maxQueuedNotices = 128;

/** One-way hooks under way or waiting for one before them: partial results come several times a second and a dead server holds each for 10 s. */
export const maxOneWayHooks = 32;

/** Bytes an application may leave unread before its socket counts as dead. */
export const maxUnreadBytes = 1024 * 1024;

/** Pings at this interval or faster are taken for a mistake and stay off, as in the reference (app-interfaces.md 4.1). */
export const minPingIntervalMs = 15_000;

/** Messages an application may send: streamed speech tokens reach about 200 a second, with bursts at a sentence's end. */
export const messagesPerSecond = 500;
export const messageBurst = 1000;

/** Messages dropped above that rate before the application is closed (1008): it is broken or hostile. */
export const maxDroppedMessages = 10_000;

/** Refused messages that are answered and reported each second: the rest is only counted. */
export const reportedRefusalsPerSecond = 10;

/** Characters of a refused message that are quoted back. */
export const quotedCharacters = 1024;

/** Answered or lost requests: the most that may wait for an acknowledgement on one socket. */
export const maxPendingRequests = 256;

/** How long closing waits for statuses and one-way hooks under way: one webhook's full timeout and a little more. */
export const closeWaitMs = 12_000;

/** The same when the whole server stops: it promises to be gone within 5 s. */
export const shutdownWaitMs = 1500;

/** Names whose snake_case form is remembered. */
export const maxRememberedNames = 2000;
