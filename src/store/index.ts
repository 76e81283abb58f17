// store: records that last and facts of live calls.
export { type Embedded, type EmbeddedOptions, startEmbedded } from './embedded.ts';
export { freshAccount, freshApplication } from './fresh.ts';
export { cacheRecords } from './records/cached.ts';
export { memoryRecords } from './records/memory.ts';
export { type PostgresOptions, postgresRecords } from './records/postgres.ts';
export { checkPassword, hashPassword, newApiToken, newWebhookSecret } from './secrets.ts';
export * from './types.ts';
