// The call log: each event as a line in the server's log, in words, with the call's sid.
import type { Call, CallEvent, CallEventType } from '../calls/index.ts';
import { explain } from './explain.ts';

/** What the operator should see without asking; the rest is for debugging. */
const warnings = new Set<CallEventType>([
  'hook-failed',
  'program-refused',
  'error',
  'alert',
  'socket-failed',
  'message-refused',
  'command-refused',
]);
const news = new Set<CallEventType>(['created', 'status', 'ended', 'commanded']);

export function logCall(call: Call, event: CallEvent): void {
  const level = warnings.has(event.type) ? 'warn' : news.has(event.type) ? 'info' : 'debug';
  if (!call.log.wants(level)) return;
  call.log[level](explain(event), level === 'debug' ? { ...event } : { event: event.type });
}
