// What a leg's happenings mean to its call: each becomes one of the call's turns.
import type { SipRequest } from '../sip/index.ts';
import type { Call, CallEnd } from './call.ts';
import type { LegEnd, LegHandler } from './leg-types.ts';
import { statusOfFailure } from './status.ts';

export interface LegHandlerOptions {
  /** An outgoing leg was answered: the application may start. */
  onAnswered?(call: Call): void;
}

export function legHandler(call: Call, options: LegHandlerOptions = {}): LegHandler {
  return {
    onRinging: (response, withMedia) =>
      call.turn('ringing', () =>
        call.setStatus(withMedia ? 'early-media' : 'ringing', response.status, response.reason),
      ),
    onAnswered: () =>
      call.turn('answered', () => {
        if (call.ended) return;
        call.markAnswered();
        options.onAnswered?.(call);
      }),
    onDigit: (digit, durationMs, source) =>
      call.turn('digit', () => {
        if (call.ended) return;
        const heard = call.digits.hear(digit, durationMs, source);
        call.events.append('digit', { digit, duration_ms: durationMs, source, ...(!heard && { repeated: true }) });
      }),
    onRequest: (request) => call.turn('in-dialog request', () => passOn(call, request)),
    onEnd: (end) => call.turn('leg ended', () => call.finish(callEnd(call, end))),
  };
}

/** live-call-control.md 7.6: INFO, MESSAGE and NOTIFY go to the hook that config named; verbs in its answer replace the application. */
function passOn(call: Call, request: SipRequest): void {
  const hook = call.sipRequestHook;
  if (hook === undefined || call.ended) return;
  const payload = call.payload({
    sipMethod: request.method,
    sipBody: Buffer.from(request.body).toString('utf8'),
    sipHeaders: customHeaders(request),
  });
  call.conversation.ask('verb:hook', hook, payload).then(
    (answer) => call.turn('in-dialog hook answered', () => call.applyAnswer(answer)),
    () => {},
  );
}

function callEnd(call: Call, end: LegEnd): CallEnd {
  switch (end.how) {
    case 'bye':
      return {
        status: 'completed',
        sipStatus: 200,
        sipReason: 'OK',
        by: 'caller',
        headers: customHeaders(end.request),
      };
    case 'cancelled':
      return { status: 'no-answer', sipStatus: 487, sipReason: 'Request Terminated', by: 'caller' };
    case 'refused':
      return { status: statusOfFailure(end.status), sipStatus: end.status, sipReason: end.reason, by: 'caller' };
    case 'fault':
      return call.facts.callStatus === 'in-progress'
        ? { status: 'completed', sipStatus: end.status, sipReason: end.reason, by: 'jambonz' }
        : { status: 'failed', sipStatus: end.status, sipReason: end.reason, by: 'jambonz' };
  }
}

const routine = new Set(
  'via from to call-id cseq max-forwards content-length content-type contact route record-route authorization proxy-authorization www-authenticate proxy-authenticate'.split(
    ' ',
  ),
);

/** Headers of a request without those of its routing (app-interfaces.md 2.3). */
export function customHeaders(request: SipRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.lines) if (!routine.has(name.toLowerCase())) headers[name] = value;
  return headers;
}
