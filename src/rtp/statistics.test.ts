// Tests of stream statistics: loss, jitter in clock units, reports, round trip, and sources that change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRtpView, type RtpView } from './packet.ts';
import { ntpMiddle, ntpOf, type ReportBlock } from './rtcp.ts';
import { StreamStatistics } from './statistics.ts';

const at = (sequence: number, more: Partial<RtpView> = {}): RtpView => ({
  ...makeRtpView(),
  sequence: sequence & 0xffff,
  timestamp: (sequence * 160) >>> 0,
  ssrc: 7,
  payloadStart: 12,
  payloadEnd: 172,
  ...more,
});

const statistics = (): StreamStatistics => new StreamStatistics({ ssrc: 1, clockRate: 8000 });

test('packets, bytes, losses and reordering are counted', () => {
  const s = statistics();
  for (const sequence of [1, 2, 5, 4, 6]) s.received(at(sequence), sequence * 20);
  s.sent(160);
  s.sent(160);
  const t = s.totals();
  assert.equal(t.packetsReceived, 5);
  assert.equal(t.bytesReceived, 800);
  assert.equal(t.packetsLost, 1);
  assert.equal(t.packetsMisordered, 1);
  assert.equal(t.packetsSent, 2);
  assert.equal(t.bytesSent, 320);
});

test('jitter follows RFC 3550 A.8', () => {
  const s = statistics();
  const arrivals = [0, 25, 40, 68, 80];
  let transit = Number.NaN;
  let expected = 0;
  for (const [i, ms] of arrivals.entries()) {
    s.received(at(i), ms);
    const d = Math.abs(ms * 8 - i * 160 - transit);
    if (i > 0) expected += (d - expected) / 16;
    transit = ms * 8 - i * 160;
  }
  assert.equal(s.reportBlocks(100)[0]?.jitter, Math.floor(expected));
  assert.ok(Math.abs(s.totals().jitterMs - expected / 8) < 1e-9);
});

test('an even stream has no jitter at real clock readings, over the wrap of timestamps, with events in it', () => {
  const s = statistics();
  const start = 1_790_000_000_000;
  for (let i = 0; i < 400; i++) {
    const view = at(i, { timestamp: (4_294_950_000 + i * 160) >>> 0 });
    if (i % 50 > 45) s.received({ ...view, timestamp: 5 }, start + i * 20, false);
    else s.received(view, start + i * 20);
  }
  assert.ok(s.totals().jitterMs < 0.01, String(s.totals().jitterMs));
});

test("a jump of the sender's clock is no jitter", () => {
  const s = statistics();
  for (let i = 0; i < 50; i++) s.received(at(i), i * 20);
  for (let i = 50; i < 100; i++) s.received(at(i, { timestamp: 3_000_000_000 + i * 160 }), i * 20);
  assert.equal(s.totals().jitterMs, 0);
});

test('a report block has the share lost since the last report, and the loss in all', () => {
  const s = statistics();
  assert.deepEqual(s.reportBlocks(0), []);
  for (let i = 65_500; i < 65_600; i++) if (i % 4 !== 0) s.received(at(i), i * 20);
  const [first] = s.reportBlocks(0) as [ReportBlock];
  // The first packet is 65,501: 99 expected, 24 of them lost.
  assert.equal(first.fractionLost, Math.floor((24 * 256) / 99));
  assert.equal(first.cumulativeLost, 24);
  assert.equal(first.highestSequence, 65_599);
  assert.equal(first.ssrc, 7);
  for (let i = 65_600; i < 65_700; i++) s.received(at(i), i * 20);
  const [second] = s.reportBlocks(0) as [ReportBlock];
  assert.equal(second.fractionLost, 0);
  assert.equal(second.cumulativeLost, 24);
  s.received(at(65_699), 0);
  assert.equal(s.reportBlocks(0)[0]?.fractionLost, 0, 'a duplicate is no negative loss');
});

test('the round trip is measured by two ends that report to each other', () => {
  const a = new StreamStatistics({ ssrc: 1, clockRate: 8000 });
  const b = new StreamStatistics({ ssrc: 2, clockRate: 8000 });
  a.received(at(1, { ssrc: 2 }), 0);
  b.received(at(1, { ssrc: 1 }), 0);
  a.sent(160);
  const start = 1_790_000_000_123;
  const sender = a.senderInfo(start, 1000);
  assert.ok(sender);
  // 30 ms there, b waits 2 s before it reports by a clock an hour off, 50 ms back.
  b.report([{ type: 'sender-report', ssrc: 1, sender, blocks: [] }], start + 30 + 3_600_000);
  const blocks = b.reportBlocks(start + 2030 + 3_600_000);
  a.report([{ type: 'receiver-report', ssrc: 2, blocks }], start + 2080);
  assert.ok(Math.abs(a.totals().roundTripMs! - 80) < 0.1, String(a.totals().roundTripMs));
  assert.equal(a.totals().remoteLost, 0);
});

test('reports about other streams, and round trips that cannot be, are ignored', () => {
  const s = statistics();
  const block = s.reportBlocks(0)[0] ?? {
    ssrc: 99,
    fractionLost: 128,
    cumulativeLost: 5,
    highestSequence: 1,
    jitter: 80,
    lastSenderReport: 0,
    delaySinceSenderReport: 0,
  };
  s.report([{ type: 'receiver-report', ssrc: 7, blocks: [block] }], 0);
  assert.equal(s.totals().remoteLost, undefined);
  s.report([{ type: 'receiver-report', ssrc: 7, blocks: [{ ...block, ssrc: 1 }] }], 0);
  assert.equal(s.totals().remoteLost, 5);
  assert.equal(s.totals().remoteFractionLost, 0.5);
  assert.equal(s.totals().remoteJitterMs, 10);
  assert.equal(s.totals().roundTripMs, undefined);
  const now = ntpOf(1_790_000_000_000);
  const late = ntpMiddle(now.seconds - 100, now.fraction);
  s.report(
    [{ type: 'receiver-report', ssrc: 7, blocks: [{ ...block, ssrc: 1, lastSenderReport: late }] }],
    1_790_000_000_000,
  );
  assert.equal(s.totals().roundTripMs, undefined, '100 s is no round trip');
});

test('a sender report is due only when something was sent since the last', () => {
  const s = statistics();
  assert.equal(s.senderInfo(0, 0), undefined);
  s.sent(160);
  assert.deepEqual(s.senderInfo(1000, 2 ** 32 + 8), {
    ntpSeconds: 2_208_988_801,
    ntpFraction: 0,
    rtpTimestamp: 8,
    packets: 1,
    octets: 160,
  });
  assert.equal(s.senderInfo(1000, 0), undefined);
});

test('a new source starts its own count; what was lost before stays in the totals', () => {
  const s = statistics();
  for (const sequence of [1, 2, 5]) s.received(at(sequence), sequence * 20);
  for (const sequence of [40_000, 40_001, 40_003]) s.received(at(sequence, { ssrc: 8 }), sequence * 20);
  assert.equal(s.totals().packetsLost, 3);
  assert.equal(s.totals().packetsReceived, 6);
  const [block] = s.reportBlocks(0) as [ReportBlock];
  assert.equal(block.ssrc, 8);
  assert.equal(block.cumulativeLost, 1);
});

test('a restart of the same source is no loss', () => {
  const s = statistics();
  for (const sequence of [1, 2, 3, 20_000, 20_001, 20_002]) s.received(at(sequence), sequence * 20);
  assert.equal(s.totals().packetsLost, 0);
  assert.equal(s.reportBlocks(0)[0]?.fractionLost, 0);
});
