// A party for tests: guests of a hall in one room, each with a tone of its own, and what may be said of what they hear.
import assert from 'node:assert/strict';
import { worstClick } from '../../src/audio/index.ts';
import type { MediaRoom, MemberOptions, RoomMember } from '../../src/media/client.ts';
import { type Guest, type Hall, openHall } from './hall.ts';
import type { MediaStageOptions } from './media-stage.ts';

/** Nothing special. */
export const plainMember: MemberOptions = {
  muted: false,
  deaf: false,
  tag: '',
  speakOnlyTo: '',
  distributeDtmf: false,
};

/** RMS of a sine of this peak, dBov. */
export const sineDbov = (peak: number): number => 20 * Math.log10(peak / 32_768 / Math.SQRT2);
/** What each guest says, dBov. */
export const full = sineDbov(3000);

export function assertHears(guest: Guest, hz: number, [from, to]: [number, number]): void {
  const level = guest.level(hz, from, to);
  assert.ok(Math.abs(level - full) < 0.3, `${hz} Hz at ${level.toFixed(1)}`);
}

export function assertHearsNot(guest: Guest, hz: number, [from, to]: [number, number]): void {
  const level = guest.level(hz, from, to);
  assert.ok(level < -65, `${hz} Hz at ${level.toFixed(1)}`);
}

/** No click in what it heard. */
export const smooth = (guest: Guest, [from, to]: [number, number], most = 3.2): void => {
  const { sampleRate } = guest.peer.codec;
  const pcm = guest.heard(from, to);
  assert.ok(pcm.length > 0, 'nothing was heard');
  const click = worstClick(pcm, sampleRate);
  assert.ok(click.ratio < most, `click ${click.ratio.toFixed(2)} at ${((click.at * 1000) / sampleRate).toFixed(1)} ms`);
};

/** One stream, in sequence, a packet every packet time. */
export function assertPaced(guest: Guest): void {
  const packets = guest.peer.heard;
  for (let i = 1; i < packets.length; i++) {
    const [a, b] = [packets[i - 1]!, packets[i]!];
    assert.equal(b.ssrc, a.ssrc);
    assert.equal(b.sequence, (a.sequence + 1) & 0xffff);
    assert.equal((b.timestamp - a.timestamp) >>> 0, guest.ptimeMs * 8);
  }
}

export interface Party {
  hall: Hall;
  room: MediaRoom;
  guests: Guest[];
  members: RoomMember[];
  tones: number[];
  /** Lets time go by; gives its window without the first `settleMs`. */
  later(ms: number, settleMs?: number): Promise<[number, number]>;
  /** Who hears whom, in all of the window: a line of tone numbers for each guest. */
  hears(window: [number, number]): string[];
  end(): Promise<void>;
}

/** Ports of a group of its own live where there is most room. */
export type Entry = { codec?: string; ptimeMs?: number; group?: string } & Partial<MemberOptions>;

/** Guests in a room, each with a tone of its own. */
export async function party(
  entries: Entry[],
  { phaseMs = 7, ...options }: MediaStageOptions & { phaseMs?: number } = {},
): Promise<Party> {
  const hall = await openHall(options);
  const { clock, pool } = hall;
  const room = pool.room({ group: 'hall' });
  const guests: Guest[] = [];
  const members: RoomMember[] = [];
  const tones = [440, 560, 700, 860, 1100, 1340, 1620, 1900, 2240, 2600].slice(0, entries.length);
  for (const [i, { codec, ptimeMs, group, ...flags }] of entries.entries()) {
    // Another phase of the 20 ms for each.
    await clock.runFor(phaseMs);
    const guest = await hall.enter({
      ...(codec ? { codec } : {}),
      ...(ptimeMs ? { ptimeMs } : {}),
      ...(group ? { port: { group } } : {}),
    });
    guest.sing(tones[i]!);
    guests.push(guest);
    members.push(await clock.settle(room.join(guest.port, { ...plainMember, ...flags })));
  }
  await clock.runFor(4000);
  return {
    hall,
    room,
    guests,
    members,
    tones,
    async later(ms, settleMs = 0) {
      const from = clock.now();
      await clock.runFor(ms);
      return [from + settleMs, clock.now()];
    },
    hears: (window) =>
      guests.map((guest) =>
        tones.flatMap((hz, i) => (Math.abs(guest.level(hz, ...window) - full) < 0.4 ? [i] : [])).join(' '),
      ),
    async end() {
      await clock.settle(room.close());
      for (const guest of guests) assertPaced(guest);
      await hall.end();
    },
  };
}
