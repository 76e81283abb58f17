// Those who hear the same are sent the same, made once; what one alone hears is in nobody else's audio.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Guest } from '../../test/kit/hall.ts';
import { assertHears, assertHearsNot, full, type Party, party, smooth } from '../../test/kit/party.ts';
import type { AudioSource } from './client.ts';

const tone = (hz: number): AudioSource => ({ kind: 'url', url: `tone_stream://%(4000,0,${hz})` });

/** Two who speak, eight who listen: of these, the first four have their frames in the slots of the last four. */
async function audience(): Promise<Party & { first: Guest[]; last: Guest[] }> {
  const made = await party(Array.from({ length: 10 }, () => ({})));
  for (const guest of made.guests.slice(2)) guest.sing(0);
  await made.later(300);
  return { ...made, first: made.guests.slice(2, 6), last: made.guests.slice(6) };
}

/** The window's packets of two that leave together, which they must. */
function together(a: Guest, b: Guest, [from, to]: [number, number]): [Uint8Array, Uint8Array][] {
  const others = new Map(b.packets(from, to).map(({ at, payload }) => [at, payload]));
  const pairs = a.packets(from, to).flatMap(({ at, payload }): [Uint8Array, Uint8Array][] => {
    const other = others.get(at);
    return other ? [[payload, other]] : [];
  });
  assert.ok(pairs.length >= (to - from) / 20 - 1, `only ${pairs.length} packets leave together`);
  return pairs;
}

test('who only listens is sent byte for byte what the others are, and who speaks is not', async () => {
  const { guests, tones, first, last, later, end } = await audience();
  const window = await later(400);
  for (const [i, guest] of first.entries()) {
    for (const [mine, other] of together(guest, last[i]!, window)) assert.deepEqual(mine, other);
    assertHears(guest, tones[0]!, window);
    assertHears(guest, tones[1]!, window);
  }
  assertHears(guests[0]!, tones[1]!, window);
  assertHearsNot(guests[0]!, tones[0]!, window);
  // One of them says something, and then no more.
  first[0]!.sing(tones[2]!);
  const speaks = await later(400, 60);
  assertHearsNot(first[0]!, tones[2]!, speaks);
  assertHears(last[0]!, tones[2]!, speaks);
  first[0]!.sing(0);
  const listens = await later(400, 100);
  for (const [mine, other] of together(first[0]!, last[0]!, listens)) assert.deepEqual(mine, other);
  for (const guest of [first[0]!, last[0]!]) smooth(guest, [window[0], listens[1]]);
  await end();
});

for (const which of ['first', 'last'] as const) {
  test(`gain, whisper, dub track and coaching of the ${which} of a slot are heard by nobody else`, async () => {
    const made = await audience();
    const { hall, guests, members, tones, later, end } = made;
    const { clock } = hall;
    const changed = made[which];
    const plain = made[which === 'first' ? 'last' : 'first'];
    const [louder, whispered, dubbed, coached] = changed as [Guest, Guest, Guest, Guest];
    const begun = clock.now();
    await clock.settle(louder.port.setGain(6));
    const whisper = whispered.port.play([tone(3000)], { layer: 'whisper', loop: 1 });
    const dub = dubbed.port.play([tone(3300)], { layer: 'track', track: 'music', loop: 1 });
    await clock.settle(members[guests.indexOf(coached)]!.set({ tag: 'boss' }));
    await clock.settle(members[1]!.set({ speakOnlyTo: 'boss' }));
    const window = await later(500, 60);
    for (const guest of plain) {
      assertHears(guest, tones[0]!, window);
      for (const hz of [tones[1]!, 3000, 3300]) assertHearsNot(guest, hz, window);
    }
    assert.ok(Math.abs(louder.level(tones[0]!, ...window) - full - 6) < 0.3);
    assertHearsNot(whispered, tones[0]!, window);
    assert.ok(whispered.level(3000, ...window) > -30);
    assertHears(dubbed, tones[0]!, window);
    assert.ok(dubbed.level(3300, ...window) > -30);
    assertHears(coached, tones[0]!, window);
    assertHears(coached, tones[1]!, window);
    for (const guest of [louder, whispered, dubbed]) assertHearsNot(guest, tones[1]!, window);
    // And back: they hear what the others hear.
    await clock.settle(louder.port.setGain(0));
    whisper.stop();
    dub.stop();
    await clock.settle(members[1]!.set({ speakOnlyTo: '' }));
    const after = await later(600, 200);
    for (const [i, guest] of changed.entries())
      for (const [mine, other] of together(guest, plain[i]!, after)) assert.deepEqual(mine, other);
    for (const guest of plain) smooth(guest, [begun, clock.now()]);
    await end();
  });
}
