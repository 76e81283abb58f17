// Answers an offer (RFC 3264 6): one audio stream, one codec, telephone-event; every other section is declined in its place.
import { isRefusal, type Refusal } from '../base/index.ts';
import {
  agreed,
  audioSection,
  comfortNoiseOf,
  dtmfFmtp,
  dtmfOf,
  isPassed,
  no,
  readTheirs,
  receivable,
  rejectedSection,
  type Theirs,
  understand,
} from './agree.ts';
import { type Format, sameCodec } from './formats.ts';
import { agreeDirection, directionOf, hasAttribute } from './section.ts';
import { type Said, say } from './session.ts';
import type { AgreedMedia, LocalMedia, SdpSession, SessionDescription } from './types.ts';

export interface Answered extends Said {
  media: AgreedMedia;
}

/**
 * The answer to a first or a later offer. A refusal (sip 488 with the reason, 400 for what is no SDP) leaves the session as
 * it was. A section's direction, ptime and rtcp-mux follow the offer; payload numbers are the offer's.
 */
export function answerOffer(
  offer: string | SessionDescription,
  local: LocalMedia,
  session: SdpSession,
): Answered | Refusal {
  const theirSdp = understand(offer);
  if (isRefusal(theirSdp)) return theirSdp;
  const picked = pickAudio(theirSdp, local, session.sent !== undefined);
  if (isRefusal(picked)) return picked;
  const { index, theirs } = picked;
  const direction = agreeDirection(directionOf(theirSdp, theirs.section), local.direction ?? 'sendrecv');
  const rtcpMux = (local.rtcpMux ?? false) && hasAttribute(theirs.section, 'rtcp-mux');
  const formats = answeredFormats(theirs, local);
  const media = agreed(theirs, local, { direction, rtcpMux, receive: receivable(formats) });
  const ours = audioSection({
    port: theirs.section.port === 0 ? 0 : local.port,
    protocol: theirs.section.protocol,
    formats,
    ptimeMs: media.ptimeMs,
    direction,
    rtcpMux,
  });
  const said = say(session, {
    address: local.address,
    media: theirSdp.media.map((section, i) => (i === index ? ours : rejectedSection(section))),
    audioSection: index,
    meanings: [theirs.section],
  });
  return { ...said, media };
}

/** The codec, telephone-event and comfort noise, under the offer's numbers, or those of whose media it is. */
function answeredFormats(theirs: Theirs, local: LocalMedia): Format[] {
  const ours = local.codecs.find((c) => sameCodec(theirs.codec, c));
  const number = isPassed(local) && ours ? ours.payloadType : theirs.codec.payloadType;
  const formats: Format[] = [{ ...theirs.codec, payloadType: number, fmtp: ours?.fmtp }];
  const comfortNoise = comfortNoiseOf(theirs, local);
  if (comfortNoise) formats.push({ ...comfortNoise, fmtp: undefined });
  const dtmf = dtmfOf(theirs, local);
  if (dtmf) formats.push({ ...dtmf, payloadType: local.dtmfPayloadType ?? dtmf.payloadType, fmtp: dtmfFmtp });
  return formats;
}

/**
 * The first audio section that is of use; when none is, the first one's fault. One on port 0 counts only in a session that had
 * audio: there it switches it off.
 */
function pickAudio(
  offer: SessionDescription,
  local: LocalMedia,
  established: boolean,
): { index: number; theirs: Theirs } | Refusal {
  let refusal: Refusal | undefined;
  let switchedOff: { index: number; theirs: Theirs } | undefined;
  for (const [index, section] of offer.media.entries()) {
    if (section.kind !== 'audio') continue;
    const theirs = readTheirs(offer, section, local, (formats) => chooseCodec(formats, local));
    if (isRefusal(theirs)) refusal ??= theirs;
    else if (section.port !== 0) return { index, theirs };
    else switchedOff ??= { index, theirs };
  }
  if (established && switchedOff) return switchedOff;
  return refusal ?? no('sdp-no-audio', 'the offer has no audio stream');
}

/** Exactly one codec, so that both sides send the same: the first of our list that is offered, or of theirs that we have. */
function chooseCodec(formats: readonly Format[], local: LocalMedia): Format | undefined {
  if (local.preference === 'offerer') return formats.find((f) => local.codecs.some((c) => sameCodec(f, c)));
  for (const codec of local.codecs) {
    const found = formats.find((f) => sameCodec(f, codec));
    if (found) return found;
  }
  return undefined;
}
