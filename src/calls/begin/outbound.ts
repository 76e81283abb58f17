// An outbound call created over REST: dial, then start the application when the far end answers (live-call-control.md 7.3).
import type { HookInput } from '../../apps/index.ts';
import { isRefusal, newSid, type Refusal } from '../../base/index.ts';
import type { ExtraHeaders } from '../../sip/index.ts';
import { type AmdInput, detectOnOwnLeg } from '../amd/index.ts';
import { firstAnswer } from '../application/first-answer.ts';
import { outboundPayload } from '../application/session-payload.ts';
import { Call } from '../call.ts';
import { legHandler } from '../far-end/leg-handler.ts';
import { ringTimeoutMs } from '../limits.ts';
import type { CallOwner, CallWorld } from '../types.ts';
import { makeFacts } from './facts.ts';
import { type DialTarget, place } from './place.ts';

export interface OutboundOptions {
  world: CallWorld;
  owner: CallOwner;
  from: string;
  target: DialTarget;
  callHook: HookInput;
  statusHook?: HookInput;
  appJson?: string;
  tag?: Record<string, unknown>;
  timeoutMs?: number;
  timeLimitMs?: number;
  sipRequestHook?: HookInput;
  referHook?: HookInput;
  amd?: AmdInput;
}

/** Places the call. Resolves once the INVITE is on its way; what becomes of it is told by statuses. */
export async function placeCall(options: OutboundOptions): Promise<{ sid: string; callId: string } | Refusal> {
  const { world, owner, target, callHook, statusHook } = options;
  const full = world.directory.admits;
  if (full) return { ...full, http: 503 };
  const callSid = newSid(world.random);
  const facts = makeFacts(world, owner, {
    callSid,
    direction: 'outbound',
    from: options.from,
    to: target.to,
    callId: '',
  });
  if (options.tag) facts.customerData = options.tag;
  const hooks = { callHook, ...(statusHook !== undefined && { statusHook }) };
  const call = new Call({ world, owner, facts, hooks }, (self) =>
    legHandler(self, { onAnswered: () => void startApplication(self, options) }),
  );
  if (options.referHook !== undefined) call.inDialog.referHook = options.referHook;
  if (options.sipRequestHook !== undefined) call.inDialog.requestHook = options.sipRequestHook;
  world.directory.add(call);
  const placed = await place(call, { ...target, headers: { ...target.headers, ...recordingHeader(owner) } });
  if (isRefusal(placed)) return { ...placed, http: 500 };
  watchRinging(call, options.timeoutMs ?? ringTimeoutMs);
  return { sid: callSid, callId: placed.callId };
}

/** sip-edge.md 14: whoever is called from here learns that the call is recorded from its beginning. */
const recordingHeader = ({ account, application }: CallOwner): ExtraHeaders =>
  account.record_all_calls || application?.record_all_calls ? { 'X-Record-All-Calls': account.record_format } : {};

function watchRinging(call: Call, timeoutMs: number): void {
  const timer = call.clock.after(timeoutMs, () =>
    call.turn('ring timeout', () => {
      if (!call.leg.answered) call.hangup();
    }),
  );
  call.leg.scope.defer(() => timer.cancel());
}

async function startApplication(call: Call, options: OutboundOptions): Promise<void> {
  if (options.timeLimitMs !== undefined) {
    const timer = call.clock.after(options.timeLimitMs, () =>
      call.turn('time limit', () => call.hangup('Max Call Duration')),
    );
    call.leg.scope.defer(() => timer.cancel());
  }
  if (options.amd) detectOnOwnLeg(call, options.amd, { name: 'rest:dial' });
  // Until the application has answered nothing has run out, whatever else its hooks answer.
  call.redirects.waiting++;
  const answer = await firstAnswer(call, options.appJson, () => outboundPayload(call));
  call.turn('application', () => {
    call.redirects.waiting--;
    // A redirect came first and runs already.
    if (call.program.running) return;
    if ('steps' in answer) call.run(answer.steps);
    else call.hangup(answer.refused);
  });
}
