// Limits of the recordings' keeping, each with its reason.

/** Bytes of one part of an upload, the least that S3 takes: what an upload holds in memory. 10,000 of them are more than the longest recording. */
export const partBytes = 5 * 1024 * 1024;
/** Uploads at once: 20 MB of memory, and calls keep the network. */
export const uploadsAtOnce = 4;
/** Of one account: a bucket that hangs must not hold up everybody's. */
export const uploadsOfAccount = 2;
/** Time for one part: slower than 350 kbit/s is an outage. */
export const partTimeoutMs = 120_000;
/** Time for a question without audio. */
export const askTimeoutMs = 15_000;
/** What a bucket answers is short; error texts too. */
export const answerBytes = 256 * 1024;
/** First wait after a failure; it doubles up to the maximum. */
export const retryMs = 1000;
export const retryMaxMs = 10 * 60_000;
/** Tries before a recording counts as failed: with the waits above about a day. Its file stays, and is tried again now and then. */
export const triesBeforeFailed = 150;
/** A failed one is tried again so often: the operator may have mended it. */
export const failedAgainMs = 3600_000;
/** Bytes read from the store in one piece for who listens to a recording. */
export const readBytes = 1024 * 1024;
/** Who is being told when the server stops gets this long, of the 5 s that it promises; the next start tells whoever did not listen. */
export const partingMs = 500;
