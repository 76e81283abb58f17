// Rooms on the virtual clock: what is played to all, digits, who talks, what a leg plays for itself, and a worker's death.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHall } from '../../../test/kit/hall.ts';
import { assertHears, full, party, plainMember, sineDbov, smooth } from '../../../test/kit/party.ts';
import { gaps, sine, toneLevelDbov } from '../../audio/index.ts';
import { every } from '../../base/index.ts';
import type { SimWsPeer } from '../../base/sim/index.ts';
import type { AudioSource, PlayOptions } from '../client.ts';

const tone = (hz: number, ms = 10_000): AudioSource => ({ kind: 'url', url: `tone_stream://v=-12;%(${ms},0,${hz})` });
const prompt: PlayOptions = { layer: 'prompt', loop: 1 };

test('what is played to a room is heard by all that are not deaf, with the voices; several at once, each with its gain', async () => {
  const { hall, room, guests, tones, later, hears, end } = await party([{}, { codec: 'G722' }, { deaf: true }]);
  const { clock } = hall;
  const begun = clock.now();
  const events: string[] = [];
  const first = room.play([tone(3000)], { loop: 1 });
  first.onEvent = ({ type }) => events.push(type);
  await clock.runFor(100);
  const window = await later(500, 40);
  const level = guests[0]!.level(3000, ...window);
  for (const [i, guest] of guests.entries()) {
    const heard = guest.level(3000, ...window);
    if (i === 2) assert.ok(heard < -65, `${heard}`);
    else assert.ok(Math.abs(heard - level) < 0.3 && heard > -30, `${heard}`);
  }
  const second = room.play([tone(3300)], { loop: 1, gainDb: -6 });
  await clock.runFor(100);
  const both = await later(500, 40);
  assert.ok(Math.abs(guests[1]!.level(3300, ...both) - level + 6) < 0.4);
  assert.ok(Math.abs(guests[1]!.level(3000, ...both) - level) < 0.3);
  assert.deepEqual(hears(both), ['1 2', '0 2', '']);
  assertHears(guests[0]!, tones[1]!, both);
  first.stop();
  const result = await clock.settle(first.done);
  assert.equal(result.reason, 'stopped');
  assert.ok(result.playedMs > 1000 && result.playedMs < 1300, `${result.playedMs}`);
  const after = await later(300, 50);
  assert.ok(guests[0]!.level(3000, ...after) < -65);
  assert.ok(guests[0]!.level(3300, ...after) > -40);
  assert.equal((await clock.settle(second.done)).reason, 'completed');
  assert.deepEqual(events, ['started']);
  for (const guest of guests.slice(0, 2)) smooth(guest, [begun - 100, clock.now()]);
  await end();
});

test('a playback to a room is as long as its source, loops, and one that cannot be had says why', async () => {
  const { hall, room, end } = await party([{}, {}]);
  const { clock } = hall;
  const looped = await clock.settle(room.play([tone(3000, 300), tone(3300, 200)], { loop: 3 }).done);
  assert.deepEqual(looped, { reason: 'completed', playedMs: 1500, lastOffsetSamples: 4000 });
  const failed = await clock.settle(room.play([{ kind: 'url', url: 'http://nobody.test/x.wav' }], { loop: 1 }).done);
  assert.equal(failed.reason, 'failed');
  assert.match(failed.fault?.code ?? '', /^http-/);
  const many = Array.from({ length: 17 }, () => room.play([tone(3000)], { loop: 1 }));
  assert.equal((await clock.settle(many[16]!.done)).fault?.code, 'play-too-many');
  await clock.settle(room.close());
  for (const one of many.slice(0, 16)) assert.equal((await clock.settle(one.done)).reason, 'stopped');
  await end();
});

test('a prompt or whisper covers the room for that member alone, and the room is back after it', async () => {
  const { hall, guests, tones, later, hears, end } = await party([{}, {}, { codec: 'G722' }]);
  const { clock } = hall;
  const begun = clock.now();
  const playback = guests[0]!.port.play([tone(3000, 500)], prompt);
  assert.deepEqual(hears(await later(400, 60)), ['', '0 2', '0 1']);
  assert.ok(guests[0]!.level(3000, clock.now() - 300, clock.now()) > -30);
  await clock.settle(playback.done);
  assert.deepEqual(hears(await later(300, 40)), ['1 2', '0 2', '0 1']);
  assertHears(guests[0]!, tones[1]!, [clock.now() - 200, clock.now()]);
  for (const guest of guests) {
    smooth(guest, [begun - 100, clock.now()]);
    const { sampleRate } = guest.peer.codec;
    assert.deepEqual(gaps(guest.heard(begun - 100, clock.now()), sampleRate, 6), []);
  }
  await end();
});

test('digits of a member reach the others that hear it, when they shall', async () => {
  const { hall, guests, members, end } = await party([{ distributeDtmf: true }, {}, { deaf: true }, { tag: 'agent' }]);
  const { clock } = hall;
  const press = async (digit: number): Promise<string[]> => {
    const from = clock.now();
    guests[0]!.press(digit);
    await clock.runFor(600);
    return guests.map((guest) => guest.digits(from));
  };
  assert.deepEqual(await press(5), ['', '5', '', '5']);
  await clock.settle(members[0]!.set({ speakOnlyTo: 'agent' }));
  assert.deepEqual(await press(6), ['', '', '', '6']);
  await clock.settle(members[0]!.set({ speakOnlyTo: '', muted: true }));
  assert.deepEqual(await press(7), ['', '', '', '']);
  await clock.settle(members[0]!.set({ muted: false, distributeDtmf: false }));
  assert.deepEqual(await press(8), ['', '', '', '']);
  // A leg that is muted itself says nothing at all.
  await clock.settle(members[0]!.set({ distributeDtmf: true }));
  await clock.settle(guests[0]!.port.setMuted(true));
  assert.deepEqual(await press(9), ['', '', '', '']);
  for (const guest of guests) guest.peer.heard.splice(0);
  await end();
});

test('who talks is told, to the port and to the room; who is muted in the room does not talk there', async () => {
  const { hall, room, members, later, end } = await party([{}, {}]);
  const { clock } = hall;
  const guest = await hall.enter();
  const told: string[] = [];
  guest.sing(0);
  const member = await clock.settle(
    room.join(guest.port, { ...plainMember, onTalking: (talking) => told.push(`member ${talking}`) }),
  );
  const stop = guest.port.talk.watch((talking) => told.push(`port ${talking}`));
  await later(1000);
  assert.deepEqual(told.splice(0), []);
  guest.sing(500);
  await later(300);
  assert.deepEqual(told.splice(0).sort(), ['member true', 'port true']);
  await clock.settle(member.set({ muted: true }));
  assert.deepEqual(told.splice(0), ['member false']);
  await clock.settle(member.set({ muted: false }));
  assert.deepEqual(told.splice(0), ['member true']);
  guest.sing(0);
  await later(1000);
  assert.deepEqual(told.splice(0).sort(), ['member false', 'port false']);
  stop();
  guest.sing(500);
  await later(300);
  assert.deepEqual(told.splice(0), ['member true']);
  await clock.settle(guest.port.close());
  assert.deepEqual(told, ['member true', 'member false'].slice(1));
  assert.equal(members.length, 2);
  await end();
});

test('a worker dies: room, members, flags, what plays and who is watched are there again in the next one', async () => {
  const { hall, room, guests, members, later, hears, end } = await party([{}, { muted: true }, { codec: 'G722' }]);
  const { clock, links } = hall;
  const told: boolean[] = [];
  guests[1]!.port.talk.watch((talking) => told.push(talking));
  const playback = room.play([tone(3000, 8000)], { loop: 1 });
  await clock.runFor(2000);
  assert.deepEqual(told.splice(0), [true]);
  links[0]!.kill();
  const changed = members[0]!.set({ tag: 'x' });
  await clock.settle(changed);
  await later(1500);
  assert.deepEqual(hears(await later(500)), ['2', '0 2', '0']);
  assert.ok(guests[0]!.level(3000, clock.now() - 300, clock.now()) > -30);
  assert.deepEqual(told, [false, true]);
  const result = await clock.settle(playback.done);
  assert.equal(result.reason, 'completed');
  assert.ok(Math.abs(result.playedMs - 8000) < 100, `${result.playedMs}`);
  await clock.settle(members[1]!.set({ muted: false }));
  assert.deepEqual(hears(await later(300, 40)), ['1 2', '0 2', '0 1']);
  for (const guest of guests) guest.peer.heard.splice(0);
  await end();
});

test('many loud voices are bent towards full scale and not cut, and the quiet come out as they are', async () => {
  const { hall, guests, end } = await party([{}, {}, {}, {}, {}]);
  for (const [i, guest] of guests.entries()) guest.sing([440, 560, 700, 860, 1100][i]!, 20_000);
  await hall.clock.runFor(1500);
  const t = hall.clock.now();
  const pcm = guests[0]!.heard(t - 1000, t);
  let most = 0;
  for (const x of pcm) most = Math.max(most, Math.abs(x));
  assert.ok(most > 30_000 && most <= 32_767, `${most}`);
  const level = guests[0]!.level(560, t - 1000, t);
  assert.ok(level > sineDbov(20_000) - 6 && level < sineDbov(20_000), `${level} dBov`);
  assert.ok(full < level);
  await end();
});

test('members of two workers are in one room: voices, flags, digits, prompts, and either worker may die', async () => {
  const { hall, room, guests, members, tones, later, hears, end } = await party(
    [{}, { group: 'far', codec: 'G722' }, { distributeDtmf: true }, { group: 'far', codec: 'PCMA' }],
    { workers: 2 },
  );
  const { clock, links, pool } = hall;
  assert.deepEqual(
    pool.workers.map(({ ports }) => ports > 2),
    [true, true],
  );
  const window = await later(1000);
  assert.deepEqual(hears(window), ['1 2 3', '0 2 3', '0 1 3', '0 1 2']);
  for (const guest of guests) smooth(guest, window);
  const muted = await clock.settle(members[1]!.set({ muted: true }));
  assert.deepEqual(hears(await later(300, 60)), ['2 3', '0 2 3', '0 3', '0 2']);
  assert.ok(guests[0]!.level(tones[1]!, muted.at - 200, muted.at - 20) > full - 0.4);
  await clock.settle(members[1]!.set({ muted: false, deaf: true }));
  assert.deepEqual(hears(await later(300, 60)), ['1 2 3', '', '0 1 3', '0 1 2']);
  await clock.settle(members[1]!.set({ deaf: false }));
  const pressed = clock.now();
  guests[2]!.press(5);
  await later(600);
  assert.deepEqual(
    guests.map((guest) => guest.digits(pressed)),
    ['5', '5', '', '5'],
  );
  const playback = room.play([tone(3000, 1000)], { loop: 1 });
  await clock.runFor(300);
  assert.ok(guests[1]!.level(3000, clock.now() - 150, clock.now()) > -30);
  assert.equal((await clock.settle(playback.done)).reason, 'completed');
  for (const link of [links[0]!, links[1]!]) {
    link.kill();
    await later(4000);
    assert.deepEqual(hears(await later(500)), ['1 2 3', '0 2 3', '0 1 3', '0 1 2']);
  }
  await clock.settle(members[3]!.leave());
  assert.deepEqual(hears(await later(300, 60)), ['1 2', '0 2', '0 1', '']);
  await clock.settle(guests[1]!.port.close());
  await later(100);
  assert.deepEqual(hears(await later(300)), ['2', '', '0', '']);
  assert.equal(pool.stats().ports, 4, 'the pipes are gone');
  for (const guest of guests) guest.peer.heard.splice(0);
  await end();
});

test('a room streams its public voices and what is played to it, and hears what comes back; a coach is private', async () => {
  const { hall, room, guests, tones, later, hears, end } = await party([
    {},
    { codec: 'G722' },
    { tag: 'agent' },
    { speakOnlyTo: 'agent' },
  ]);
  const { clock, net, links } = hall;
  const chunks: Uint8Array[] = [];
  let server: SimWsPeer | undefined;
  net.serveWs('ws://listener.test/room', (peer) => {
    server = peer;
    peer.onMessage = (data) => {
      if (typeof data !== 'string') chunks.push(data);
    };
  });
  const stream = room.stream({
    url: 'ws://listener.test/room',
    mix: 'mono',
    sampleRate: 16_000,
    hello: { room: 'x' },
    back: 'streaming',
    backSampleRate: 8000,
  });
  await later(500);
  chunks.splice(0);
  const song = sine({ hz: 3000, amplitude: 3000, samples: 8000, sampleRate: 8000 });
  let sent = 0;
  const singing = every(clock, 20, () => {
    server?.send(new Uint8Array(song.slice((sent * 160) % 8000, ((sent++ * 160) % 8000) + 160).buffer));
  });
  const window = await later(1500, 500);
  singing.cancel();
  const bytes = Buffer.concat(chunks);
  const pcm = Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i));
  assert.ok(Math.abs(pcm.length - 24_000) <= 640, `${pcm.length}`);
  assert.deepEqual(gaps(pcm, 16_000, 2), []);
  for (const [i, hz] of tones.entries()) {
    const level = toneLevelDbov(pcm, hz, 16_000);
    if (i === 3) assert.ok(level < -60, `${hz} Hz at ${level}`);
    else assert.ok(Math.abs(level - full) < 0.3, `${hz} Hz at ${level}`);
  }
  assert.ok(toneLevelDbov(pcm, 3000, 16_000) < -60, 'it does not hear itself');
  for (const guest of guests) assertHears(guest, 3000, window);
  assert.deepEqual(hears(window), ['1 2', '0 2', '0 1 3', '0 1 2']);
  links[0]!.kill();
  await later(3000);
  chunks.splice(0);
  await later(1000);
  assert.ok(Buffer.concat(chunks).length > 28_000, 'it goes on from the next worker');
  await clock.settle(room.close());
  assert.equal((await clock.settle(stream.done)).reason, 'stopped');
  for (const guest of guests) guest.peer.heard.splice(0);
  await end();
});

test('a pipe that cannot be kept is laid anew', async () => {
  const { hall, guests, members, later, hears, end } = await party([{}, { group: 'far' }, { group: 'far' }], {
    workers: 2,
  });
  const { clock, links, pool } = hall;
  assert.deepEqual(hears(await later(300)), ['1 2', '0 2', '0 1']);
  // The room's worker dies again and again: its legs and the pipes' ends there are given up.
  const lost: string[] = [];
  guests[0]!.port.onWorkerLoss = (outcome) => lost.push(outcome);
  const home = pool.workers.findIndex(({ ports }) => ports === 3);
  for (let i = 0; i < 4; i++) {
    (i === 0 ? links[home]! : links.at(-1)!).kill();
    await later(3000);
  }
  assert.equal(lost.at(-1), 'lost');
  await later(4000);
  assert.deepEqual(hears(await later(500)), ['', '2', '1']);
  await clock.settle(members[2]!.set({ muted: true }));
  assert.deepEqual(hears(await later(300, 60)), ['', '', '1']);
  for (const guest of guests) guest.peer.heard.splice(0);
  await end();
});

test('who talks is told on a bridged leg too, and its packets are forwarded all the same', async () => {
  const hall = await openHall();
  const { clock, pool } = hall;
  const [a, b] = [await hall.enter(), await hall.enter()];
  const bridge = await clock.settle(pool.bridge(a.port, b.port));
  for (const guest of [a, b]) guest.sing(0);
  await clock.runFor(2000);
  const told: boolean[] = [];
  a.port.talk.watch((talking) => told.push(talking));
  await clock.runFor(1000);
  assert.deepEqual(told, []);
  a.sing(440);
  await clock.runFor(1000);
  assert.deepEqual(told, [true]);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
  a.sing(0);
  await clock.runFor(1000);
  assert.deepEqual(told, [true, false]);
  await clock.settle(bridge.close());
  await hall.end();
});
