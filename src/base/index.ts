// base: what every room may use. No telephony word in here.
export * from './clock.ts';
export * from './errors.ts';
export * from './files.ts';
export * from './log.ts';
export * from './mailbox.ts';
export * from './network.ts';
export * from './objects.ts';
export * from './random.ts';
export * from './scope.ts';
export * from './sid.ts';
