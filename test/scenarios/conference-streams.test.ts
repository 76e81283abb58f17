// Streams of a conference on the virtual clock: the mix, each member, over REST; what comes back, and what they never hear.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { SimWsPeer } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { channels } from '../kit/recorded.ts';
import { type Json, type Scene, scene, sidOf } from '../kit/scene.ts';
import { type SingerName, singer, song, songDbov, whoHears } from '../kit/singers.ts';

const url = 'ws://ear.example/fork';

/** One connection of the server that listens. */
interface Fork {
  peer: SimWsPeer;
  hello: Json;
  texts: Json[];
  closed: boolean;
  bytes: number;
  /** Songs in the last 300 ms. */
  hears(): string;
  level(hz: number): number;
}

function serve(s: Scene): Fork[] {
  const forks: Fork[] = [];
  s.stage.net.serveWs(url, (peer) => {
    const heard: Buffer[] = [];
    const fork: Fork = { peer, hello: {}, texts: [], closed: false, bytes: 0, hears: () => '', level: () => 0 };
    fork.level = (hz) => {
      const rate = Number(fork.hello.sampleRate ?? 8_000);
      const all = Buffer.concat(heard);
      const samples = Math.floor(rate * 0.3);
      const last = all.subarray(Math.max(0, all.length - 2 * samples));
      return toneLevelDbov(
        Int16Array.from({ length: last.length / 2 }, (_, i) => last.readInt16LE(2 * i)),
        hz,
        rate,
      );
    };
    fork.hears = () => (Object.keys(song) as SingerName[]).filter((name) => fork.level(song[name]) > -30).join(' ');
    peer.onMessage = (data) => {
      if (typeof data !== 'string') {
        fork.bytes += data.length;
        return void heard.push(Buffer.from(data));
      }
      if (fork.texts.push(JSON.parse(data) as Json) === 1) fork.hello = fork.texts[0]!;
    };
    peer.onClose = () => {
      fork.closed = true;
    };
    forks.push(fork);
  });
  return forks;
}

const conference = (options: Partial<Record<SingerName, Json>> = {}) =>
  scene({
    '/': ({ from }) => [
      { verb: 'conference', name: 'standup', ...options[from as SingerName] },
      { verb: 'pause', length: 60 },
    ],
  });

async function over(s: Scene, ...calls: PhoneCall[]): Promise<void> {
  for (const call of calls) if (!call.ended) await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.end();
}

test('a nested stream hears all, never what is said to a tag alone, and ends with the conference', async () => {
  const stream = { url, sampleRate: 16_000, metadata: { project: 'x' } };
  const s = await conference({ alice: { stream, memberTag: 'agent' }, bob: { stream } });
  const forks = serve(s);
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  const carol = await singer(s, 'carol');
  await s.run(800);
  const [fork] = forks;
  assert.ok(fork && forks.length === 1, 'one for the room, though two members ask for it');
  assert.deepEqual([fork.hello.callSid, fork.hello.sampleRate, fork.hello.project], [sidOf(alice), 16_000, 'x']);
  assert.equal(fork.hears(), 'alice bob carol');
  assert.ok(Math.abs(fork.level(song.bob) - songDbov) < 0.5, `${fork.level(song.bob)} dBov`);
  await s.update(carol, { conferenceParticipantAction: { action: 'coach', tag: 'agent' } });
  await s.run(600);
  assert.equal(fork.hears(), 'alice bob');
  assert.deepEqual(whoHears(s, { alice, carol }), { alice: 'carol', carol: 'alice' });
  await s.update(carol, { conferenceParticipantAction: { action: 'uncoach' } });
  assert.equal((await s.update(bob, { listen_status: 'pause' })).status, 202, 'it obeys who asked for it');
  await s.run(100);
  const before = fork.bytes;
  await s.run(300);
  assert.equal(fork.bytes, before);
  assert.equal((await s.update(alice, { listen_status: 'resume' })).status, 202);
  await s.stage.clock.settle(alice.hangup());
  await s.run(600);
  assert.equal(fork.hears(), 'bob carol', 'it outlives who asked first');
  assert.equal((await s.update(carol, { listen_status: 'pause' })).status, 422);
  for (const call of [bob, carol]) await s.stage.clock.settle(call.hangup());
  await s.run(500);
  assert.ok(fork.closed);
  await over(s);
});

test('what comes back on a stream is heard by every member', async () => {
  const s = await conference({
    alice: { listen: { url, bidirectionalAudio: { streaming: true, sampleRate: 8_000 } } },
  });
  const forks = serve(s);
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  await s.run(500);
  const pcm = Int16Array.from({ length: 16_000 }, (_, i) =>
    Math.round(4_000 * Math.sin((2 * Math.PI * 1_900 * i) / 8_000)),
  );
  forks[0]?.peer.send(new Uint8Array(pcm.buffer));
  await s.run(1_000);
  for (const call of [alice, bob]) {
    const level = toneLevelDbov(call.audio.between(s.stage.clock.now() - 400, s.stage.clock.now()), 1_900, 8_000);
    assert.ok(Math.abs(level - songDbov) < 1, `${level} dBov`);
  }
  assert.deepEqual(whoHears(s, { alice, bob }), { alice: 'bob', bob: 'alice' });
  await over(s, alice, bob);
});

test('scope members: a stream for each, also of who comes later, until it leaves', async () => {
  const s = await conference({ alice: { listen: { url, scope: 'members' } } });
  const forks = serve(s);
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  await s.run(600);
  assert.deepEqual(
    forks.map((fork) => [fork.hello.callSid, fork.hears()]),
    [
      [sidOf(alice), 'alice'],
      [sidOf(bob), 'bob'],
    ],
  );
  await s.stage.clock.settle(bob.hangup());
  await s.run(300);
  assert.deepEqual(
    forks.map(({ closed }) => closed),
    [false, true],
  );
  await over(s, alice);
});

test('over REST: once for a conference, moved to another address, ended, begun again; it keeps nobody alive', async () => {
  const s = await conference();
  const forks = serve(s);
  const { calls } = s.stage.house;
  const { account_sid } = s.stage.account;
  const listen = (to: string) =>
    s.stage.clock.settle(
      calls.listen(account_sid, 'standup', { url: to, sampleRate: 16_000, metadata: { sampleRate: 16_000 } }),
    );
  assert.equal(await listen(url), false, 'it has not begun');
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  for (let i = 0; i < 2; i++) assert.equal(await listen(url), true);
  await s.run(600);
  assert.equal(forks.length, 1);
  assert.deepEqual(forks[0]?.texts, [{ sampleRate: 16_000 }], 'the metadata as it is');
  assert.equal(forks[0]?.hears(), 'alice bob');
  const listed = await s.stage.clock.settle(calls.conferences(account_sid));
  const participants = listed.flatMap((one) => one.participants as unknown[]);
  assert.equal(participants.length, 2, 'it is no member');
  await listen(`${url}?2`);
  await s.run(400);
  assert.deepEqual([forks.length, forks[0]?.closed, forks[1]?.hears()], [2, true, 'alice bob']);
  assert.equal(await s.stage.clock.settle(calls.unlisten(account_sid, 'standup')), true);
  await s.run(200);
  assert.ok(forks[1]?.closed);
  await listen(url);
  await s.run(300);
  for (const call of [alice, bob]) await s.stage.clock.settle(call.hangup());
  await s.run(300);
  assert.ok(forks[2]?.closed);
  assert.equal(await listen(url), false);
  await over(s);
});

test("record: the mix goes into a file of the call that began it, through a worker's death, and is stored at the end", async () => {
  const s = await conference({ alice: { record: { path: '/tmp/room.wav' } }, bob: { record: { path: 'b.wav' } } });
  const alice = await singer(s, 'alice');
  const bob = await singer(s, 'bob');
  await s.run(2_000);
  await s.stage.clock.settle(alice.hangup());
  await s.run(1_000);
  s.stage.killWorker(0);
  await s.run(3_000);
  await s.stage.clock.settle(bob.hangup());
  await s.run(2_000);
  const files = await s.stage.files.list('.wav');
  assert.equal(files.length, 1, 'only who begins it records it');
  assert.ok(files[0]?.endsWith(`${sidOf(alice)}.wav`));
  const { left, right } = channels(s.stage.files.get(files[0]!)!);
  assert.ok(Math.abs(left.length / 8_000 - 6) < 0.3, `${left.length / 8_000} s`);
  for (const side of [left, right]) {
    const [early, late] = [side.subarray(8_000, 14_000), side.subarray(-8_000)];
    for (const hz of [song.alice, song.bob])
      assert.ok(Math.abs(toneLevelDbov(early, hz, 8_000) - songDbov) < 0.5, `${toneLevelDbov(early, hz, 8_000)} dBov`);
    assert.ok(toneLevelDbov(late, song.alice, 8_000) < -50, 'she has gone');
    assert.ok(Math.abs(toneLevelDbov(late, song.bob, 8_000) - songDbov) < 0.5);
  }
  const whats = s.stage.eventsOf(sidOf(alice), 'recording').map(({ what, of }) => `${what} ${of}`);
  assert.deepEqual(whats, ['started conference'], 'the rest is not in a log that is closed');
  assert.ok(s.sentTo('/status').some(({ event }) => event === 'recording-stored'));
  await over(s);
});
