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

/** Characters of a reason phrase or of an alert: they stand in one header line. */
export const longestLine = 500;

/** Seconds a gather may wait. */
export const longestGatherSeconds = 3_600;

/** Digits one gather may collect. */
export const mostGathered = 128;

/** Characters of the name of a conference or queue. */
export const longestName = 200;

/** Seconds a conference may outlive the member that ends it. */
export const longestGraceSeconds = 86_400;

/** Seconds a dequeue may wait for a caller; 0 waits for ever. */
export const longestQueueWaitSeconds = 86_400;

/** Seconds a dial may ring, or its bridge may last. */
export const longestDialSeconds = 86_400;

/** Legs one dial rings at once (verbs.md 5.1). */
export const mostTargets = 10;

/** Ring time of a dial without `timeout`, in seconds (verbs.md 5.1). */
export const ringSeconds = 60;

/** Between two rounds of an onHoldHook's verbs: a hook that answers with next to nothing is not asked without end. */
export const holdRoundMs = 500;

/** Digits further apart than this do not belong to one pattern of a dtmfCapture (verbs.md 5.8). */
export const captureGapMs = 3_000;

/** Finals that one gather joins to one result; a speaker who does not stop gets his turn ended. */
export const mostFinals = 200;

/** Seconds one listen may last: a day, as with pauses. */
export const longestListenSeconds = 86_400;

/** A call without verbs is kept so long for the result of what somebody has begun to say or to press (config.bargeIn). */
export const bargeInPatienceMs = 10_000;

/** A voice that must last longer than this to count is a mistake in units. */
export const longestVoiceMs = 10_000;

/** Unknown names inside a verb's options that are told: more of them say nothing new. */
export const mostStrangePaths = 10;

/** The longest of amd's timers: no greeting is nearly so long. */
export const longestAmdMs = 600_000;

/** Words or digits of a greeting that may be counted to. */
export const mostAmdWords = 1_000;
