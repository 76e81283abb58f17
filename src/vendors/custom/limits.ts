// Limits of the custom speech vendor, each with its reason.

/** The protocol's total time for one text, also jambonz's. */
export const TIMEOUT_MS = 10_000;
/** Largest answer: 10 minutes of 16-bit audio at 24 kHz is 29 MB. */
export const MAX_AUDIO_BYTES = 32 << 20;
/** Longest audio, samples: 20 minutes at 24 kHz, or an MP3 bomb is stopped here. */
export const MAX_SAMPLES = 20 * 60 * 24_000;
/** The protocol follows redirects; three are enough for any load balancer. */
export const MAX_REDIRECTS = 3;
/** Characters of the server's error text that are passed on. */
export const MAX_ERROR_CHARS = 200;
