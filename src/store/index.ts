// store: records that last and facts of live calls.
export * from './types.ts';
