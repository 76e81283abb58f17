// Bridges of unlike legs, of legs that are listened to, of legs on two workers, and of legs whose worker dies; and copies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BridgeLeg, bridgeStage, checkStream, tone } from '../../../../test/kit/bridge-stage.ts';
import { SimPeer } from '../../../../test/kit/sim-rtp-peer.ts';
import { gaps, levelDbov, toneLevelDbov, worstClick } from '../../../audio/index.ts';
import { isRefusal } from '../../../base/index.ts';
import type { MediaCopy, MediaPort } from '../../client.ts';

const audioOf = (leg: Pick<BridgeLeg, 'peer'>, ms: number): Int16Array => {
  const { codec } = leg.peer;
  return leg.peer.audio().subarray((-ms * codec.sampleRate) / 1000);
};

for (const [one, other] of [
  [
    { codec: 'PCMU', ptime: 20 },
    { codec: 'G722', ptime: 20 },
  ],
  [
    { codec: 'PCMU', ptime: 20 },
    { codec: 'PCMA', ptime: 30 },
  ],
  [
    { codec: 'G722', ptime: 10 },
    { codec: 'PCMU', ptime: 60 },
  ],
] as const) {
  test(`${one.codec} in ${one.ptime} ms and ${other.codec} in ${other.ptime} ms: each hears the other, for minutes, with no drift`, async () => {
    const stage = await bridgeStage({
      codec: one.codec,
      sdp: { ptime: one.ptime },
      other: { codec: other.codec, sdp: { ptime: other.ptime } },
    });
    const { clock, a, b, bridge } = stage;
    await clock.runFor(3);
    a.peer.stream(a.port.local, tone(500, a.peer.codec.sampleRate, one.ptime), one.ptime);
    b.peer.stream(b.port.local, tone(700, b.peer.codec.sampleRate, other.ptime), other.ptime);
    await clock.runFor(120_000);
    assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'processed', bToA: 'processed' });
    for (const [leg, hz, ptime] of [
      [a, 700, one.ptime],
      [b, 500, other.ptime],
    ] as const) {
      checkStream(leg.peer.heard.slice(3), { holeMs: ptime + 20, units: ptime * 8 });
      const rate = leg.peer.codec.sampleRate;
      const pcm = audioOf(leg, 100_000);
      for (let at = 0; at + rate <= pcm.length; at += rate)
        assert.ok(Math.abs(toneLevelDbov(pcm.subarray(at, at + rate), hz, rate) + 15.26) < 0.3);
      assert.deepEqual(gaps(pcm, rate, 3), []);
      assert.ok(worstClick(pcm.subarray(0, 20 * rate), rate).ratio < 3);
      const stats = await clock.settle((leg === a ? b : a).port.stats());
      assert.ok(stats.concealedMs < 200, `${stats.concealedMs} ms concealed`);
    }
    await stage.end();
  });
}

test('who listens to what a leg says disturbs no forwarding, and misses nothing; who listens to what it hears does', async () => {
  const stage = await bridgeStage();
  const { clock, a, b, bridge } = stage;
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1507);
  const talking: boolean[] = [];
  a.port.talk.watch((now) => talking.push(now));
  await clock.runFor(2000);
  assert.equal((await clock.settle(bridge.modes())).aToB, 'forwarded');
  const from = b.peer.heard.length;
  for (let i = 0; i < 20; i++) {
    await clock.settle(b.port.setGain(0.001));
    await clock.runFor(150 + i * 3);
    assert.equal((await clock.settle(bridge.modes())).aToB, 'processed');
    await clock.settle(b.port.setGain(0));
    await clock.runFor(250 + i * 3);
    assert.equal((await clock.settle(bridge.modes())).aToB, 'forwarded');
  }
  checkStream(b.peer.heard.slice(from), { holeMs: 37 });
  const pcm = audioOf(b, (b.peer.heard.length - from) * 20);
  assert.ok(worstClick(pcm, 8000).ratio < 3, JSON.stringify(worstClick(pcm, 8000)));
  assert.deepEqual(gaps(pcm, 8000, 3), []);
  assert.equal((await clock.settle(a.port.stats())).concealedMs, 0, 'nothing was concealed for who listens');
  await stage.end();
});

test('a worker dies: the bridge is there again in the next one', async () => {
  const stage = await bridgeStage();
  const { clock, a, b, bridge, links } = stage;
  a.peer.stream(a.port.local, tone(500));
  b.peer.stream(b.port.local, tone(700));
  await clock.runFor(1000);
  links[0]!.kill();
  await clock.runFor(1000);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
  for (const [leg, hz] of [
    [a, 700],
    [b, 500],
  ] as const) {
    assert.ok(toneLevelDbov(audioOf(leg, 500), hz, 8000) > -16);
    assert.equal(new Set(leg.peer.heard.map(({ ssrc }) => ssrc)).size, 1);
  }
  await clock.settle(bridge.close());
  await clock.runFor(300);
  assert.equal(levelDbov(audioOf(a, 200)), -127);
  await stage.end();
});

test('legs on two workers are joined by a pipe: forwarded all the way, restored when either worker dies, gone with the bridge', async () => {
  const stage = await bridgeStage({ workers: 2, other: { group: 'elsewhere' } });
  const { clock, a, b, bridge, links, pool, net } = stage;
  assert.deepEqual(
    pool.workers.map(({ ports }) => ports),
    [2, 2],
  );
  a.peer.stream(a.port.local, tone(500));
  b.peer.stream(b.port.local, tone(700));
  await clock.runFor(1500);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
  assert.ok(toneLevelDbov(audioOf(a, 500), 700, 8000) > -16 && toneLevelDbov(audioOf(b, 500), 500, 8000) > -16);
  for (const worker of [0, 1]) {
    links[worker]!.kill();
    await clock.runFor(6000);
    assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
    assert.ok(toneLevelDbov(audioOf(a, 500), 700, 8000) > -16 && toneLevelDbov(audioOf(b, 500), 500, 8000) > -16);
  }
  const open = net.open().udp;
  await clock.settle(bridge.close());
  await clock.runFor(100);
  assert.equal(open - net.open().udp, 4, 'the pipe’s sockets');
  await stage.end();
});

for (const codec of ['PCMU', 'G722']) {
  test(`copies to a recorder that speaks ${codec}: what a leg says and what it hears, each by itself, and silence while paused`, async () => {
    const stage = await bridgeStage();
    const { clock, net, pool, a, b, bridge } = stage;
    const recorders: { peer: SimPeer; port: MediaPort; copy: MediaCopy }[] = [];
    for (const side of ['ear', 'mouth'] as const) {
      const peer = await SimPeer.open(net.host('10.0.0.9'), codec, side === 'ear' ? 20_000 : 20_002);
      const port = await clock.settle(pool.open({ callSid: 'r', group: 'c', inactivityMs: 0 }));
      const answer = await clock.settle(port.answer(peer.sdp({ direction: 'recvonly' })));
      assert.ok(!isRefusal(answer));
      port.start();
      recorders.push({ peer, port, copy: await clock.settle(pool.copy(a.port, side, port)) });
    }
    a.peer.stream(a.port.local, tone(500));
    b.peer.stream(b.port.local, tone(700));
    await clock.runFor(1500);
    // Raw packets of the mouth are no listener.
    const forced = codec === 'PCMU' ? 'forwarded' : 'processed';
    assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: forced });
    for (const [i, hz] of [500, 700].entries()) {
      const { peer, copy } = recorders[i]!;
      const rate = peer.codec.sampleRate;
      assert.ok(toneLevelDbov(audioOf({ peer }, 500), hz, rate) > -16, `${i}`);
      checkStream(peer.heard.slice(-50), { holeMs: 41 });
      await clock.settle(copy.setPaused(true));
      await clock.runFor(500);
      assert.ok(levelDbov(audioOf({ peer }, 200)) < -60);
      assert.equal(peer.heard.filter(({ at }) => at > clock.now() - 200).length, 10);
      await clock.settle(copy.setPaused(false));
      await clock.runFor(500);
      assert.ok(toneLevelDbov(audioOf({ peer }, 200), hz, rate) > -16);
    }
    // A prompt is heard, and so it is copied.
    const prompt = { kind: 'url', url: 'tone_stream://%(1000,0,1200)' } as const;
    a.port.play([prompt], { layer: 'prompt', loop: 1 });
    await clock.runFor(500);
    const mouth = recorders[1]!.peer;
    assert.ok(toneLevelDbov(audioOf({ peer: mouth }, 200), 1200, mouth.codec.sampleRate) > -16);
    await clock.settle(a.port.close());
    await clock.runFor(500);
    for (const { peer } of recorders) {
      assert.ok(levelDbov(audioOf({ peer }, 200)) < -60);
      peer.close();
    }
    await stage.end();
  });
}
