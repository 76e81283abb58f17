// Hold: a description whose sender does not want to hear us (RFC 3264 8.4; 0.0.0.0 as RFC 2543 had it).
import { isSdpError, parseSdp } from './parse.ts';
import { directionOf } from './section.ts';

/** True for sendonly, inactive and a zero address. What is no SDP, or has no audio, holds nothing. */
export function isHold(text: string): boolean {
  const sdp = parseSdp(text);
  if (isSdpError(sdp)) return false;
  const audio = sdp.media.find((section) => section.kind === 'audio' && section.port !== 0);
  if (!audio) return false;
  const direction = directionOf(sdp, audio);
  return direction === 'sendonly' || direction === 'inactive';
}
