// Rooms on the virtual clock: what is played to all, digits, who talks, what a leg plays for itself, and a worker's death.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertHears, full, party, plainMember, sineDbov, smooth } from '../../test/kit/party.ts';
import { gaps } from '../audio/index.ts';
import type { AudioSource, PlayOptions } from './client.ts';

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
    const { peer, port } = guests[0]!;
    // The event's packets have one timestamp; they come at once, so that no audio falls between them.
    for (const end of [0, 0x80, 0x80, 0x80]) {
      peer.send(port.local, Uint8Array.of(digit, end | 10, 800 >> 8, 800 & 0xff), { payloadType: 101, advance: 0 });
    }
    await clock.runFor(600);
    return guests.map(({ peer: { heard } }) => {
      const events = heard.filter((p) => p.at >= from && p.payloadType === 101);
      return [...new Set(events.map((p) => String(p.payload[0])))].join(' ');
    });
  };
  assert.deepEqual(await press(5), ['', '5', '', '5']);
  await clock.settle(members[0]!.set({ speakOnlyTo: 'agent' }));
  assert.deepEqual(await press(6), ['', '', '', '6']);
  await clock.settle(members[0]!.set({ speakOnlyTo: '', muted: true }));
  assert.deepEqual(await press(7), ['', '', '', '']);
  await clock.settle(members[0]!.set({ muted: false, distributeDtmf: false }));
  assert.deepEqual(await press(8), ['', '', '', '']);
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
  guest.port.watchTalking((talking) => told.push(`port ${talking}`));
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
  guest.port.watchTalking(undefined);
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
  guests[1]!.port.watchTalking((talking) => told.push(talking));
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
