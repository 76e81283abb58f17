// Standard call information: in every hook (app-interfaces.md 2.3, verbs.md 1.2).
import type { Payload } from '../types.ts';
import type { CallFacts } from './types.ts';

export function baseInfo(facts: CallFacts): Payload {
  return {
    callSid: facts.callSid,
    direction: facts.direction,
    from: facts.from,
    to: facts.to,
    callId: facts.callId,
    sbcCallid: facts.sbcCallid ?? facts.callId,
    sipStatus: facts.sipStatus,
    sipReason: facts.sipReason,
    sipReasonHeader: facts.sipReasonHeader,
    callStatus: facts.callStatus,
    callerId: facts.callerId,
    accountSid: facts.accountSid,
    traceId: facts.traceId,
    applicationSid: facts.applicationSid,
    fsSipAddress: facts.fsSipAddress,
    parentCallSid: facts.parentCallSid,
    originatingSipIp: facts.originatingSipIp,
    originatingSipTrunkName: facts.originatingSipTrunkName,
    callTerminationBy: facts.callTerminationBy,
    duration: facts.duration,
    customerData: facts.customerData,
    headers: facts.headers,
    apiBaseUrl: facts.apiBaseUrl,
    fsPublicIp: facts.fsPublicIp,
  };
}
