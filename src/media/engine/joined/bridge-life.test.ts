// What happens to bridges: prompts, mutes, digits, loss, new sources, holds, reports, the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BridgeLeg, bridgeStage, checkStream, tone } from '../../../../test/kit/bridge-stage.ts';
import type { HeardPacket } from '../../../../test/kit/sim-rtp-peer.ts';
import { DtmfDetector, gaps, levelDbov, snrDb, toneLevelDbov, worstClick } from '../../../audio/index.ts';
import { DtmfSender, parseRtcp, sequenceDistance } from '../../../rtp/index.ts';

/** The audio of the last `count` packets. */
const audioOf = (leg: BridgeLeg, count: number): Int16Array => {
  const { codec } = leg.peer;
  return leg.peer.audio().subarray((-count * codec.sampleRate) / 50);
};

const whisper = { kind: 'url', url: 'tone_stream://%(300,0,1200)' } as const;

for (const codec of ['PCMU', 'G722']) {
  test(`${codec}: a whisper covers the voice for its own far end only; both come and go without a click`, async () => {
    const stage = await bridgeStage({ codec, other: { codec } });
    const { clock, a, b, bridge } = stage;
    const rate = a.peer.codec.sampleRate;
    await clock.runFor(7);
    a.peer.stream(a.port.local, tone(500, rate));
    b.peer.stream(b.port.local, tone(700, rate));
    await clock.runFor(1500);
    const [fromA, fromB] = [a.peer.heard.length, b.peer.heard.length];
    for (let i = 0; i < 10; i++) {
      const ordered = clock.now();
      const before = b.peer.heard.length;
      const playback = b.port.play([whisper], { layer: 'whisper', loop: 1 });
      await clock.settle(playback.done);
      const heard = b.peer.heard.slice(before).find((_, k) => {
        const frame = audioOf(b, b.peer.heard.length - before - k).subarray(0, rate / 50);
        return toneLevelDbov(frame, 1200, rate) > -35;
      });
      assert.ok(heard && heard.at - ordered <= 21, `heard after ${(heard?.at ?? 0) - ordered} ms`);
      await clock.runFor(317 + i * 7);
      assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
    }
    checkStream(b.peer.heard.slice(fromB), { holeMs: 37 });
    const pcm = audioOf(b, b.peer.heard.length - fromB);
    assert.ok(worstClick(pcm, rate).ratio < 3, JSON.stringify(worstClick(pcm, rate)));
    assert.deepEqual(gaps(pcm, rate, 3), []);
    const whispered = pcm.subarray(rate / 20, rate / 5);
    assert.ok(toneLevelDbov(whispered, 500, rate) < -50 && toneLevelDbov(whispered, 1200, rate) > -20);
    checkStream(a.peer.heard.slice(fromA), { holeMs: 20 });
    const other = audioOf(a, a.peer.heard.length - fromA);
    assert.ok(snrDb(tone(700, rate)(0), other.subarray(0, 0)) !== 0 && toneLevelDbov(other, 1200, rate) < -50);
    assert.ok(worstClick(other, rate).ratio < 3);
    await stage.end();
  });
}

test('a mute is silence for the other side within a packet, and no more; without a click', async () => {
  const stage = await bridgeStage();
  const { clock, a, b } = stage;
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1507);
  const from = b.peer.heard.length;
  for (let i = 0; i < 10; i++) {
    const asked = clock.now();
    const { at } = await clock.settle(a.port.setMuted(true));
    assert.ok(at - asked <= 20, `${at - asked} ms`);
    await clock.runFor(200);
    assert.equal(levelDbov(audioOf(b, 8)), -127);
    await clock.settle(a.port.setMuted(false));
    await clock.runFor(300 + i * 11);
    assert.ok(levelDbov(audioOf(b, 8)) > -16);
  }
  checkStream(b.peer.heard.slice(from), { holeMs: 37 });
  const pcm = audioOf(b, b.peer.heard.length - from);
  assert.ok(worstClick(pcm, 8000).ratio < 3);
  await stage.end();
});

test('forwarded: what is lost on the way stays a gap, what is reordered stays so, and payloads are as they were', async () => {
  const stage = await bridgeStage();
  const { clock, net, a, b } = stage;
  a.peer.stream(a.port.local, (n) => Int16Array.from({ length: 160 }, (_, i) => ((n * 160 + i) * 7919) % 30_000));
  await clock.runFor(500);
  net.link({ from: '10.0.0.2' }, { lossRate: 0.1, reorderRate: 0.1, reorderMs: 30, delayMs: 5 });
  const from = b.peer.heard.length;
  await clock.runFor(20_000);
  const heard = b.peer.heard.slice(from);
  let [late, missing] = [0, 0];
  for (const [i, packet] of heard.entries()) {
    const ahead = i === 0 ? 1 : sequenceDistance(packet.sequence, heard[i - 1]!.sequence);
    if (ahead < 0) late++;
    const first = heard[0]!;
    const distance = sequenceDistance(packet.sequence, first.sequence);
    assert.equal((packet.timestamp - first.timestamp) | 0, distance * 160, 'sequence and time go together');
  }
  missing =
    sequenceDistance(heard.at(-1)!.sequence, heard[0]!.sequence) + 1 - new Set(heard.map((p) => p.sequence)).size;
  assert.ok(late > 40 && missing > 60, `${late} late, ${missing} missing`);
  assert.equal(new Set(heard.map(({ ssrc }) => ssrc)).size, 1);
  await stage.end();
});

test('switches on a bad network: no number is lost but what the network lost, and the voice is there all the time', async () => {
  const stage = await bridgeStage();
  const { clock, net, a, b } = stage;
  net.link({ from: '10.0.0.2' }, { lossRate: 0.03, jitterMs: 30, delayMs: 20 });
  a.peer.stream(a.port.local, tone(400));
  await clock.runFor(3000);
  const from = b.peer.heard.length;
  for (let i = 0; i < 50; i++) {
    await clock.settle(b.port.setGain(0.001));
    await clock.runFor(150 + ((i * 37) % 100));
    await clock.settle(b.port.setGain(0));
    await clock.runFor(250 + ((i * 53) % 100));
  }
  const heard = b.peer.heard.slice(from);
  const numbers = heard.map(({ sequence }) => sequenceDistance(sequence, heard[0]!.sequence));
  assert.equal(new Set(numbers).size, numbers.length, 'no number twice');
  const missing = Math.max(...numbers) + 1 - numbers.length;
  assert.ok(missing < 0.04 * numbers.length, `${missing} of ${numbers.length} missing`);
  const pcm = audioOf(b, heard.length);
  const quiet = gaps(pcm, 8000, 41);
  assert.deepEqual(quiet, []);
  // Time stays with the wall clock: what was put in at one switch is taken out at the next.
  const drift = ((heard.at(-1)!.timestamp - heard[0]!.timestamp) >>> 0) / 8 - (heard.at(-1)!.at - heard[0]!.at);
  assert.ok(Math.abs(drift) < 150, `${drift} ms`);
  await stage.end();
});

test('a new source, and a jump of its numbers and time, go on in the target’s own numbers', async () => {
  const stage = await bridgeStage();
  const { clock, a, b } = stage;
  const stop = a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1000);
  stop();
  a.peer.ssrc = 0x7777;
  a.peer.jump({ sequence: 20_000, timestamp: 5_000_000 });
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1000);
  a.peer.jump({ sequence: 20_000, timestamp: 5_000_000 });
  await clock.runFor(1000);
  checkStream(b.peer.heard.slice(2), { holeMs: 21 });
  await stage.end();
});

/** A digit of 160 ms, packet by packet in real time, in place of audio. */
async function press(leg: BridgeLeg, digit: string, run: (ms: number) => Promise<void>): Promise<void> {
  const sender = new DtmfSender({ clockRate: 8000, payloadType: 101, ptimeMs: 20 });
  sender.send(digit, 160);
  const packet = new Uint8Array(16);
  const output = { ssrc: 0, sequence: 0, timestamp: 0 };
  while (sender.next(output, packet) > 0) {
    const marker = packet[1]! >= 0x80;
    leg.peer.send(leg.port.local, packet.slice(12), { payloadType: 101, advance: 0, marker });
    await run(20);
  }
  leg.peer.jump({ timestamp: 10 * 160 });
}

const eventsOf = (heard: readonly HeardPacket[], payloadType: number): Map<number, HeardPacket[]> =>
  Map.groupBy(
    heard.filter((packet) => packet.payloadType === payloadType),
    ({ timestamp }) => timestamp,
  );

for (const mode of ['forwarded', 'processed'] as const) {
  test(`${mode}: digits are reported, and reach the other side live, with its payload type and in its own time`, async () => {
    const stage = await bridgeStage({ other: { sdp: { dtmfType: 96 } } });
    const { clock, a, b, bridge } = stage;
    const digits: string[] = [];
    a.port.onDigit = ({ digit, durationMs }) => digits.push(`${digit} ${durationMs}`);
    let stop = a.peer.stream(a.port.local, tone(500));
    if (mode === 'processed') await clock.settle(b.port.setGain(0.001));
    await clock.runFor(1000);
    assert.equal((await clock.settle(bridge.modes())).aToB, mode);
    const from = b.peer.heard.length;
    for (const digit of '15#') {
      stop();
      const began = clock.now();
      await press(a, digit, (ms) => clock.runFor(ms));
      const first = b.peer.heard.slice(from).findLast(({ payloadType, marker }) => payloadType === 96 && marker);
      assert.ok(first && first.at >= began && first.at - began < 3, 'live');
      stop = a.peer.stream(a.port.local, tone(500));
      await clock.runFor(400);
    }
    assert.deepEqual(digits, ['1 160', '5 160', '# 160']);
    const heard = b.peer.heard.slice(from);
    assert.deepEqual(
      [...eventsOf(heard, 96).values()].map((packets) => [
        packets[0]!.payload[0],
        packets.length,
        (packets.at(-1)!.payload[2]! << 8) | packets.at(-1)!.payload[3]!,
        packets.filter(({ payload }) => payload[1]! & 0x80).length,
      ]),
      [
        [1, 10, 1280, 3],
        [5, 10, 1280, 3],
        [11, 10, 1280, 3],
      ],
    );
    for (const [i, packet] of heard.entries())
      if (i > 0) assert.equal(packet.sequence, (heard[i - 1]!.sequence + 1) & 0xffff);
    const audio = heard.filter(({ payloadType }) => payloadType === 0);
    const drift = ((audio.at(-1)!.timestamp - audio[0]!.timestamp) >>> 0) / 8 - (audio.at(-1)!.at - audio[0]!.at);
    assert.ok(Math.abs(drift) < 45, `${drift} ms`);
    await stage.end();
  });
}

test('a far end without telephone events hears the digits as tones; a muted leg’s digits go nowhere', async () => {
  const stage = await bridgeStage({ other: { sdp: { dtmf: false } } });
  const { clock, a, b } = stage;
  let stop = a.peer.stream(a.port.local);
  await clock.runFor(1000);
  const from = b.peer.heard.length;
  const found: string[] = [];
  for (const digit of '15#') {
    stop();
    await press(a, digit, (ms) => clock.runFor(ms));
    stop = a.peer.stream(a.port.local);
    await clock.runFor(400);
  }
  const detector = new DtmfDetector(8000);
  detector.onDigit = ({ digit, durationMs }) => found.push(`${digit} ${durationMs >= 120 && durationMs <= 200}`);
  const pcm = audioOf(b, b.peer.heard.length - from);
  for (let at = 0; at + 160 <= pcm.length; at += 160) detector.process(pcm.subarray(at, at + 160));
  assert.deepEqual(found, ['1 true', '5 true', '# true']);
  checkStream(b.peer.heard.slice(from));
  await clock.settle(a.port.setMuted(true));
  stop();
  const before = b.peer.heard.length;
  await press(a, '7', (ms) => clock.runFor(ms));
  await clock.runFor(200);
  assert.ok(levelDbov(audioOf(b, b.peer.heard.length - before - 1)) < -80);
  await stage.end();
});

test('sender reports of a forwarded stream: its packets, its bytes, and its time', async () => {
  const stage = await bridgeStage();
  const { clock, a, b } = stage;
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(12_000);
  const [last] = b.peer.rtcp
    .map((data) => parseRtcp(data)?.find((packet) => packet.type === 'sender-report'))
    .slice(-1);
  assert.ok(last && last.type === 'sender-report');
  const reportedAt = (last.sender.ntpSeconds - 2_208_988_800) * 1000 + (last.sender.ntpFraction * 1000) / 2 ** 32;
  const sent = b.peer.heard.filter(({ at }) => at <= reportedAt);
  assert.ok(Math.abs(last.sender.packets - sent.length) <= 1);
  assert.equal(last.sender.octets, last.sender.packets * 160);
  const newest = sent.at(-1)!;
  const expected = newest.timestamp + (reportedAt - newest.at) * 8;
  assert.ok(
    Math.abs(((last.sender.rtpTimestamp - expected) | 0) / 8) < 3,
    `${(last.sender.rtpTimestamp - expected) | 0}`,
  );
  const stats = await clock.settle(b.port.stats());
  assert.equal(stats.packetsSent, b.peer.heard.length);
  await stage.end();
});

test('a source that pauses leaves silence, not nothing; when it goes on it is forwarded again', async () => {
  const stage = await bridgeStage();
  const { clock, a, b, bridge } = stage;
  const stop = a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1000);
  stop();
  await clock.runFor(3000);
  assert.ok(b.peer.heard.filter(({ at }) => at > clock.now() - 1000).length >= 49);
  assert.equal(levelDbov(audioOf(b, 20)), -127);
  a.peer.jump({ timestamp: 3000 * 8 });
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(1000);
  assert.equal((await clock.settle(bridge.modes())).aToB, 'forwarded');
  const heard = b.peer.heard.slice(2);
  for (const [i, packet] of heard.entries())
    if (i > 0) assert.equal(packet.sequence, (heard[i - 1]!.sequence + 1) & 0xffff);
  const drift = ((heard.at(-1)!.timestamp - heard[0]!.timestamp) >>> 0) / 8 - (heard.at(-1)!.at - heard[0]!.at);
  assert.ok(Math.abs(drift) < 45, `${drift} ms`);
  assert.ok(worstClick(audioOf(b, 100), 8000).ratio < 3);
  await stage.end();
});

test('hold: nothing goes to a far end that holds; afterwards it is all as before', async () => {
  const stage = await bridgeStage();
  const { clock, a, b, bridge } = stage;
  a.peer.stream(a.port.local, tone(500));
  b.peer.stream(b.port.local, tone(700));
  await clock.runFor(1000);
  await clock.settle(b.port.answer(b.peer.sdp({ direction: 'sendonly' })));
  await clock.runFor(100);
  const held = b.peer.heard.length;
  await clock.runFor(500);
  assert.equal(b.peer.heard.length, held);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'silent', bToA: 'forwarded' });
  await clock.settle(b.port.answer(b.peer.sdp()));
  await clock.runFor(500);
  assert.deepEqual(await clock.settle(bridge.modes()), { aToB: 'forwarded', bToA: 'forwarded' });
  assert.ok(toneLevelDbov(audioOf(b, 10), 500, 8000) > -16);
  await stage.end();
});

test('the end: each goes on with what is its own, without a click; then it may be bridged again', async () => {
  for (const gain of [0, 0.001]) {
    const stage = await bridgeStage();
    const { clock, pool, a, b, bridge } = stage;
    a.peer.stream(a.port.local, tone(500));
    b.peer.stream(b.port.local, tone(700));
    await clock.settle(b.port.setGain(gain));
    await clock.runFor(1004);
    await assert.rejects(clock.settle(pool.bridge(a.port, b.port)), { code: 'bridge-busy' });
    const from = b.peer.heard.length;
    await clock.runFor(200);
    await clock.settle(bridge.close());
    await clock.runFor(500);
    const pcm = audioOf(b, b.peer.heard.length - from);
    assert.equal(levelDbov(pcm.subarray(-3200)), -127);
    assert.ok(worstClick(pcm, 8000).ratio < 5, JSON.stringify(worstClick(pcm, 8000)));
    checkStream(b.peer.heard.slice(from), { holeMs: 40 });
    const again = await clock.settle(pool.bridge(a.port, b.port));
    await clock.runFor(500);
    const second = audioOf(b, 60);
    assert.ok(toneLevelDbov(second.subarray(-800), 500, 8000) > -16);
    assert.ok(worstClick(second, 8000).ratio < 5, JSON.stringify(worstClick(second, 8000)));
    // A port that closes takes its bridge along.
    await clock.settle(a.port.close());
    await clock.runFor(300);
    assert.equal(levelDbov(audioOf(b, 10)), -127);
    await clock.settle(again.close());
    await stage.end();
  }
});

test('relay: packets go on whatever is played; legs of two codecs cannot be relayed', async () => {
  const stage = await bridgeStage({ path: 'relay' });
  const { clock, a, b, bridge } = stage;
  a.peer.stream(a.port.local, tone(500));
  await clock.runFor(500);
  const playback = b.port.play([whisper], { layer: 'prompt', loop: 1 });
  await clock.settle(playback.done);
  assert.equal((await clock.settle(bridge.modes())).aToB, 'forwarded');
  const { at } = await clock.settle(bridge.setPath('engine'));
  assert.ok(clock.now() - at < 25);
  await stage.end();
  await assert.rejects(bridgeStage({ path: 'relay', other: { codec: 'G722' } }), { code: 'bridge-codecs' });
});
