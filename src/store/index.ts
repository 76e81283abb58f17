// store: records that last and facts of live calls.
export { memoryRecords } from './records/memory.ts';
export { type PostgresOptions, postgresRecords } from './records/postgres.ts';
export * from './types.ts';
