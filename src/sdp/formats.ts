// Payload types of one media section: what each number means (RFC 3551 6, rtpmap, fmtp).
import type { LocalCodec, MediaSection } from './types.ts';

export interface Format {
  payloadType: number;
  name: string;
  clockRate: number;
  channels: number;
  fmtp: string | undefined;
}

/** Static audio payload types (RFC 3551 table 4) that need no rtpmap. */
const staticTypes: Readonly<Record<number, readonly [name: string, clockRate: number]>> = {
  0: ['PCMU', 8000],
  3: ['GSM', 8000],
  4: ['G723', 8000],
  7: ['LPC', 8000],
  8: ['PCMA', 8000],
  9: ['G722', 8000],
  12: ['QCELP', 8000],
  13: ['CN', 8000],
  15: ['G728', 8000],
  18: ['G729', 8000],
};

export const telephoneEvent = 'telephone-event';
export const comfortNoise = 'CN';

/** The value that `a=name:<payload type> value` gives each payload type. */
function byPayloadType(section: MediaSection, name: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const attribute of section.attributes) {
    if (attribute.name !== name || attribute.value === undefined) continue;
    const match = /^(\d{1,3})\s+(.*)$/.exec(attribute.value);
    // The first counts: a number has one meaning per section.
    if (match && !found.has(Number(match[1]))) found.set(Number(match[1]), match[2]!.trim());
  }
  return found;
}

function meaning(payloadType: number, rtpmap: string | undefined): [string, number, number] | undefined {
  const match = /^([^\s/]+)\s*\/\s*(\d{1,9})(?:\/(\d{1,3}))?/.exec(rtpmap ?? '');
  if (!match) {
    const known = staticTypes[payloadType];
    return known && [known[0], known[1], 1];
  }
  const [, name, clock, channels] = match;
  // RFC 3551 4.5.2: G.722 samples at 16 kHz, yet its RTP clock is 8000 by an old mistake, which some devices "correct".
  const clockRate = name!.toUpperCase() === 'G722' ? 8000 : Number(clock);
  return [name!, clockRate, Number(channels ?? 1)];
}

/** The section's formats in its order; numbers without a meaning (dynamic, no rtpmap) are left out. */
export function formatsOf(section: MediaSection): Format[] {
  const rtpmaps = byPayloadType(section, 'rtpmap');
  const fmtps = byPayloadType(section, 'fmtp');
  const formats: Format[] = [];
  for (const text of section.formats) {
    const payloadType = Number(text);
    if (!/^\d{1,3}$/.test(text) || payloadType > 127) continue;
    if (formats.some((f) => f.payloadType === payloadType)) continue;
    const found = meaning(payloadType, rtpmaps.get(payloadType));
    if (!found) continue;
    const [name, clockRate, channels] = found;
    formats.push({ payloadType, name, clockRate, channels, fmtp: fmtps.get(payloadType) });
  }
  return formats;
}

/** Names are case-insensitive (RFC 4855 3). */
export const isNamed = (format: { name: string }, name: string): boolean =>
  format.name.toLowerCase() === name.toLowerCase();

export const sameCodec = (format: Format, codec: Pick<LocalCodec, 'name' | 'clockRate' | 'channels'>): boolean =>
  isNamed(format, codec.name) && format.clockRate === codec.clockRate && format.channels === (codec.channels ?? 1);

/** The telephone-event format that goes with a codec: of its clock (RFC 4733 2.1), else 8000 Hz, else any. */
export function dtmfFor(formats: readonly Format[], clockRate: number): Format | undefined {
  const events = formats.filter((f) => isNamed(f, telephoneEvent));
  return events.find((f) => f.clockRate === clockRate) ?? events.find((f) => f.clockRate === 8000) ?? events[0];
}

/** Comfort noise fits a codec of its own clock only (RFC 3389 4). */
export const comfortNoiseFor = (formats: readonly Format[], clockRate: number): Format | undefined =>
  formats.find((f) => isNamed(f, comfortNoise) && f.clockRate === clockRate);

/** `a=rtpmap` value: `0 PCMU/8000`, with channels when there are more than one. */
export const rtpmapValue = (f: Omit<Format, 'fmtp'>): string =>
  `${f.payloadType} ${f.name}/${f.clockRate}${f.channels > 1 ? `/${f.channels}` : ''}`;
