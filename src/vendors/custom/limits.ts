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

// --- recognition

/** Wait for the recognizer's WebSocket. What is said meanwhile is kept and sent then. */
export const STT_CONNECT_MS = 5_000;
/** A server that does not answer a ping before the next is due is lost. */
export const STT_PING_MS = 15_000;
/** Largest message taken: the protocol's own limit is about 665 KB. */
export const MAX_MESSAGE_BYTES = 680_000;
/** Sample rates that may be asked for. */
export const MIN_STT_RATE = 8_000;
export const MAX_STT_RATE = 48_000;
/** Audio that may wait for a server that reads slowly, ms; what comes then is dropped. */
export const MAX_UNSENT_MS = 5_000;
/** A server that has taken nothing for so much audio is given up. */
export const STUCK_MS = 10_000;
