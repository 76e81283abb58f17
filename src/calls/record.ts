// A call as the API shows it (rest-calls.md 3): flat, snake_case, without what is unknown.
import type { CallFacts } from '../apps/index.ts';

export function callRecord(facts: CallFacts, serviceUrl: string): Record<string, unknown> {
  const record = {
    call_sid: facts.callSid,
    account_sid: facts.accountSid,
    application_sid: facts.applicationSid,
    parent_call_sid: facts.parentCallSid,
    direction: facts.direction,
    from: facts.from,
    to: facts.to,
    call_id: facts.callId,
    sbc_callid: facts.sbcCallid,
    call_status: facts.callStatus,
    sip_status: facts.sipStatus,
    sip_reason: facts.sipReason,
    duration: facts.duration,
    call_termination_by: facts.callTerminationBy,
    caller_id: facts.callerId,
    caller_name: facts.callerName,
    trace_id: facts.traceId,
    originating_sip_ip: facts.originatingSipIp,
    originating_sip_trunk_name: facts.originatingSipTrunkName,
    service_url: serviceUrl,
    fs_sip_address: facts.fsSipAddress,
    fs_public_ip: facts.fsPublicIp,
    api_base_url: facts.apiBaseUrl,
  };
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
