// Bridges and copies at their edges: what ends, changes or is muted in the midst of something.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BridgeLeg, bridgeStage, tone } from '../../../../test/kit/bridge-stage.ts';
import type { MediaStage } from '../../../../test/kit/media-stage.ts';
import { channels } from '../../../../test/kit/recorded.ts';
import { SimPeer } from '../../../../test/kit/sim-rtp-peer.ts';
import { gaps, levelDbov, toneLevelDbov, worstClick } from '../../../audio/index.ts';
import { isRefusal } from '../../../base/index.ts';
import { DtmfSender } from '../../../rtp/index.ts';
import type { MediaPort } from '../../types.ts';

const audioOf = ({ peer }: Pick<BridgeLeg, 'peer'>, count: number): Int16Array =>
  peer.audio().subarray((-count * peer.codec.sampleRate) / 50);

async function thirdLeg({ clock, net, pool }: MediaStage, codec?: string): Promise<{ peer: SimPeer; port: MediaPort }> {
  const peer = await SimPeer.open(net.host('10.0.0.4'), codec);
  const port = await clock.settle(pool.open({ callSid: 'e', group: 'c', inactivityMs: 0 }));
  assert.ok(!isRefusal(await clock.settle(port.answer(peer.sdp()))));
  return { peer, port };
}

test('a leg that is muted is silent in copies of what it says, from the next frame on', async () => {
  const stage = await bridgeStage();
  const { clock, pool, a } = stage;
  const copied = await thirdLeg(stage);
  await clock.settle(pool.copy(a.port, 'ear', copied.port));
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1007);
  assert.ok(levelDbov(audioOf(copied, 10)) > -16);
  await clock.settle(a.port.setMuted(true));
  await clock.runFor(25);
  const from = copied.peer.heard.length;
  await clock.runFor(300);
  assert.ok(levelDbov(audioOf(copied, copied.peer.heard.length - from)) < -60);
  copied.peer.close();
  await stage.end();
});

test('digits reach a far end whose packets are relayed', async () => {
  const stage = await bridgeStage({ path: 'relay' });
  const { clock, a, b } = stage;
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(500);
  let sent: number | undefined;
  void b.port.sendDigits('12', 100).then(({ at }) => (sent = at));
  await clock.runFor(2000);
  assert.ok(sent !== undefined, 'they were sent');
  const events = b.peer.heard.filter(({ payloadType, marker }) => payloadType === 101 && marker);
  assert.equal(events.length, 2);
  assert.ok(toneLevelDbov(audioOf(b, 20), 500, 8000) > -16);
  await stage.end();
});

test('what a leg hears is no later after digits were sent to it', async () => {
  const stage = await bridgeStage({ other: { codec: 'G722' } });
  const { clock, a, b } = stage;
  let stop = a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1000);
  await clock.settle(b.port.sendDigits('12', 100));
  await clock.settle(b.port.digitsSent());
  stop();
  stop = a.peer.stream(a.port.local, tone(900));
  const from = b.peer.heard.length;
  await clock.runFor(500);
  const pcm = audioOf(b, b.peer.heard.length - from);
  const heard = pcm.findIndex((_, i) => i % 80 === 0 && toneLevelDbov(pcm.subarray(i, i + 160), 900, 16_000) > -20);
  assert.ok(heard >= 0 && heard / 16 <= 60, `${heard / 16} ms later`);
  stop();
  await stage.end();
});

test('a recording keeps its time through twenty whispers to the other side of a bridge, on a network with jitter', async () => {
  const stage = await bridgeStage();
  const { clock, a, b, net, recordings } = stage;
  for (const from of ['10.0.0.2', '10.0.0.3']) net.link({ from }, { jitterMs: 20, delayMs: 20 });
  a.peer.stream(a.port.local, tone(500));
  b.peer.stream(b.port.local, tone(700));
  await clock.runFor(1500);
  const recording = a.port.record({ path: 'a.wav', format: 'wav', mix: 'stereo', sampleRate: 8000 });
  const from = (await clock.settle(recording.started)).at;
  const whisper = { kind: 'url', url: 'tone_stream://%(300,0,1200)' } as const;
  for (let i = 0; i < 20; i++) {
    await clock.settle(b.port.play([whisper], { layer: 'whisper', loop: 1 }).done);
    await clock.runFor(713);
  }
  const lasted = clock.now() - from;
  recording.stop();
  const { durationMs } = await clock.settle(recording.done);
  assert.ok(Math.abs(durationMs - lasted) <= 60, `${durationMs} of ${lasted} ms`);
  const { left, right } = channels(recordings.get('a.wav')!);
  assert.deepEqual(gaps(right.subarray(800), 8000, 3), []);
  assert.deepEqual(gaps(left.subarray(800), 8000, 3), []);
  assert.ok(worstClick(left.subarray(800), 8000).ratio < 5, JSON.stringify(worstClick(left.subarray(800), 8000)));
  await stage.end();
});

test('a digit that sounds as a tone when its bridge ends is over with it', async () => {
  const stage = await bridgeStage({ other: { sdp: { dtmf: false } } });
  const { clock, a, b, bridge } = stage;
  const stop = a.peer.stream(a.port.local);
  await clock.runFor(1000);
  stop();
  const sender = new DtmfSender({ clockRate: 8000, payloadType: 101, ptimeMs: 20 });
  sender.send('5', 2000);
  const packet = new Uint8Array(16);
  const output = { ssrc: 0, sequence: 0, timestamp: 0 };
  for (let i = 0; i < 10; i++) {
    sender.next(output, packet);
    a.peer.send(a.port.local, packet.slice(12), { payloadType: 101, advance: 0, marker: i === 0 });
    await clock.runFor(20);
  }
  assert.ok(levelDbov(audioOf(b, 3)) > -20, 'it sounds');
  await clock.settle(bridge.close());
  await clock.runFor(300);
  assert.ok(levelDbov(audioOf(b, 5)) < -80, 'it is over');
  await stage.end();
});

for (const next of ['bridge', 'room'] as const) {
  test(`from one bridge to a ${next} at once: the voice that goes makes no click`, async () => {
    for (const hz of [713, 729, 741]) {
      const stage = await bridgeStage({ other: { codec: 'G722' } });
      const { clock, pool, a, b, bridge } = stage;
      const c = await thirdLeg(stage, 'G722');
      b.peer.stream(b.port.local, tone(hz, 16_000));
      await clock.runFor(1003);
      const from = a.peer.heard.length - 20;
      void bridge.close();
      const flags = { muted: false, deaf: false, tag: '', speakOnlyTo: '', distributeDtmf: false };
      if (next === 'bridge') await clock.settle(pool.bridge(a.port, c.port));
      else await clock.settle(pool.room({ group: 'c' }).join(a.port, flags));
      await clock.runFor(200);
      const pcm = audioOf(a, a.peer.heard.length - from);
      assert.ok(levelDbov(pcm.subarray(0, 2400)) > -16 && levelDbov(pcm.subarray(-800)) < -60);
      const last = pcm.findLast((sample) => sample !== 0)!;
      assert.ok(Math.abs(last) < 800, `cut at ${last}`);
      c.peer.close();
      await stage.end();
    }
  });
}

test('a leg that closes while its bridge is being laid over two workers leaves no pipe behind', async () => {
  const stage = await bridgeStage({ workers: 2, other: { group: 'elsewhere' } });
  const { clock, pool, net, a, b, bridge } = stage;
  await clock.settle(bridge.close());
  const open = net.open().udp;
  const laid = pool.bridge(a.port, b.port);
  const closed = a.port.close();
  await assert.rejects(clock.settle(laid), { code: 'media-port-closed' });
  await clock.settle(closed);
  await clock.runFor(500);
  assert.equal(net.open().udp, open - 2, 'only its own sockets are closed, and none is left');
  await stage.end();
});

test('a far end that moves and numbers its packets anew, under the same SSRC, is followed from the first one on', async () => {
  const stage = await bridgeStage();
  const { clock, net, a, b } = stage;
  const stop = a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1_000);
  const moved = await SimPeer.open(net.host('10.0.0.4'));
  assert.ok(!isRefusal(await clock.settle(a.port.answer(moved.sdp()))));
  moved.stream(a.port.local, tone(900));
  await clock.runFor(20);
  stop();
  const from = clock.now();
  await clock.runFor(300);
  const heard = b.peer.heard.filter(({ at }) => at >= from);
  for (const [i, { sequence }] of b.peer.heard.slice(1).entries())
    assert.equal((sequence - b.peer.heard[i]!.sequence) & 0xffff, 1, `packet ${i + 1}`);
  assert.ok(heard.length >= 14, `${heard.length} packets`);
  assert.ok(toneLevelDbov(audioOf(b, 10), 900, 8000) > -16);
  moved.close();
  await stage.end();
});
