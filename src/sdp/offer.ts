// Makes offers (RFC 3264 5, 8) and reads the answers to them.
import { isRefusal, type Refusal } from '../base/index.ts';
import {
  agreed,
  audioSection,
  dtmfFmtp,
  isPassed,
  no,
  readTheirs,
  receivable,
  rejectedSection,
  understand,
} from './agree.ts';
import { comfortNoise, type Format, formatsOf, sameCodec, telephoneEvent } from './formats.ts';
import { defaultPtimeMs } from './limits.ts';
import { agreeDirection, directionOf, hasAttribute } from './section.ts';
import { isFree, payloadTypeFor, type Said, say } from './session.ts';
import type { AgreedMedia, LocalMedia, MediaSection, SdpSession, SessionDescription } from './types.ts';

/** The number most devices use for telephone-event. */
const usualDtmfPayloadType = 101;
const comfortNoisePayloadType = 13;

/** Our offer, with all our codecs in our order. In a running session its sections keep their places, the foreign ones on port 0. */
export function makeOffer(local: LocalMedia, session: SdpSession): Said {
  const audio = audioSection({
    port: local.port,
    protocol: session.sections[session.audioSection]?.protocol ?? 'RTP/AVP',
    formats: offeredFormats(local, session),
    ptimeMs: local.ptimeMs ?? defaultPtimeMs,
    direction: local.direction ?? 'sendrecv',
    rtcpMux: local.rtcpMux ?? false,
  });
  const shapes = session.sections;
  const media =
    shapes.length === 0 ? [audio] : shapes.map((s, i) => (i === session.audioSection ? audio : rejectedSection(s)));
  return say(session, { address: local.address, media, audioSection: session.audioSection, meanings: [audio] });
}

/** Why another party's numbers cannot be said in our session: one of them has had another meaning there (RFC 3264 8.3.2). */
export function passRefusal(local: LocalMedia, session: SdpSession): Refusal | undefined {
  const taken = offeredFormats(local, session).find((format) => !isFree(session, format));
  return taken && no('sdp-number', `payload type ${taken.payloadType} cannot mean ${taken.name} in this session`);
}

function offeredFormats(local: LocalMedia, session: SdpSession): Format[] {
  const formats: Format[] = [];
  const taken = new Set<number>();
  const add = (codec: Omit<Format, 'channels'> & { channels?: number | undefined }): void => {
    const format = { ...codec, channels: codec.channels ?? 1 };
    const payloadType = isPassed(local) ? format.payloadType : payloadTypeFor(session, format, taken);
    taken.add(payloadType);
    formats.push({ ...format, payloadType });
  };
  for (const { name, clockRate, payloadType, channels, fmtp } of local.codecs)
    add({ name, clockRate, payloadType, channels, fmtp });
  if (local.comfortNoise && local.codecs.some((c) => c.clockRate === 8000))
    add({ name: comfortNoise, clockRate: 8000, payloadType: comfortNoisePayloadType, fmtp: undefined });
  if (local.dtmf) {
    const clocks = new Set(local.codecs.map((c) => c.clockRate));
    for (const clockRate of clocks)
      add({
        name: telephoneEvent,
        clockRate,
        payloadType: local.dtmfPayloadType ?? usualDtmfPayloadType,
        fmtp: dtmfFmtp,
      });
  }
  return formats;
}

/**
 * What the far end's answer to our offer means. The codec is the first of its list that we offered. A refusal (sip 488, 400 for
 * what is no SDP) says why the session cannot be.
 */
export function applyAnswer(
  offer: SessionDescription,
  answer: string | SessionDescription,
  local: LocalMedia,
): AgreedMedia | Refusal {
  const theirSdp = understand(answer);
  if (isRefusal(theirSdp)) return theirSdp;
  const index = offer.media.findIndex((m) => m.kind === 'audio' && m.port !== 0);
  const ours = offer.media[index];
  const section = theirSdp.media[index];
  if (!ours || section?.kind !== 'audio') return no('sdp-answer', 'the answer has no audio where it was offered');
  if (section.port === 0) return no('sdp-declined', 'the far end declined the audio');
  const offered = formatsOf(ours);
  const answered = withMeanings(section, ours);
  const theirs = readTheirs(theirSdp, answered, local, (formats) =>
    formats.find((f) => local.codecs.some((c) => sameCodec(f, c)) && offered.some((o) => sameCodec(f, o))),
  );
  if (isRefusal(theirs)) return theirs;
  const rtcpMux = hasAttribute(ours, 'rtcp-mux') && hasAttribute(section, 'rtcp-mux');
  const weOffered = directionOf(offer, ours);
  return agreed(theirs, local, {
    direction: agreeDirection(directionOf(theirSdp, section), weOffered),
    rtcpMux,
    receive: receivable(mayCome(offered, theirs.formats)),
  });
}

/** Some devices answer a dynamic number without its rtpmap: it then means what it meant in the offer. */
function withMeanings(answer: MediaSection, offer: MediaSection): MediaSection {
  const said = new Set(formatsOf(answer).map((f) => String(f.payloadType)));
  const silent = answer.formats.filter((f) => !said.has(f));
  if (silent.length === 0) return answer;
  const borrowed = offer.attributes.filter((a) => a.name === 'rtpmap' && silent.includes(a.value?.split(' ')[0] ?? ''));
  return { ...answer, attributes: [...answer.attributes, ...borrowed] };
}

/** Our numbers for what the answer lists, and its own numbers where they differ and are free: some send with those. */
function mayCome(offered: readonly Format[], answered: readonly Format[]): Format[] {
  const common = offered.filter((o) => answered.some((a) => sameCodec(a, o)));
  const taken = new Set(offered.map((o) => o.payloadType));
  const theirOwn = answered.filter((a) => !taken.has(a.payloadType) && common.some((o) => sameCodec(a, o)));
  return [...common, ...theirOwn];
}
