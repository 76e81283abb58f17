// An inbound call, from INVITE to its first verb (live-call-control.md 5, 7.2).
import type { CallFacts } from '../../apps/index.ts';
import { newSid } from '../../base/index.ts';
import { type IncomingInvite, type NameAddr, parseNameAddr, type SipRequest } from '../../sip/index.ts';
import { type FirstAnswer, firstAnswer } from '../application/first-answer.ts';
import { hookOf } from '../application/hook-of.ts';
import { inboundPayload } from '../application/session-payload.ts';
import { Call } from '../call.ts';
import { legHandler } from '../far-end/leg-handler.ts';
import type { CallOwner, CallWorld } from '../types.ts';
import { makeFacts } from './facts.ts';

export interface InboundOptions {
  world: CallWorld;
  owner: CallOwner;
  invite: IncomingInvite;
  /** Name of the carrier or gateway it came through. */
  trunkName?: string;
}

/** Takes the call: asks its application, then runs what it answers. */
export function receiveCall(options: InboundOptions): Call | undefined {
  const { world, owner, invite } = options;
  const application = owner.application;
  if (!application?.call_hook && !application?.app_json) {
    invite.reject(480, undefined, { headers: { 'X-Reason': 'no configured application' } });
    return undefined;
  }
  const callSid = newSid(world.random);
  const facts = inboundFacts(options, callSid);
  const answerHeaders = {
    'X-Call-Sid': callSid,
    'X-Application-Sid': application.application_sid,
    'X-Trace-ID': facts.traceId,
  };
  const statusHook = application.call_status_hook ? hookOf(application.call_status_hook) : undefined;
  const hooks = {
    callHook: application.call_hook ? hookOf(application.call_hook) : '',
    ...(statusHook && { statusHook }),
  };
  const call = new Call({ world, owner, facts, hooks, answerHeaders }, legHandler);
  world.directory.add(call);
  world.directory.knowCallId(call);
  call.leg.receive(invite);
  const appJson = application.app_json ?? undefined;
  void firstAnswer(call, appJson, () => inboundPayload(call, invite.request)).then((answer) =>
    call.turn('application', () => begin(call, answer)),
  );
  return call;
}

function begin(call: Call, answer: FirstAnswer): void {
  // A redirect came first and runs already: it is newer than what the application was asked at the beginning.
  if (call.ended || call.program.running) return;
  if ('steps' in answer) {
    call.setStatus('trying', 100, 'Trying');
    return call.run(answer.steps);
  }
  const sipStatus = call.world.settings.webhookErrorStatus;
  call.conclude({ reason: answer.refused, refusal: { sipStatus }, socketCode: 1001 });
}

/** rest-calls.md 3, sip-edge.md IC-1: the called number is the Request-URI's user; the caller is P-Asserted-Identity, else From. */
function inboundFacts({ world, owner, invite, trunkName }: InboundOptions, callSid: string): CallFacts {
  const { request, peer } = invite;
  const caller = callerOf(request);
  return makeFacts(world, owner, {
    callSid,
    direction: 'inbound',
    serviceProviderSid: owner.account.service_provider_sid,
    from: caller.uri.user ?? 'anonymous',
    to: request.uri.user ?? '',
    callerName: caller.displayName ?? '',
    callId: invite.callId,
    sbcCallid: invite.callId,
    originatingSipIp: peer.host,
    ...(trunkName !== undefined && { originatingSipTrunkName: trunkName }),
  });
}

/** Who the network says is calling, else who the caller says it is. */
function callerOf(request: SipRequest): NameAddr {
  const asserted = request.values('P-Asserted-Identity')[0];
  if (asserted === undefined) return request.from;
  try {
    return parseNameAddr(asserted);
  } catch {
    return request.from;
  }
}
