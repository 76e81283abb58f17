// Limits of the store, each with its reason.

/** Connections to PostgreSQL: API requests are short, and the embedded database is kept small. */
export const poolConnections = 8;
/** An idle connection costs the database about 2 MB; a quiet server keeps few. */
export const poolIdleMs = 10_000;
/** A database that takes longer to accept a connection is treated as away. */
export const connectTimeoutMs = 5_000;
/** No query of ours is slow; one that hangs must not hold an API request or a call for long. */
export const statementTimeoutMs = 10_000;
/** Another server may be migrating: long enough for that, short enough to be noticed. */
export const migrationLockMs = 60_000;

/** The embedded database is ready in 0.1 s; after a crash it first replays what it had not written out, at most `walBytes` of it. */
export const startMs = 60_000;
/** A fast shutdown takes 20 ms; longer means it hangs, and it is stopped the hard way (it recovers at the next start). */
export const stopMs = 3_000;
/** How long the next start waits for a database whose server died: it is ending by itself. */
export const orphanMs = 10_000;
/** How often a process that is to end is looked at. */
export const orphanPollMs = 20;
/** Kept lines of what a database program wrote, to explain its failure. */
export const complaintLines = 20;
/** Pause before the embedded database is started again after it died by itself, doubled up to the second number. */
export const restartMs = [500, 30_000] as const;

/** scrypt: 16 MB and about 50 ms for each try at a password, at a login only. */
export const passwordCost = { N: 16_384, r: 8, p: 1 };

/** How long a read account or application is taken for true: long enough for a rush of calls, short enough to forget. */
export const cacheFreshMs = 1_000;

/** Records kept for that second, per kind: about 2 KB each. */
export const cachedRecords = 1_000;
