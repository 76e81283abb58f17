// The call log: each event as a line in the server's log, in words, with the call's sid.
import type { Call, CallEvent, CallEventType } from '../calls/index.ts';
import { explain } from './explain.ts';

/** What the operator should see without asking; the rest is for debugging. */
const warnings = new Set<CallEventType>([
  'hook-failed',
  'program-refused',
  'options-unknown',
  'error',
  'alert',
  'socket-failed',
  'message-refused',
  'command-refused',
  'verb-skipped',
]);
/** What repeats in other words what another event has just said. */
const echoes = new Set<CallEventType>(['alert', 'program-refused', 'verb-skipped']);
const news = new Set<CallEventType>(['created', 'status', 'ended', 'commanded', 'dial', 'refer']);

export function logCall(call: Call, event: CallEvent): void {
  const level = isTrouble(call, event) ? 'warn' : news.has(event.type) ? 'info' : 'debug';
  if (!call.log.wants(level)) return;
  call.log[level](explain(event), level === 'debug' ? { ...event } : { event: event.type });
}

function isTrouble(call: Call, event: CallEvent): boolean {
  if (event.type === 'play-finished') return event.reason === 'failed';
  if (event.type === 'hook-answered') return event.unread !== undefined;
  return warnings.has(event.type) && !(echoes.has(event.type) && isEcho(call, event));
}

/** How many events back a failure may lie whose echo this is. */
const echoDistance = 3;

function isEcho(call: Call, event: CallEvent): boolean {
  const before = call.events.all.filter((each) => each !== event).slice(-echoDistance);
  return before.some((each) => textOf(each) === textOf(event));
}

const textOf = ({ message, reason }: CallEvent): unknown => message ?? reason;
