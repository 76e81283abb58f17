// What a port hears on the virtual clock: digits, latching, mute, comfort noise, inactivity, RTCP.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaStage } from '../../../test/kit/media-stage.ts';
import { SimPeer } from '../../../test/kit/sim-rtp-peer.ts';
import { dtmfSteps, levelDbov, TonePlayer, toneLevelDbov, worstClick } from '../../audio/index.ts';
import { isRefusal } from '../../base/index.ts';
import { SimNet, seededRandom, VirtualClock } from '../../base/sim/index.ts';
import { DtmfSender, parseRtcp, type RtcpPacket, StreamStatistics, writeRtcp } from '../../rtp/index.ts';
import { answerOffer, newSdpSession } from '../../sdp/index.ts';
import type { DigitEvent } from '../client.ts';
import { Ear } from './ear.ts';

const local = { address: '10.0.0.1', port: 30_000, dtmf: true, comfortNoise: true, rtcpMux: true } as const;
const codecs = [
  { name: 'PCMU', clockRate: 8000, payloadType: 0 },
  { name: 'G722', clockRate: 8000, payloadType: 9 },
];

/** An ear by itself, with a far end that sends to it. */
async function earStage(options: { muted?: boolean; inbandDtmf?: boolean; codec?: string; extra?: string[] } = {}) {
  const clock = new VirtualClock();
  const random = seededRandom('ear');
  const net = new SimNet({ clock, random });
  const socket = await net.host('10.0.0.1').udp({ host: '10.0.0.1', port: 30_000 });
  const peer = await SimPeer.open(net.host('10.0.0.2'), options.codec);
  const digits: DigitEvent[] = [];
  const ear = new Ear({
    clock,
    random,
    statistics: new StreamStatistics({ ssrc: 1, clockRate: 8000 }),
    latched: undefined,
    muted: options.muted ?? false,
    inbandDtmf: options.inbandDtmf ?? false,
    onDigit: (digit) => digits.push(digit),
    onHeard: () => {},
  });
  const sdp = options.extra ? peer.sdp().replace('0 101', '0 13 101') : peer.sdp();
  const answered = answerOffer(sdp, { ...local, codecs }, newSdpSession({ sessionId: '1' }));
  assert.ok(!isRefusal(answered));
  ear.configure(answered.media, { sampleRate: peer.codec.sampleRate, ptimeMs: 20 });
  socket.onMessage = (data, from) => ear.push(data, from);
  /** Runs the ear frame by frame; gives what a listener heard. */
  const hear = async (ms: number): Promise<Int16Array> => {
    const all: Int16Array[] = [];
    const stop = ear.listen((frame) => all.push(frame.slice()));
    for (let at = 0; at < ms; at += 20) {
      await clock.runFor(20);
      ear.tick(clock.now());
    }
    stop();
    return Int16Array.from(all.flatMap((frame) => [...frame]));
  };
  return { clock, random, net, peer, ear, digits, hear, to: { host: '10.0.0.1', port: 30_000 } };
}

const tone = (rate: number) => (n: number) =>
  Int16Array.from({ length: rate / 50 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 500 * (n * (rate / 50) + i)) / rate)),
  );

for (const codec of ['PCMU', 'G722']) {
  test(`${codec}: a listener hears the far end at its level, also with jitter and loss`, async () => {
    const { clock, net, peer, hear, to } = await earStage({ codec });
    const rate = peer.codec.sampleRate;
    const stop = peer.stream(to, tone(rate));
    await clock.runFor(200);
    const clean = (await hear(2000)).subarray(rate / 2);
    assert.ok(Math.abs(toneLevelDbov(clean, 500, rate) + 15.26) < 0.3, `${toneLevelDbov(clean, 500, rate)} dBov`);
    assert.ok(worstClick(clean, rate).ratio < 3);
    net.link({}, { delayMs: 20, jitterMs: 15, lossRate: 0.05 });
    const rough = (await hear(3000)).subarray(rate);
    assert.ok(Math.abs(toneLevelDbov(rough, 500, rate) + 15.26) < 1.5, `${toneLevelDbov(rough, 500, rate)} dBov`);
    stop();
    assert.ok(levelDbov((await hear(1000)).subarray(rate / 2)) < -80, 'silence when the far end stops');
  });
}

test('mute is silence for every listener, without a click; digits are still reported', async () => {
  const { clock, peer, ear, digits, hear, to } = await earStage();
  const stop = peer.stream(to, tone(8000));
  await clock.runFor(200);
  const first = await hear(600);
  ear.setMuted(true);
  const second = await hear(600);
  ear.setMuted(false);
  const third = await hear(600);
  stop();
  assert.ok(levelDbov(first.subarray(2400)) > -20);
  assert.equal(levelDbov(second.subarray(160)), -127);
  assert.ok(levelDbov(third.subarray(160)) > -20);
  assert.ok(worstClick(Int16Array.from([...first.subarray(2400), ...second, ...third]), 8000).ratio < 3);
  ear.setMuted(true);
  sendDigit(peer, to, '7');
  await hear(300);
  assert.deepEqual(
    digits.map(({ digit }) => digit),
    ['7'],
  );
});

/** A digit of 100 ms at once: five updates and three ends. */
function sendDigit(peer: SimPeer, to: { host: string; port: number }, digit: string): void {
  const sender = new DtmfSender({ clockRate: 8000, payloadType: 101, ptimeMs: 20 });
  sender.send(digit, 100);
  const packet = new Uint8Array(16);
  const output = { ssrc: peer.ssrc, sequence: 0, timestamp: 0 };
  while (sender.next(output, packet) > 0) {
    peer.send(to, packet.slice(12), { payloadType: 101, advance: 0 });
  }
  peer.send(to, new Uint8Array(160).fill(0xff), { advance: 2000 });
}

test('a thousand digits over a link that loses one packet in ten: each exactly once', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port } = stage;
  const heard: string[] = [];
  port.onDigit = ({ digit, source }) => heard.push(`${digit}${source === 'rfc4733' ? '' : '!'}`);
  net.link({}, { lossRate: 0.1 });
  let sent = '';
  for (let i = 0; i < 1000; i++) {
    const digit = '0123456789*#ABCD'[Math.floor(stage.random.next() * 16)]!;
    sent += digit;
    sendDigit(peer, port.local, digit);
    await clock.runFor(250);
  }
  await clock.runFor(500);
  assert.equal(heard.join(''), sent);
  await stage.end();
});

test('digits in the audio are found when asked for, and not once events come', async () => {
  const { clock, peer, digits, hear, to } = await earStage({ inbandDtmf: true });
  const player = new TonePlayer({ steps: dtmfSteps('159#', 80), loops: 1 }, 8000);
  const stop = peer.stream(to, () => {
    const frame = new Int16Array(160);
    player.read(frame);
    return frame;
  });
  await clock.runFor(40);
  await hear(1200);
  stop();
  assert.deepEqual(
    digits.map(({ digit, source }) => digit + source),
    ['1inband', '5inband', '9inband', '#inband'],
  );
  digits.length = 0;
  sendDigit(peer, to, '3');
  await hear(200);
  const again = new TonePlayer({ steps: dtmfSteps('4', 80), loops: 1 }, 8000);
  peer.stream(to, () => {
    const frame = new Int16Array(160);
    again.read(frame);
    return frame;
  });
  await hear(500);
  assert.deepEqual(
    digits.map(({ digit, source }) => digit + source),
    ['3rfc4733'],
  );
});

test('comfort noise is heard as noise of its level', async () => {
  const { clock, peer, hear, to } = await earStage({ extra: ['13'] });
  for (let i = 0; i < 20; i++) {
    peer.send(to, peer.codec.name === 'PCMU' ? new Uint8Array(160).fill(0xff) : new Uint8Array(160));
    await clock.runFor(20);
  }
  peer.send(to, Uint8Array.of(40), { payloadType: 13, advance: 160 });
  const heard = (await hear(2000)).subarray(8000);
  assert.ok(Math.abs(levelDbov(heard) + 40) < 3, `${levelDbov(heard)} dBov`);
});

test('a far end behind a NAT is latched once; a hijacker is not heard until it has been silent', async () => {
  const stage = await mediaStage({ sdp: { port: 9999 } });
  const { clock, net, peer, port } = stage;
  port.start();
  await clock.runFor(100);
  assert.equal(peer.heard.length, 0, 'packets go to the address in SDP, where nobody is');
  const stop = peer.stream(port.local);
  await clock.runFor(200);
  assert.ok(peer.heard.length > 5, 'latched to the real source');
  const thief = await SimPeer.open(net.host('10.0.0.66'));
  const stopThief = thief.stream(port.local);
  const before = await clock.settle(port.stats());
  await clock.runFor(1000);
  assert.equal(thief.heard.length, 0);
  const after = await clock.settle(port.stats());
  assert.ok(after.packetsReceived - before.packetsReceived <= 51, 'strangers are not counted as heard');
  stop();
  await clock.runFor(2800);
  assert.equal(thief.heard.length, 0, 'not yet silent for long enough');
  await clock.runFor(1000);
  assert.ok(thief.heard.length > 0, 'a new source after a defined silence');
  stopThief();
  const moved = await clock.settle(port.answer(peer.sdp()));
  assert.ok(!isRefusal(moved));
  await clock.runFor(100);
  const count = thief.heard.length;
  await clock.runFor(500);
  assert.equal(thief.heard.length, count, 'a re-INVITE with an address opens the latch');
  thief.close();
  await stage.end();
});

test('a far end that was only silent gets its place back from whoever took it, for good', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port } = stage;
  port.start();
  const pause = peer.stream(port.local);
  await clock.runFor(500);
  pause();
  const thief = await SimPeer.open(net.host('10.0.0.66'));
  thief.stream(port.local);
  await clock.runFor(4000);
  assert.ok(thief.heard.length > 0, 'it has been silent for long enough');
  peer.stream(port.local);
  await clock.runFor(100);
  const stolen = thief.heard.length;
  const heard = peer.heard.length;
  await clock.runFor(10_000);
  assert.equal(thief.heard.length, stolen);
  assert.equal(peer.heard.length, heard + 500);
  thief.close();
  await stage.end();
});

test('a far end that is silent and reports by RTCP lives', async () => {
  const stage = await mediaStage({ port: { inactivityMs: 5000 } });
  const { clock, peer, port } = stage;
  const reported: number[] = [];
  port.onInactive = (silentMs) => reported.push(silentMs);
  port.start();
  const { host } = peer.socket.local;
  const rtcp = await stage.net.host(host).udp({ host, port: 0 });
  const report = new Uint8Array(200);
  const size = writeRtcp(report, { ssrc: 9, cname: 'phone', sender: undefined, blocks: [] });
  for (let i = 0; i < 6; i++) {
    rtcp.send(report.subarray(0, size), port.local.port + 1, port.local.host);
    await clock.runFor(3000);
  }
  assert.deepEqual(reported, []);
  await clock.runFor(6000);
  assert.equal(reported.length, 1);
  rtcp.close();
  await stage.end();
});

test('a far end that holds the call has a limit of its own', async () => {
  const stage = await mediaStage({ port: { inactivityMs: 2000, holdInactivityMs: 10_000 } });
  const { clock, peer, port } = stage;
  const reported: number[] = [];
  port.onInactive = (silentMs) => reported.push(silentMs);
  port.start();
  await clock.settle(port.answer(peer.sdp({ direction: 'sendonly' })));
  await clock.runFor(9000);
  assert.deepEqual(reported, []);
  await clock.runFor(2000);
  assert.equal(reported.length, 1);
  assert.ok(reported[0]! >= 10_000 && reported[0]! < 10_600);
  await stage.end();
});

test('what was silent on hold is given its time again when the talk resumes', async () => {
  const stage = await mediaStage({ port: { inactivityMs: 2000, holdInactivityMs: 60_000 } });
  const { clock, peer, port } = stage;
  const reported: number[] = [];
  port.onInactive = (silentMs) => reported.push(silentMs);
  port.start();
  await clock.settle(port.answer(peer.sdp({ direction: 'sendonly' })));
  await clock.runFor(20_000);
  await clock.settle(port.answer(peer.sdp()));
  await clock.runFor(1900);
  assert.deepEqual(reported, []);
  await clock.runFor(1000);
  assert.equal(reported.length, 1, 'and no more than its time');
  await stage.end();
});

test('silence of the far end is reported once, not on hold, and again after it spoke', async () => {
  const stage = await mediaStage({ port: { inactivityMs: 5000 } });
  const { clock, peer, port } = stage;
  const reported: number[] = [];
  port.onInactive = (silentMs) => reported.push(silentMs);
  await clock.runFor(20_000);
  assert.deepEqual(reported, [], 'not before we have begun to send');
  port.start();
  await clock.runFor(20_000);
  assert.equal(reported.length, 1);
  assert.ok(reported[0]! >= 5000 && reported[0]! < 5600);
  const stop = peer.stream(port.local);
  await clock.runFor(2000);
  stop();
  await clock.runFor(4000);
  await clock.settle(port.answer(peer.sdp({ direction: 'inactive' })));
  await clock.runFor(20_000);
  assert.equal(reported.length, 1, 'held');
  await clock.settle(port.answer(peer.sdp()));
  await clock.runFor(6000);
  assert.equal(reported.length, 2);
  await stage.end();
});

test('RTCP: reports about every five seconds, loss and round trip measured, BYE at the end', async () => {
  const stage = await mediaStage();
  const { clock, net, peer, port } = stage;
  net.link({}, { delayMs: 25 });
  port.start();
  peer.stream(port.local);
  // The far end reports on us each time it hears a sender report.
  peer.onRtcp = (data) => {
    const [first] = parseRtcp(data) ?? [];
    if (first?.type !== 'sender-report') return;
    const { ntpSeconds, ntpFraction } = first.sender;
    const block = {
      ssrc: first.ssrc,
      fractionLost: 0,
      cumulativeLost: 3,
      highestSequence: 0,
      jitter: 0,
      lastSenderReport: ((ntpSeconds << 16) | (ntpFraction >>> 16)) >>> 0,
      delaySinceSenderReport: 0,
    };
    const packet = new Uint8Array(256);
    const length = writeRtcp(packet, { ssrc: peer.ssrc, cname: 'peer', sender: undefined, blocks: [block] });
    peer.sendRtcp({ host: '10.0.0.1', port: port.local.port + 1 }, packet.subarray(0, length));
  };
  await clock.runFor(60_000);
  const reports = peer.rtcp.map((data) => parseRtcp(data)!);
  assert.ok(reports.length >= 8 && reports.length <= 24, `${reports.length} reports in a minute`);
  const [report] = reports.at(-1) as [Extract<RtcpPacket, { type: 'sender-report' }>];
  assert.equal(report.type, 'sender-report');
  assert.equal(report.ssrc, peer.heard[0]!.ssrc);
  assert.ok(report.sender.packets > 2500 && report.sender.octets === report.sender.packets * 160);
  // The report's RTP time belongs to its moment: within a frame of the packet sent then.
  const stats = await clock.settle(port.stats());
  assert.equal(stats.remoteLost, 3);
  assert.ok(Math.abs(stats.roundTripMs! - 50) < 2, `${stats.roundTripMs} ms`);
  await clock.settle(port.close());
  await clock.runFor(100);
  const last = parseRtcp(peer.rtcp.at(-1)!)!;
  assert.equal(last.at(-1)!.type, 'goodbye');
  peer.stop();
  await stage.end();
});

test('a far end that is nowhere (0.0.0.0, or port 0) is sent nothing, RTCP neither', async () => {
  const stage = await mediaStage();
  const { clock, net, pool, peer } = stage;
  const host = net.host('10.0.0.1');
  const bind = host.udp.bind(host);
  const targets: string[] = [];
  host.udp = async (options) => {
    const socket = await bind(options);
    const send = socket.send.bind(socket);
    socket.send = (data, port, to) => {
      targets.push(`${to}:${port}`);
      send(data, port, to);
    };
    return socket;
  };
  const port = await clock.settle(pool.open({ callSid: 'b', group: 'b', inactivityMs: 0 }));
  await clock.settle(port.answer(peer.sdp()));
  port.start();
  await clock.runFor(10_000);
  assert.ok(targets.includes('10.0.0.2:20001'), 'reports while there is somebody');
  for (const nowhere of [peer.sdp().replace(/^c=.*$/m, 'c=IN IP4 0.0.0.0'), peer.sdp({ port: 0 })]) {
    await clock.settle(port.answer(nowhere));
    targets.length = 0;
    await clock.runFor(30_000);
    assert.deepEqual(targets, []);
  }
  await clock.settle(port.close());
  assert.deepEqual(targets, []);
  await stage.end();
});

test('garbage by the thousand: counted, and nothing else', async () => {
  const stage = await mediaStage();
  const { clock, random, net, peer, port } = stage;
  const stop = peer.stream(port.local);
  const noise = await net.host('10.0.0.3').udp({ host: '10.0.0.3', port: 0 });
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.bytes(Math.floor(random.next() * 200));
    if (bytes.length > 1 && random.next() < 0.5) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
    const target = random.next() < 0.5 ? port.local.port : port.local.port + 1;
    (random.next() < 0.5 ? noise : peer.socket).send(bytes, target, '10.0.0.1');
    if (i % 100 === 0) await clock.runFor(10);
  }
  stop();
  await clock.runFor(200);
  const playback = port.play([{ kind: 'url', url: 'tone_stream://%(200,0,400)' }], { layer: 'prompt', loop: 1 });
  assert.equal((await clock.settle(playback.done)).reason, 'completed');
  noise.close();
  await stage.end();
});
