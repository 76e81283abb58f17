// Judging what an independent UA hears: which tones, from which packet on, at what level, with what gaps and clicks.
import assert from 'node:assert/strict';
import { pause, until } from '../until.ts';
import { decode, sineDb } from './g711.ts';
import type { UaCall } from './ua.ts';

/** Louder than this a tone of ours is there; quieter than `absentDb` it is not. Between them nothing may be. */
const presentDb = -30;
const absentDb = -45;
/** Packets that a judgement is made of: 200 ms. */
const windowPackets = 10;
const frameMs = 20;
/** So long a moment is waited for in which this process is not held up. */
const calmMs = 5_000;

/** Level of a tone in the last packets received, dB below a full sine. */
export const levelNow = (call: UaCall, hz: number, packets = windowPackets): number =>
  levelBetween(call, hz, Math.max(0, call.rtp.received.length - packets));

/**
 * Level of a tone in a stretch of packets. Where a sender that did not get the processor left time out, the phase jumps and a tone
 * measured across would seem quieter: what is before and what is after count each by itself.
 */
export function levelBetween({ rtp }: UaCall, hz: number, from: number, to?: number): number {
  const packets = rtp.voice(from, to);
  let power = 0;
  let bytes = 0;
  for (let first = 0, i = 1; i <= packets.length; i++) {
    const before = packets[i - 1]!;
    const follows = ((packets[i]?.timestamp ?? 0) - before.timestamp) >>> 0 === before.bytes.length;
    if (i < packets.length && follows) continue;
    const piece = Buffer.concat(packets.slice(first, i).map((packet) => packet.bytes));
    power += piece.length * 10 ** (sineDb(decode(piece), hz) / 10);
    bytes += piece.length;
    first = i;
  }
  return bytes === 0 ? sineDb(new Int16Array(0), hz) : 10 * Math.log10(power / bytes);
}

/** Level of a tone in one packet. */
export const levelOf = (bytes: Uint8Array, hz: number): number => sineDb(decode(bytes), hz);

/**
 * The same as soon as all of it came while this process had the processor: what its phones say late is heard with holes. On a machine
 * that leaves no such moment, what there is after `calmMs`.
 */
export async function calmLevel(call: UaCall, hz: number, packets = windowPackets): Promise<number> {
  const calm = (): boolean => {
    const first = call.rtp.received.at(-packets);
    return first !== undefined && stalled(call, first.at - wayMs, performance.now()) === 0;
  };
  for (const began = performance.now(); !calm() && performance.now() - began < calmMs; ) await pause(frameMs);
  return levelNow(call, hz, packets);
}

/** Waits until the tone is heard, and alone of those listed. */
export async function hears(call: UaCall, hz: number, not: readonly number[] = [], withinMs = 5_000): Promise<void> {
  const levels = (): string => [hz, ...not].map((one) => `${one} Hz ${levelNow(call, one).toFixed(1)} dB`).join(', ');
  await until(() => levelNow(call, hz) > presentDb && not.every((other) => levelNow(call, other) < absentDb), {
    what: () => `${hz} Hz and not ${not.join(', ')}: ${levels()}`,
    withinMs,
  });
}

/** Waits until none of the tones is heard. */
export async function hearsNot(call: UaCall, tones: readonly number[], withinMs = 5_000): Promise<void> {
  await until(() => tones.every((hz) => levelNow(call, hz) < absentDb), {
    what: () => `silence of ${tones.map((hz) => `${hz} Hz ${levelNow(call, hz).toFixed(1)} dB`).join(', ')}`,
    withinMs,
  });
}

/** Index of the first packet from `from` on in which the tone is present, or absent. */
export function firstWith(call: UaCall, hz: number, from: number, present: boolean): number {
  const at = call.rtp.received.findIndex((packet, index) => {
    if (index < from || packet.payload !== 0) return false;
    const level = levelOf(packet.bytes, hz);
    return present ? level > presentDb : level < absentDb;
  });
  assert.ok(at >= 0, `${hz} Hz was ${present ? 'never heard' : 'heard all the time'}`);
  return at;
}

/** How long this process itself was kept waiting meanwhile, ms: it hears late what came then, and its phones said nothing. */
const stalled = ({ rtp }: UaCall, since: number, until: number): number =>
  rtp.stalls.filter(({ at }) => at > since && at <= until + 5).reduce((sum, { ms }) => sum + ms, 0);

/** Longest stretch without a packet from index `from` on, ms, less the stalls of this process. */
export function longestGap(call: UaCall, from: number, to = call.rtp.received.length): number {
  const times = call.rtp.received.slice(from, to).map(({ at }) => at);
  return Math.max(0, ...times.slice(1).map((at, i) => at - times[i]! - stalled(call, times[i]!, at)));
}

/** What a phone of ours says is heard so long after at most, ms. */
const wayMs = 150;

/** Longest stretch in which the tone is missing, ms, by media time, less the stalls of this process, whose phones say the tone. */
export function longestHole(call: UaCall, hz: number, from: number, to = call.rtp.received.length): number {
  let longest = 0;
  let missing = 0;
  let since = 0;
  for (const packet of call.rtp.received.slice(from, to)) {
    if (packet.payload !== 0) continue;
    // Half packets: a hole of 30 ms shows in at least two of them.
    for (const half of [packet.bytes.subarray(0, 80), packet.bytes.subarray(80)]) {
      const present = levelOf(half, hz) > presentDb;
      if (missing === 0) since = packet.at - wayMs;
      missing = present ? 0 : missing + half.length / 8;
      if (missing > longest) longest = Math.max(longest, missing - stalled(call, since, packet.at));
    }
  }
  return longest;
}
