// Limits of the audio room, each with its reason.

/** Samples per call inside the resampler: bounds its scratch memory; longer input is cut up. */
export const RESAMPLER_BLOCK = 1024;
/** Phases of a resampling filter table. 441 (8 -> 44.1 kHz) is exact; odder ratios take the nearest of these. */
export const RESAMPLER_MAX_PHASES = 640;
/** Filter tables kept for reuse: all pairs of the nine usual rates with 8, 16 and 48 kHz, and a few odd ones. */
export const RESAMPLER_TABLES = 64;
/** Sample rates of a file that we take, Hz. Below is no speech, above is no telephone. */
export const MIN_SAMPLE_RATE = 4000;
export const MAX_SAMPLE_RATE = 192_000;
/** Channels of a WAV file; more is a mistake in the header. */
export const MAX_CHANNELS = 8;
/** Bytes before the audio of a WAV file (LIST, bext, JUNK chunks); more is no file to be played. */
export const MAX_WAV_HEADER_BYTES = 1 << 20;
/** Bytes of junk (tags, pictures) before the first MP3 frame. */
export const MAX_MP3_JUNK_BYTES = 2 << 20;
/** Frames of one MP3 file that may fail to decode; a stream with packet damage has some, a text renamed to .mp3 has only those. */
export const MAX_MP3_ERRORS = 1000;
/** Characters of one tone_stream:// text. */
export const MAX_TONE_TEXT = 4096;
/** Segments of one tone_stream:// text, and frequencies of one segment (TGML knows 6). */
export const MAX_TONE_SEGMENTS = 512;
export const MAX_TONE_FREQUENCIES = 6;
/** Longest single tone or silence in a segment, ms: a day of silence in one number is a mistake. */
export const MAX_TONE_MS = 3_600_000;
