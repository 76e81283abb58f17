// The media room's door for the main process: a pool of workers, and ports that carry the legs' audio.
export type { RecognitionEvent, RecognizerChoice, Transcript } from '../speech/index.ts';
export { createMediaPool, type MediaPoolOptions } from './client/pool.ts';
export type { PortRange } from './client/port-numbers.ts';
export { codecNames } from './client/port-session.ts';
export * from './joined-types.ts';
export { inlineWorker, type Served, type StartWorker, type WorkerLink } from './link.ts';
export { type ProcessWorkerOptions, processWorker, type Welcome } from './process-link.ts';
export * from './tap-types.ts';
export * from './types.ts';
