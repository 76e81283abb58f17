// Limits of the embedded voice, each with its reason.

/** Largest WAV file of one piece of text: 400 characters make under 60 s, 2 MB at 16 kHz; more is a runaway. */
export const MAX_WAV_BYTES = 16 << 20;
/** Texts that may wait for the thread. At 2 % of real time a longer queue would mean minutes of silence. */
export const MAX_WAITING = 100;
/** The thread holds about 80 MB; without work for this long it ends, and starts again in a quarter of a second. */
export const IDLE_MS = 60_000;
/** A text that takes longer has caught the engine in a loop: the thread is ended and the next text gets a new one. */
export const STUCK_MS = 30_000;
