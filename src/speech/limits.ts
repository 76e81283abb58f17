// Limits of the speech room, each with its reason.

/** Characters of one text. A prompt of ten minutes has about 9000; more is a document, which an application should cut. */
export const MAX_TEXT_CHARS = 10_000;
/** Seconds of audio one text may become: what MAX_TEXT_CHARS yields at a slow voice, twice over. */
export const MAX_AUDIO_SECONDS = 1200;
/** How long a vendor may take for one text. jambonz gives its vendors 10 s; ours may also be a busy local voice. */
export const SYNTHESIS_TIMEOUT_MS = 20_000;
/** Rendered speech kept in memory, bytes: about 30 minutes at 16 kHz. */
export const MEMORY_CACHE_BYTES = 64 << 20;
/** Rendered speech kept on disk, bytes: about 4.5 hours at 16 kHz. */
export const DISK_CACHE_BYTES = 512 << 20;
/** After so much has been written the folder is counted again and the least recently used files go. */
export const DISK_SWEEP_BYTES = 16 << 20;
/** A sweep empties the folder down to this part of its limit, so that the next does not follow at once. */
export const DISK_SWEEP_TARGET = 0.9;
/** A temporary file older than this was left behind by a process that died. */
export const STALE_TEMPORARY_MS = 600_000;
/** Largest part of the memory cache that one entry may take; a longer one lives on disk only. */
export const MEMORY_ENTRY_PART = 0.25;
