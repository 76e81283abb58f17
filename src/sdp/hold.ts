// Hold: a description whose sender does not want to hear us (RFC 3264 8.4; 0.0.0.0 as RFC 2543 had it).
import { isSdpError, parseSdp } from './parse.ts';
import { directionOf } from './section.ts';
import type { Direction } from './types.ts';

/** True for sendonly, inactive and a zero address. What is no SDP, or has no audio, holds nothing. */
export function isHold(text: string): boolean {
  const direction = audioDirection(text);
  return direction === 'sendonly' || direction === 'inactive';
}

/** What the sender of a description does with its audio. */
export function audioDirection(text: string): Direction | undefined {
  const sdp = parseSdp(text);
  if (isSdpError(sdp)) return undefined;
  const audio = sdp.media.find((section) => section.kind === 'audio' && section.port !== 0);
  return audio && directionOf(sdp, audio);
}
