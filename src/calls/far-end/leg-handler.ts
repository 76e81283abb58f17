// What a leg's happenings mean to its call: each becomes one of the call's turns.
import type { SipRequest, SipResponse } from '../../sip/index.ts';
import type { Call } from '../call.ts';
import type { CallEnd } from '../call-types.ts';
import type { LegEnd, LegHandler } from '../leg/types.ts';
import { statusOfFailure } from '../status.ts';
import { customHeaders } from './in-dialog.ts';

/** What who placed a call does besides. Each is called in a turn of the call. */
export interface LegHandlerOptions {
  onRinging?(call: Call, withMedia: boolean): void;
  onEarlyMedia?(call: Call): void;
  /** An outgoing leg was answered: the application may start. */
  onAnswered?(call: Call): void;
}

export function legHandler(call: Call, options: LegHandlerOptions = {}): LegHandler {
  return {
    onRinging: (response, withMedia) =>
      call.turn('ringing', () => {
        call.setStatus(withMedia ? 'early-media' : 'ringing', response.status, response.reason);
        if (!call.ended) options.onRinging?.(call, withMedia);
      }),
    onEarlyMedia: () =>
      call.turn('early media', () => {
        if (!call.ended) options.onEarlyMedia?.(call);
      }),
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
    onRequest: (request) => call.turn('in-dialog request', () => call.inDialog.request(request)),
    onHold: (held, message) => call.turn('hold', () => call.inDialog.held(held, message)),
    onRefer: (refer) => {
      if (!call.turn('refer', () => void call.inDialog.refer(refer))) refer.reject(481);
    },
    onEnd: (end) => call.turn('leg ended', () => call.finish(callEnd(call, end))),
  };
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
        ...wordsOf(end.request),
      };
    case 'cancelled':
      return {
        status: 'no-answer',
        sipStatus: 487,
        sipReason: 'Request Terminated',
        by: 'caller',
        ...wordsOf(end.request),
      };
    case 'refused':
      return {
        status: statusOfFailure(end.status, call.parent !== undefined),
        sipStatus: end.status,
        sipReason: end.reason,
        // Its silence is the far end's too; what could not even be sent is not.
        by: end.response || end.status === 408 ? 'caller' : 'jambonz',
        ...(end.response && wordsOf(end.response)),
      };
    case 'fault':
      return call.facts.callStatus === 'in-progress'
        ? { status: 'completed', sipStatus: end.status, sipReason: end.reason, by: 'jambonz' }
        : { status: 'failed', sipStatus: end.status, sipReason: end.reason, by: 'jambonz' };
  }
}

/** Why, in the far end's own words. */
function wordsOf(message: SipRequest | SipResponse): Pick<CallEnd, 'reasonHeader' | 'said'> {
  const reasons = message.values('Reason');
  const said = message.header('X-Reason') ?? reasons[0];
  return { ...(reasons.length > 0 && { reasonHeader: reasons.join(',') }), ...(said !== undefined && { said }) };
}
