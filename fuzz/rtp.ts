// Fuzz target: spoiled RTP and RTCP datagrams through header, jitter buffer, telephone events, statistics and RTCP reader and writer.
// Nothing may throw; offsets stay inside the datagram, every event that starts ends once, reports read back as written.
import assert from 'node:assert/strict';
import {
  DtmfReceiver,
  isRtcp,
  JitterBuffer,
  makeRtpView,
  parseRtcp,
  type RtpView,
  readRtp,
  rtcpIntervalMs,
  StreamStatistics,
  writeRtcp,
  writeRtpHeader,
} from '../src/rtp/index.ts';
import { type Dice, mutated } from './mutate.ts';
import { runFuzz } from './run.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const corpus = [
  hex(`8000 0001 00000000 00000007 ${'d5'.repeat(160)}`),
  hex(`8008 0002 000000a0 00000007 ${'55'.repeat(240)}`),
  hex('800d 0003 00000140 00000007 40'),
  hex('80e5 0004 000001e0 00000007 050a00a0'),
  hex('8065 0005 000001e0 00000007 058a0320'),
  hex('b265 0006 000001e0 00000007 00000008 00000009 bede0001 10aa0000 058a0320 00000004'),
  hex(
    '81c8000c 00000007 e4b2a1c0 80000000 00001f40 00000064 00003e80 00000001 40fffffe 00010005 00000050 a1c08000 00010000 81ca0004 00000007 01 07 61406578616d70 00 0000 81cb0002 00000007 03 627965',
  ),
  hex('81c90007 00000007 00000001 00000000 00010005 00000050 a1c08000 00010000 81ca0003 00000007 01 01 78 00 00000000'),
  hex('80c90001 00000007 81cd0003 00000007 00000001 00010000'),
];

const comfortNoise = 13;
const telephoneEvent = 101;
const view = makeRtpView();
const written = new Uint8Array(2048);
let input: Buffer = Buffer.alloc(0);

/** One leg's receiving side; lives for many inputs, so that their states mix. */
function makeLeg() {
  let started = 0;
  let ended = 0;
  const dtmf = new DtmfReceiver({
    clockRate: 8000,
    onStart: () => started++,
    onDigit: (digit, durationMs) => {
      ended++;
      assert.ok(/^[0-9*#A-D]$/.test(digit) && durationMs >= 0 && Number.isFinite(durationMs));
      assert.ok(started >= ended && started - ended <= 1, 'one event sounds at a time');
    },
  });
  const unitsOf = (_: Uint8Array, v: RtpView): number =>
    v.payloadType === comfortNoise ? 0 : v.payloadEnd - v.payloadStart;
  const jitter = new JitterBuffer({ clockRate: 8000, ptimeMs: 20, unitsOf });
  const close = (): void => {
    dtmf.close();
    assert.equal(started, ended);
  };
  return { dtmf, jitter, statistics: new StreamStatistics({ ssrc: 1, clockRate: 8000 }), close };
}

let leg = makeLeg();
const start = 1_790_000_000_000;
let now = start;

function checkRtp(dice: Dice): string {
  if (!readRtp(input, view)) return 'no RTP';
  assert.ok(view.payloadStart >= 12 && view.payloadStart <= view.payloadEnd && view.payloadEnd <= input.length);
  writeRtpHeader(written, view);
  assert.equal(written[1], input[1]);
  assert.deepEqual(written.subarray(2, 12), new Uint8Array(input.subarray(2, 12)));
  const isEvent = view.payloadType === telephoneEvent;
  leg.statistics.received(view, now, !isEvent);
  if (isEvent) leg.dtmf.push(input, view, now);
  const verdict = isEvent ? leg.jitter.skip(input, view) : leg.jitter.push(input, view, now);
  for (let pulls = dice.below(3); pulls > 0; pulls--) checkFrame(dice);
  return verdict;
}

function checkFrame(dice: Dice): void {
  const frame = leg.jitter.pull(now, () => dice.below(2) === 0);
  assert.ok(frame.units > 0 && Number.isInteger(frame.units), frame.kind);
  if (frame.kind !== 'frame' && frame.kind !== 'noise') return;
  assert.ok(frame.payload.length > 0 && frame.payload.length <= 1460);
  assert.ok(frame.timestamp >= 0 && frame.timestamp < 2 ** 32 && frame.payloadType >= 0);
  assert.ok(Number.isFinite(leg.jitter.delayMs) && leg.jitter.targetMs >= 10 && leg.jitter.targetMs <= 200);
}

function checkRtcp(dice: Dice): string {
  const packets = parseRtcp(input);
  if (packets) leg.statistics.report(packets, now);
  const report = {
    ssrc: dice.below(2 ** 32),
    cname: 'x'.repeat(dice.below(300)),
    sender: leg.statistics.senderInfo(now, dice.below(2 ** 32)),
    blocks: leg.statistics.reportBlocks(now),
    bye: dice.below(2) === 0,
  };
  const end = writeRtcp(written, report);
  const [first] = parseRtcp(written.subarray(0, end)) ?? [];
  assert.ok(first?.type === 'sender-report' || first?.type === 'receiver-report');
  assert.deepEqual(first.blocks, report.blocks);
  const totals = leg.statistics.totals();
  assert.ok(Object.values(totals).every((value) => value === undefined || Number.isFinite(value)));
  return packets ? 'RTCP' : 'no RTCP';
}

/** In the headers at random, else anywhere: most bytes are payload, which nobody reads. */
function spoil(dice: Dice): Buffer {
  if (dice.below(3) === 0) return mutated(corpus, dice);
  const bytes = Buffer.from(dice.of(corpus));
  // Mostly a stream: sequence numbers and timestamps that go on, sometimes jump.
  if (bytes[1]! < 192 || bytes[1]! > 223) {
    const number = sequence + dice.below(3);
    bytes.writeUInt16BE(number & 0xffff, 2);
    bytes.writeUInt32BE((number * 160 + (dice.below(50) ? 0 : dice.below(3) * 80)) >>> 0, 4);
  }
  for (let times = dice.below(4); times > 1; times--) bytes[dice.below(Math.min(bytes.length, 32))] = dice.below(256);
  return bytes;
}

let sequence = 0;

function once(dice: Dice): string {
  input = spoil(dice);
  sequence += dice.below(50) ? 1 : dice.below(8) ? dice.below(100) : dice.below(70_000);
  // Sent every 20 ms with up to 80 ms of jitter, but for the jumps.
  now = Math.max(now, start + sequence * 20 + dice.below(80));
  if (dice.below(2000) === 0) {
    leg.close();
    leg = makeLeg();
  }
  leg.dtmf.tick(now);
  const interval = rtcpIntervalMs({
    members: 1 + dice.below(5),
    senders: dice.below(3),
    weSent: dice.below(2) === 0,
    sessionBandwidth: dice.below(10_000),
    averageBytes: input.length,
    initial: dice.below(2) === 0,
    random: { next: () => dice.below(1000) / 1000, bytes: (count) => new Uint8Array(count) },
  });
  assert.ok(interval > 0 && Number.isFinite(interval));
  return isRtcp(input) || dice.below(20) === 0 ? checkRtcp(dice) : checkRtp(dice);
}

await runFuzz({ name: 'rtp', last: () => input, once });
