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
