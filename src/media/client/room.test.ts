// Rooms on the virtual clock: who hears whom, at what level and from which packet on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertHears, assertHearsNot, full, party, plainMember, smooth } from '../../../test/kit/party.ts';
import { gaps } from '../../audio/index.ts';

test('three members hear the two others, unbroken, and not themselves', async () => {
  const { guests, tones, later, end } = await party([{}, {}, {}]);
  const window = await later(1000);
  for (const [i, guest] of guests.entries()) {
    for (const [k, hz] of tones.entries()) {
      if (i === k) assertHearsNot(guest, hz, window);
      else assertHears(guest, hz, window);
    }
    assert.equal(guest.heard(...window).length, 8000);
    assert.deepEqual(gaps(guest.heard(...window), 8000, 2), []);
    smooth(guest, window);
  }
  await end();
});

test('ten members of all codecs and packet times hear the nine others, each once', async () => {
  const codecs = ['PCMU', 'G722', 'PCMA'];
  const ptimes = [20, 10, 30, 20, 60, 40, 10, 30, 20, 20];
  const entries = ptimes.map((ptimeMs, i) => ({ ptimeMs, codec: codecs[i % 3]! }));
  const { guests, tones, later, end } = await party(entries);
  const window = await later(2000, 300);
  for (const [i, guest] of guests.entries()) {
    for (const [k, hz] of tones.entries()) {
      if (i === k) assertHearsNot(guest, hz, window);
      else assertHears(guest, hz, window);
    }
    const { sampleRate } = guest.peer.codec;
    assert.deepEqual(gaps(guest.heard(...window), sampleRate, 2), []);
    smooth(guest, window);
  }
  await end();
});

test('a member is muted, hears nothing when deaf, and comes back: at once, without a click, at the time that is told', async () => {
  const { hall, guests, members, tones, later, hears, end } = await party([{}, {}, { codec: 'G722' }]);
  const { clock } = hall;
  assert.deepEqual(hears(await later(300)), ['1 2', '0 2', '0 1']);
  const begun = clock.now();
  const muted = await clock.settle(members[0]!.set({ muted: true }));
  assert.ok(muted.at - begun <= 25, `muted after ${muted.at - begun} ms`);
  assert.deepEqual(hears(await later(300, 30)), ['1 2', '2', '1']);
  // The packet that was told of is the first that differs.
  for (const guest of guests.slice(1)) {
    const before = guest.level(tones[0]!, muted.at - 200, muted.at - 20);
    assert.ok(Math.abs(before - full) < 0.3, `${before}`);
    assertHearsNot(guest, tones[0]!, [muted.at + 25, muted.at + 200]);
  }
  const deaf = await clock.settle(members[1]!.set({ deaf: true }));
  assert.deepEqual(hears(await later(300, 30)), ['1 2', '', '1']);
  assert.ok(deaf.at - begun < 400);
  await clock.settle(members[0]!.set({ muted: false }));
  await clock.settle(members[1]!.set({ deaf: false }));
  assert.deepEqual(hears(await later(300, 30)), ['1 2', '0 2', '0 1']);
  for (const guest of guests) smooth(guest, [begun - 100, clock.now()]);
  await end();
});

test('who speaks to a tag is heard by those who carry it, also when tags change live', async () => {
  const { hall, guests, members, later, hears, end } = await party([
    {},
    { tag: 'agent' },
    { codec: 'PCMA' },
    { codec: 'G722', speakOnlyTo: 'agent' },
  ]);
  const { clock } = hall;
  const begun = clock.now();
  assert.deepEqual(hears(await later(300)), ['1 2', '0 2 3', '0 1', '0 1 2']);
  await clock.settle(members[2]!.set({ tag: 'agent' }));
  assert.deepEqual(hears(await later(300, 40)), ['1 2', '0 2 3', '0 1 3', '0 1 2']);
  await clock.settle(members[1]!.set({ tag: '' }));
  assert.deepEqual(hears(await later(300, 40)), ['1 2', '0 2', '0 1 3', '0 1 2']);
  await clock.settle(members[3]!.set({ speakOnlyTo: '' }));
  assert.deepEqual(hears(await later(300, 40)), ['1 2 3', '0 2 3', '0 1 3', '0 1 2']);
  // A coach that carries the tag itself does not hear itself.
  await clock.settle(members[3]!.set({ speakOnlyTo: 'boss', tag: 'boss' }));
  await clock.settle(members[0]!.set({ tag: 'boss' }));
  assert.deepEqual(hears(await later(300, 40)), ['1 2 3', '0 2', '0 1', '0 1 2']);
  for (const guest of guests) smooth(guest, [begun - 100, clock.now()]);
  await end();
});

test('members come and go, and so do ports, without a click for those who stay', async () => {
  const { hall, room, guests, members, later, hears, end } = await party([{}, {}, {}, {}]);
  const { clock } = hall;
  const begun = clock.now();
  await clock.settle(members[1]!.leave());
  assert.deepEqual(hears(await later(200, 50)), ['2 3', '', '0 3', '0 2']);
  await clock.runFor(3);
  await clock.settle(guests[2]!.port.close());
  await later(200, 50);
  assert.deepEqual(hears(await later(200)), ['3', '', '', '0']);
  members[1] = await clock.settle(room.join(guests[1]!.port, plainMember));
  assert.deepEqual(hears(await later(300, 60)), ['1 3', '0 3', '', '0 1']);
  await assert.rejects(room.join(guests[1]!.port, plainMember), { code: 'bridge-busy' });
  await assert.rejects(room.join(guests[2]!.port, plainMember), { code: 'media-port-closed' });
  await assert.rejects(members[2]!.set({ muted: true }), { code: 'room-left' });
  for (const i of [0, 1, 3]) smooth(guests[i]!, [begun - 100, clock.now()]);
  await end();
});

test('a room that closes lets everybody go: they hear nothing more of it, and may join another', async () => {
  const { hall, room, guests, later, hears, end } = await party([{}, {}]);
  const { clock } = hall;
  await clock.settle(room.close());
  assert.deepEqual(hears(await later(300, 50)), ['', '']);
  await assert.rejects(room.join(guests[0]!.port, plainMember), { code: 'room-closed' });
  const other = hall.pool.room({ group: 'other' });
  for (const guest of guests) await clock.settle(other.join(guest.port, plainMember));
  assert.deepEqual(hears(await later(300, 60)), ['1', '0']);
  for (const guest of guests) smooth(guest, [clock.now() - 700, clock.now()]);
  await end();
});

test('a tenth of the packets of one is lost: the others are heard without a flaw, and it too is never away for long', async () => {
  const { hall, guests, tones, later, end } = await party([{}, {}, { codec: 'G722' }]);
  hall.net.link({ from: guests[0]!.peer.socket.local.host }, { lossRate: 0.1 });
  const window = await later(3000);
  for (const i of [1, 2]) {
    const level = guests[i]!.level(tones[0]!, ...window);
    assert.ok(Math.abs(level - full) < 2, `${level}`);
    assertHears(guests[i]!, tones[3 - i]!, window);
  }
  assertHears(guests[0]!, tones[1]!, window);
  await end();
});

test('a voice is on its way at once: jitter buffer, packet times and room together take 40 ms on average, 60 at most', async () => {
  const found: number[] = [];
  for (let phase = 0; phase < 20; phase += 3) {
    const { hall, guests, tones, end } = await party([{}, {}, {}], { phaseMs: 5 + phase });
    const { clock } = hall;
    for (const guest of guests) guest.sing(0);
    await clock.runFor(1000 + phase);
    guests[0]!.sing(tones[0]!);
    const from = clock.now();
    await clock.runFor(300);
    for (const guest of guests.slice(1)) {
      const packets = guest.packets(from, clock.now());
      const first = packets.find(({ at }) => guest.level(tones[0]!, at, at + 1) > full - 10);
      found.push(first!.at - guests[0]!.sangAt);
    }
    for (const guest of guests) guest.peer.heard.splice(0);
    await end();
  }
  const mean = found.reduce((sum, ms) => sum + ms, 0) / found.length;
  const told = `mean ${mean.toFixed(1)}: ${found.map(Math.round).join(' ')}`;
  assert.ok(mean <= 42, told);
  assert.ok(Math.max(...found) <= 60, told);
});
