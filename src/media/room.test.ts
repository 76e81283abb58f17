// Rooms on the virtual clock: who hears whom, at what level and from which packet on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Guest, openHall } from '../../test/kit/hall.ts';
import { gaps, worstClick } from '../audio/index.ts';
import type { MemberOptions } from './client.ts';

const open: MemberOptions = { muted: false, deaf: false, tag: '', speakOnlyTo: '', distributeDtmf: false };

/** RMS of a sine of this peak, dBov. */
const sineDbov = (peak: number): number => 20 * Math.log10(peak / 32_768 / Math.SQRT2);
const full = sineDbov(3000);

function assertHears(guest: Guest, hz: number, [from, to]: [number, number]): void {
  const level = guest.level(hz, from, to);
  assert.ok(Math.abs(level - full) < 0.3, `${hz} Hz at ${level.toFixed(1)}`);
}

function assertHearsNot(guest: Guest, hz: number, [from, to]: [number, number]): void {
  const level = guest.level(hz, from, to);
  assert.ok(level < -65, `${hz} Hz at ${level.toFixed(1)}`);
}

test('three members hear the two others, unbroken, and not themselves', async () => {
  const hall = await openHall();
  const { clock, pool } = hall;
  const room = pool.room({ group: 'hall' });
  const guests = [await hall.enter(), await hall.enter(), await hall.enter()];
  const tones = [440, 700, 1100];
  for (const [i, guest] of guests.entries()) {
    await clock.settle(room.join(guest.port, open));
    guest.sing(tones[i]!);
  }
  await clock.runFor(2000);
  const t = clock.now();
  const window: [number, number] = [t - 1000, t];
  for (const [i, guest] of guests.entries()) {
    for (const [k, hz] of tones.entries())
      if (i === k) assertHearsNot(guest, hz, window);
      else assertHears(guest, hz, window);
    const pcm = guest.heard(...window);
    assert.equal(pcm.length, 8000);
    assert.deepEqual(gaps(pcm, 8000, 2), []);
    assert.ok(worstClick(pcm, 8000).ratio < 3, `click ${worstClick(pcm, 8000).ratio}`);
  }
  await clock.settle(room.close());
  await hall.end();
});
