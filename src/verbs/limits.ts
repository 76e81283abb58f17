// The numbers that bound verbs, each with its reason.

/** A pause longer than a day is a mistake in units. */
export const longestPauseSeconds = 86_400;

/** Digits in one dtmf verb or command: more than any number or code has. */
export const mostDigits = 128;

/** A key held longer than this is a stuck key. */
export const longestDigitMs = 10_000;

/** Characters of one say: about ten minutes of speech. Longer texts belong into several verbs. */
export const longestSay = 10_000;

/** Files or texts in one play or say. */
export const mostSources = 100;

/** Verbs in one answer, as calls/limits bounds a program. */
export const mostVerbs = 500;

/** Seconds a gather may wait. */
export const longestGatherSeconds = 3_600;

/** Digits one gather may collect. */
export const mostGathered = 128;
