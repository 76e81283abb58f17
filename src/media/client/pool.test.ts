// The pool on the virtual clock: placing, port numbers, and workers that die.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaStage } from '../../../test/kit/media-stage.ts';
import { SimPeer } from '../../../test/kit/sim-rtp-peer.ts';
import { isRefusal, silentLog } from '../../base/index.ts';
import { seededRandom, VirtualClock } from '../../base/sim/index.ts';
import { createMediaPool, type WorkerLink } from '../client.ts';
import { maxDigitStrings, maxRestores, portQuarantineMs } from '../limits.ts';

const tone = { kind: 'url', url: 'tone_stream://%(10000,0,400)' } as const;
const open = (group: string) => ({ callSid: group, group, inactivityMs: 0 });

test('ports of one group share a worker, groups are spread; numbers rest before they are used again', async () => {
  const stage = await mediaStage({ workers: 2 });
  const { clock, pool } = stage;
  const a = await clock.settle(pool.open(open('a')));
  const b = await clock.settle(pool.open(open('a')));
  assert.deepEqual(
    pool.workers.map(({ ports }) => ports),
    [1, 2],
  );
  const used = new Set([stage.port, a, b].map(({ local }) => local.port));
  assert.equal(used.size, 3);
  assert.ok([...used].every((port) => port % 2 === 0));
  await clock.settle(a.close());
  // The range has 20 pairs: three in use, so 17 more, then none until the first has rested.
  for (let i = 0; i < 17; i++) {
    const port = await clock.settle(pool.open(open(`g${i}`)));
    assert.notEqual(port.local.port, a.local.port);
  }
  await assert.rejects(clock.settle(pool.open(open('late'))), { code: 'media-unavailable', sip: 480 });
  await clock.runFor(portQuarantineMs);
  assert.equal((await clock.settle(pool.open(open('later')))).local.port, a.local.port);
  await stage.end();
});

test('a pair that somebody else holds is passed over', async () => {
  const stage = await mediaStage();
  const { clock, net, pool } = stage;
  for (const port of [30_002, 30_005]) await net.host('10.0.0.1').udp({ host: '10.0.0.1', port });
  assert.equal((await clock.settle(pool.open(open('x')))).local.port, 30_006);
  await clock.settle(pool.close());
});

test('a worker dies in the middle of a prompt: same port, SSRC and stream; the prompt goes on; others hear nothing of it', async () => {
  const stage = await mediaStage({ workers: 2 });
  const { clock, net, pool, peer, port, links } = stage;
  const otherPeer = await SimPeer.open(net.host('10.0.0.3'));
  const other = await clock.settle(pool.open(open('other')));
  await clock.settle(other.answer(otherPeer.sdp()));
  other.play([tone], { layer: 'prompt', loop: 1 });
  const outcomes: string[] = [];
  port.onWorkerLoss = (outcome) => outcomes.push(outcome);
  other.onWorkerLoss = () => outcomes.push('other');
  const events: string[] = [];
  const playback = port.play([tone], { layer: 'prompt', loop: 1 });
  playback.onEvent = ({ type }) => events.push(type);
  await clock.settle(port.setGain(-6));
  await clock.runFor(4321);
  const died = clock.now();
  links[0]!.kill();
  await clock.runFor(1000);
  assert.deepEqual(outcomes, ['restored']);
  const before = peer.heard.findLast(({ at }) => at <= died)!;
  const after = peer.heard.find(({ at }) => at > died)!;
  assert.ok(after.at - died < 2000);
  assert.equal(after.from.port, before.from.port);
  assert.equal(after.ssrc, before.ssrc);
  const jump = (after.sequence - before.sequence) & 0xffff;
  assert.ok(jump >= 1 && jump < 100, `sequence jumps by ${jump}`);
  const units = (after.timestamp - before.timestamp) >>> 0;
  assert.ok(units >= 160 && units < 16_000, `timestamp jumps by ${units}`);
  const result = await clock.settle(playback.done);
  assert.equal(result.reason, 'completed');
  assert.ok(Math.abs(result.playedMs - 10_000) < 100, `${result.playedMs} ms`);
  assert.deepEqual(events, ['started'], 'told once');
  assert.ok(
    otherPeer.heard.every(
      (packet, i) => i === 0 || packet.sequence === ((otherPeer.heard[i - 1]!.sequence + 1) & 0xffff),
    ),
  );
  otherPeer.close();
  await stage.end();
});

test('what is asked while the worker is being replaced is done by the next one', async () => {
  const stage = await mediaStage();
  const { clock, peer, port, links } = stage;
  const first = port.play([tone], { layer: 'prompt', loop: 1 });
  await clock.runFor(1000);
  links[0]!.kill();
  first.stop();
  const muted = port.setMuted(true);
  const second = port.play([{ kind: 'url', url: 'tone_stream://%(500,0,800)' }], { layer: 'prompt', loop: 1 });
  const held = port.answer(peer.sdp({ direction: 'sendonly' }));
  assert.equal((await clock.settle(first.done)).reason, 'stopped');
  assert.ok((await clock.settle(muted)).at > 0);
  assert.deepEqual(await clock.settle(second.done), { reason: 'completed', playedMs: 500, lastOffsetSamples: 4000 });
  const answer = await clock.settle(held);
  assert.ok(!isRefusal(answer) && answer.media.direction === 'recvonly');
  await stage.end();
});

test('a port whose number is taken meanwhile has moved; one that kills worker after worker is given up', async () => {
  const stage = await mediaStage();
  const { clock, net, port, links } = stage;
  const outcomes: string[] = [];
  port.onWorkerLoss = (outcome) => outcomes.push(outcome);
  port.start();
  await clock.runFor(1000);
  const old = port.local.port;
  links[0]!.kill();
  const squatter = await net.host('10.0.0.1').udp({ host: '10.0.0.1', port: old });
  await clock.runFor(1000);
  assert.deepEqual(outcomes, ['moved']);
  assert.notEqual(port.local.port, old);
  assert.match(port.offer(), new RegExp(`m=audio ${port.local.port} `));
  squatter.close();
  for (let i = 0; i < maxRestores; i++) {
    links.at(-1)!.kill();
    await clock.runFor(3000);
  }
  assert.equal(outcomes.at(-1), 'lost');
  await assert.rejects(clock.settle(port.stats()), { code: 'media-port-closed' });
  await stage.end();
});

test('digits go out as events, in order, with pauses; as tones when events were not agreed', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  const playback = port.play([tone], { layer: 'prompt', loop: 1 });
  await clock.runFor(500);
  const before = clock.now();
  const [first, second] = [port.sendDigits('12w3', 100), port.sendDigits('#', 100)];
  const { at } = await clock.settle(first);
  assert.ok(at - before <= 20 && clock.now() - before <= 40, `the first packet: ${at - before} ms`);
  const later = (await clock.settle(second)).at - before;
  assert.ok(later > 3 * 100 + 500 && later < 1500, `the string after it: ${later} ms`);
  const sent = (await clock.settle(port.digitsSent())).at - before;
  assert.ok(sent >= later + 100 && sent < later + 300, `all of them: ${sent} ms`);
  await clock.runFor(100);
  const events = peer.heard.filter(({ payloadType }) => payloadType === 101);
  const byEvent = Map.groupBy(events, ({ timestamp }) => timestamp);
  assert.deepEqual(
    [...byEvent.values()].map((packets) => packets[0]!.payload[0]),
    [1, 2, 3, 11],
  );
  for (const packets of byEvent.values()) {
    assert.equal(packets[0]!.marker, true);
    assert.equal(packets.filter(({ payload }) => payload[1]! & 0x80).length, 3);
    assert.equal((packets.at(-1)!.payload[2]! << 8) | packets.at(-1)!.payload[3]!, 800);
  }
  assert.ok(
    peer.heard.every((packet, i) => i === 0 || packet.sequence === ((peer.heard[i - 1]!.sequence + 1) & 0xffff)),
  );
  assert.equal((await clock.settle(playback.done)).playedMs, 10_000, 'the prompt waited for the digits');
  await clock.settle(port.answer(peer.sdp({ dtmf: false })));
  const count = peer.heard.length;
  const toneAt = clock.now();
  const tone5 = await clock.settle(port.sendDigits('w5', 100));
  assert.ok(tone5.at - toneAt >= 500 && tone5.at - toneAt <= 540, `its first tone: ${tone5.at - toneAt} ms`);
  const whole = (await clock.settle(port.digitsSent())).at - tone5.at;
  assert.ok(whole >= 100 && whole < 300, `the whole tone: ${whole} ms`);
  assert.ok(peer.heard.slice(count).every(({ payloadType }) => payloadType === 0));
  const queued = Array.from({ length: maxDigitStrings }, () => port.sendDigits('5', 100));
  await assert.rejects(clock.settle(port.sendDigits('5', 100)), { code: 'digits-too-many' });
  await clock.settle(Promise.all(queued));
  await stage.end();
});

test('a re-INVITE that changes nothing leaves the digits under way alone; a hold ends them', async () => {
  const stage = await mediaStage();
  const { clock, peer, port } = stage;
  const sent = port.sendDigits('12345', 100);
  await clock.runFor(250);
  await clock.settle(port.answer(peer.sdp()));
  await clock.settle(sent);
  await clock.settle(port.digitsSent());
  const ended = peer.heard.filter(({ payloadType, payload }) => payloadType === 101 && payload[1]! & 0x80);
  assert.deepEqual(
    ended.filter((_, i) => i % 3 === 0).map(({ payload }) => payload[0]),
    [1, 2, 3, 4, 5],
  );
  const cut = port.sendDigits('678', 100);
  await clock.runFor(50);
  await clock.settle(port.answer(peer.sdp({ direction: 'sendonly' })));
  await clock.settle(cut);
  await assert.rejects(clock.settle(port.digitsSent()), { code: 'media-not-sending' });
  await assert.rejects(clock.settle(port.sendDigits('9', 100)), { code: 'media-not-sending' });
  await stage.end();
});

test('a worker that hangs is killed and replaced; a port is never opened on one that cannot start', async () => {
  const clock = new VirtualClock();
  const random = seededRandom('hang');
  let started = 0;
  const pool = createMediaPool({
    clock,
    random,
    log: silentLog,
    advertise: '10.0.0.1',
    ports: { min: 30_000, max: 30_039 },
    workers: 1,
    startWorker: () => {
      started++;
      const link: WorkerLink = {
        end: { send: () => {}, onFrame: () => {} },
        pid: started,
        onExit: () => {},
        kill: () => link.onExit('killed'),
        close: async () => {},
      };
      return link;
    },
  });
  const opening = clock.settle(pool.open(open('a')));
  await assert.rejects(opening, { code: 'media-unavailable', sip: 480 });
  assert.ok(started >= 1);
  await clock.runFor(60_000);
  // Ever more slowly: at once, after 200 ms, 400 ms and so on, each hang noticed after 4 s.
  assert.ok(started > 5 && started < 16, `${started} starts`);
  await clock.settle(pool.close());
  const before = started;
  await clock.runFor(60_000);
  assert.equal(started, before);
  assert.equal(clock.pendingTimers, 0);
});

test('a call that comes while the only worker is being replaced waits for the next one', async () => {
  const stage = await mediaStage();
  const { clock, pool, links } = stage;
  const early = pool.open(open('early'));
  links[0]!.kill();
  const late = pool.open(open('late'));
  assert.ok((await clock.settle(early)).local.port > 0);
  assert.ok((await clock.settle(late)).local.port > 0);
  assert.equal(links.length, 2);
  assert.equal(pool.workers[0]!.ports, 3);
  await stage.end();
});

for (const change of ['stop', 'close'] as const) {
  test(`${change} while another worker takes the port over: the new worker does not play on`, async () => {
    const stage = await mediaStage();
    const { clock, net, peer, port, links } = stage;
    const playback = port.play([tone], { layer: 'prompt', loop: 1 });
    await clock.runFor(1000);
    // The new worker knows of the port, and the pool does not know that yet.
    const host = net.host('10.0.0.1');
    const bind = host.udp.bind(host);
    let binds = 0;
    host.udp = (options) => {
      if (binds++ === 0) void (change === 'stop' ? playback.stop() : port.close());
      return bind(options);
    };
    links.at(-1)!.kill();
    assert.equal((await clock.settle(playback.done)).reason, 'stopped');
    await clock.runFor(500);
    assert.equal(binds, 2);
    const before = peer.heard.length;
    await clock.runFor(200);
    if (change === 'stop') assert.ok(peer.audio(before).every((sample) => Math.abs(sample) < 50));
    else assert.equal(peer.heard.length, before);
    // The far end's own two sockets, and the port's while it is open.
    assert.equal(net.open().udp, change === 'stop' ? 4 : 2);
    await stage.end();
  });
}

test('answers that overlap a worker’s death, and one another, name the port that is', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port, links } = stage;
  port.start();
  await clock.runFor(1000);
  const old = port.local.port;
  for (const early of [true, false]) {
    const answers = early ? [port.answer(peer.sdp()), port.answer(peer.sdp({ direction: 'sendonly' }))] : [];
    links.at(-1)!.kill();
    await Promise.resolve();
    if (!early) answers.push(port.answer(peer.sdp()), port.answer(peer.sdp({ direction: 'sendonly' })));
    const squatter = early ? await net.host('10.0.0.1').udp({ host: '10.0.0.1', port: old }) : undefined;
    const given = await clock.settle(Promise.all(answers));
    assert.notEqual(port.local.port, old);
    for (const [i, answer] of given.entries()) {
      assert.ok(!isRefusal(answer));
      assert.match(answer.sdp, new RegExp(`m=audio ${port.local.port} `), `answer ${i}`);
      assert.equal(answer.media.direction, i === 0 ? 'sendrecv' : 'recvonly');
    }
    squatter?.close();
    await clock.runFor(2000);
  }
  await stage.end();
});
