// INVITE with Replaces (RFC 3891): another far end takes the place of one of ours, in the same call with the same audio.
import { errorText, isRefusal, type Refusal, refuse } from '../../base/index.ts';
import {
  type IncomingInvite,
  isSipParseError,
  type Params,
  parseParams,
  reasonPhrase,
  type SipRequest,
} from '../../sip/index.ts';
import { takeMedia } from '../bridge/media-path.ts';
import type { Call } from '../call.ts';
import type { Directory } from '../directory.ts';

interface Replaces {
  callId: string;
  /** Of the dialog, seen from us. */
  localTag: string;
  remoteTag: string;
  earlyOnly: boolean;
}

/** Undefined: an INVITE like others. A refusal when the header makes no sense, or Join stands beside it (RFC 3891 3). */
export function readReplaces(request: SipRequest): Replaces | Refusal | undefined {
  const values = request.values('Replaces');
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1 || request.header('Join') !== undefined) return bad('Replaces stands alone, and once');
  const [callId = ''] = value.split(';', 1);
  const params = paramsOf(value.slice(callId.length));
  const [localTag, remoteTag] = [params?.get('to-tag'), params?.get('from-tag')];
  if (!params || !localTag || !remoteTag || callId.trim() === '')
    return bad('Replaces needs a Call-ID, a to-tag and a from-tag');
  return { callId: callId.trim(), localTag, remoteTag, earlyOnly: params.has('early-only') };
}

function paramsOf(text: string): Params | undefined {
  try {
    return parseParams(text);
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return undefined;
  }
}

export interface ReplaceOptions {
  invite: IncomingInvite;
  directory: Directory;
  /** May this caller act for the call's account? Who comes from where the replaced far end is may. */
  mayActFor(call: Call): Promise<boolean>;
}

/** Answers an INVITE with Replaces; false when it is one without. */
export async function replaceFarEnd({ invite, directory, mayActFor }: ReplaceOptions): Promise<boolean> {
  const replaces = readReplaces(invite.request);
  if (replaces === undefined) return false;
  const call = isRefusal(replaces) ? replaces : find(directory, replaces);
  const refusal = isRefusal(call) ? call : await takeOver(call, invite, mayActFor);
  if (refusal && invite.state === 'proceeding') {
    const status = refusal.sip ?? 488;
    invite.reject(status, reasonPhrase(status), { headers: { 'X-Reason': refusal.reason } });
  }
  return true;
}

/** RFC 3891 3: what is not there, or rings, is 481; what is over 603; what talks already, asked for while it rings, 486. */
function find(directory: Directory, { callId, localTag, remoteTag, earlyOnly }: Replaces): Call | Refusal {
  const call = directory.byCallId(callId);
  const dialog = call?.leg.dialogId;
  if (!call || dialog?.localTag !== localTag || dialog.remoteTag !== remoteTag) return unknown();
  if (call.ended) return refuse('call-gone', 'the call to be replaced is over', { sip: 603 });
  if (earlyOnly) return refuse('answered', 'the call to be replaced has been answered', { sip: 486 });
  return call;
}

async function takeOver(
  call: Call,
  invite: IncomingInvite,
  mayActFor: ReplaceOptions['mayActFor'],
): Promise<Refusal | undefined> {
  if (invite.peer.host !== call.leg.dialogId?.peer.host && !(await mayActFor(call))) return unknown();
  // The other far end must talk to us before another can take this one's place.
  const failure = await takeMedia(call)?.then(
    () => undefined,
    (error: unknown) => refuse('media-path', errorText(error), { sip: 480 }),
  );
  if (failure) return failure;
  const refusal = await call.leg.takeOver(invite);
  if (refusal) return refusal;
  call.facts.callId = invite.callId;
  call.world.directory.knowCallId(call);
  call.events.append('replaced', { peer: invite.peer.host, from: invite.request.header('From') });
  return undefined;
}

/** The same words for what is not there and for what is nobody's business. */
const unknown = (): Refusal => refuse('replaces-unknown', 'there is no such call to be replaced', { sip: 481 });
const bad = (reason: string): Refusal => refuse('replaces-malformed', reason, { sip: 400 });
