// payloads: what applications are sent, one file per callback.
export * from './base.ts';
export * from './session-new.ts';
export * from './types.ts';
