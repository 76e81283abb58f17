// Ending a call from our side: BYE when it is answered, CANCEL when it still rings there, else a final response.
import { reasonPhrase } from '../sip/index.ts';
import type { Call } from './call.ts';
import type { CallEnd, Conclusion } from './call-types.ts';

/** Sends what the call's state asks for. `said` resolves when the far end has answered it. */
export function conclude(call: Call, conclusion: Conclusion): { end: CallEnd; said: Promise<void> } {
  const { refusal } = conclusion;
  const { mediaRefusal } = call;
  const reason = conclusion.reason ?? (call.leg.answered ? undefined : mediaRefusal?.reason);
  const headers = { ...(reason !== undefined && { 'X-Reason': reason }), ...conclusion.headers };
  if (call.leg.answered) {
    const end: CallEnd = { status: 'completed', sipStatus: 200, sipReason: 'OK', by: 'jambonz' };
    return { end, said: call.leg.hangup(headers) };
  }
  if (call.facts.direction === 'outbound') {
    const end: CallEnd = { status: 'no-answer', sipStatus: 487, sipReason: 'Request Terminated', by: 'jambonz' };
    return { end, said: call.leg.hangup(headers) };
  }
  const { sipStatus = mediaRefusal?.sip ?? 603, sipReason, status = 'failed' } = refusal ?? {};
  call.leg.reject(sipStatus, sipReason, headers);
  return {
    end: { status, sipStatus, sipReason: sipReason ?? reasonPhrase(sipStatus), by: 'jambonz' },
    said: Promise.resolve(),
  };
}
