// An outbound call created over REST: dial, then start the application when the far end answers (live-call-control.md 7.3).
import type { HookInput } from '../apps/index.ts';
import { errorText, isRefusal, newSid, type Refusal, refuse } from '../base/index.ts';
import type { ExtraHeaders } from '../sip/index.ts';
import { Call } from './call.ts';
import type { Directory } from './directory.ts';
import { makeFacts } from './facts.ts';
import { firstAnswer } from './first-answer.ts';
import { legHandler } from './leg-handler.ts';
import { ringTimeoutMs } from './limits.ts';
import { outboundPayload } from './session-payload.ts';
import type { CallOwner, CallWorld } from './types.ts';

/** Where and how to dial, chosen by edge/outbound. */
export interface DialTarget {
  uri: string;
  fromUri: string;
  displayName?: string;
  /** What `to` shows in payloads. */
  to: string;
  proxy?: string;
  auth?: { username: string; password: string };
  headers: ExtraHeaders;
}

export interface OutboundOptions {
  world: CallWorld;
  directory: Directory;
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
}

/** Places the call. Resolves once the INVITE is on its way; what becomes of it is told by statuses. */
export async function placeCall(options: OutboundOptions): Promise<{ sid: string; callId: string } | Refusal> {
  const { world, directory, owner, target } = options;
  const full = directory.admits;
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
  const { callHook, statusHook } = options;
  const call = new Call(
    {
      world,
      owner,
      facts,
      callHook,
      ...(statusHook !== undefined && { statusHook }),
      answerHeaders: {},
      onGone: (gone) => directory.remove(gone),
    },
    (self) => legHandler(self, { onAnswered: () => void startApplication(self, options) }),
  );
  call.sipRequestHook = options.sipRequestHook;
  directory.add(call);
  const from = { uri: target.fromUri, ...(target.displayName !== undefined && { displayName: target.displayName }) };
  const { uri, proxy, auth } = target;
  const headers = { ...target.headers, 'X-Call-Sid': callSid };
  const dialling = call.leg.dial({
    uri,
    from,
    headers,
    ...(proxy !== undefined && { proxy }),
    ...(auth && { auth }),
  });
  // What cannot be put into an INVITE must not leave a call behind that nobody ends.
  const placed = await dialling.catch((error: unknown) => refuse('not-placed', errorText(error), { sip: 500 }));
  if (isRefusal(placed)) {
    call.turn('not placed', () =>
      call.finish({ status: 'failed', sipStatus: placed.sip ?? 500, sipReason: placed.reason, by: 'jambonz' }),
    );
    return { ...placed, http: 500 };
  }
  facts.callId = placed.callId;
  directory.knowCallId(call);
  call.turn('dialled', () => call.setStatus('trying', 100, 'Trying'));
  watchRinging(call, options.timeoutMs ?? ringTimeoutMs);
  return { sid: callSid, callId: placed.callId };
}

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
  const answer = await firstAnswer(call, options.appJson, () => outboundPayload(call));
  call.turn('application', () => {
    // A redirect came first and runs already.
    if (call.program.running) return;
    if ('steps' in answer) call.run(answer.steps);
    else call.hangup(answer.refused);
  });
}
