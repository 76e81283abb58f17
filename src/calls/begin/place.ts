// Placing a call: the INVITE of a call that was made for it, or its end when none can be sent.
import { errorText, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import type { CodecWish } from '../../media/client.ts';
import { type ExtraHeaders, reasonPhrase } from '../../sip/index.ts';
import type { Call } from '../call.ts';

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
  /** The codecs to offer, where it matters. */
  codecs?: CodecWish;
}

/** Resolves once the INVITE is on its way: from then on the call's statuses tell what becomes of it. After a Refusal the call is over. */
export async function place(call: Call, target: DialTarget): Promise<{ callId: string } | Refusal> {
  const { uri, proxy, auth, displayName, fromUri, codecs } = target;
  const dialling = call.leg.dial(
    {
      uri,
      from: { uri: fromUri, ...(displayName !== undefined && { displayName }) },
      headers: { ...target.headers, 'X-Call-Sid': call.sid },
      ...(proxy !== undefined && { proxy }),
      ...(auth && { auth }),
    },
    codecs,
  );
  // What cannot be put into an INVITE must not leave a call behind that nobody ends.
  const placed = await dialling.catch((error: unknown) => refuse('not-placed', errorText(error), { sip: 500 }));
  if (isRefusal(placed)) {
    call.turn('not placed', () => fail(call, placed));
    return placed;
  }
  call.facts.callId = placed.callId;
  call.world.directory.knowCallId(call);
  call.turn('dialled', () => call.setStatus('trying', 100, 'Trying'));
  return placed;
}

/** The call ends before it was sent anywhere. */
export function fail(call: Call, { sip = 500, reason }: Refusal): void {
  call.finish({ status: 'failed', sipStatus: sip, sipReason: reason || reasonPhrase(sip), by: 'jambonz' });
}
