// Tests of RTCP: a compound by hand against the reader, the writer against the reader, refusals, clock and interval arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ntpMiddle, ntpOf, parseRtcp, type ReportBlock, rtcpIntervalMs, writeRtcp } from './rtcp.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

const senderReport = `81c8000c 11111111 e4b2a1c0 80000000 00001f40 00000064 00003e80
  22222222 40fffffe 00010005 00000050 a1c08000 00010000`;
const description = `81ca0004 11111111 01 07 61406578616d70 00 0000`;
const goodbye = `81cb0002 11111111 03 627965`;

test('a compound of SR, SDES and BYE is read', () => {
  assert.deepEqual(parseRtcp(bytes(`${senderReport} ${description} ${goodbye}`)), [
    {
      type: 'sender-report',
      ssrc: 0x11111111,
      sender: { ntpSeconds: 0xe4b2a1c0, ntpFraction: 0x80000000, rtpTimestamp: 8000, packets: 100, octets: 16_000 },
      blocks: [
        {
          ssrc: 0x22222222,
          fractionLost: 64,
          cumulativeLost: -2,
          highestSequence: 0x10005,
          jitter: 80,
          lastSenderReport: 0xa1c08000,
          delaySinceSenderReport: 0x10000,
        },
      ],
    },
    { type: 'description', chunks: [{ ssrc: 0x11111111, cname: 'a@examp' }] },
    { type: 'goodbye', ssrcs: [0x11111111], reason: 'bye' },
  ]);
});

test('packets of other types are stepped over, padding at the end is cut off, a profile extension is ignored', () => {
  const app = '80cc0002 11111111 6e616d65';
  const feedback = '81cd0003 11111111 22222222 00010000';
  const rr = '80c90001 33333333';
  assert.deepEqual(parseRtcp(bytes(`${rr} ${app} ${feedback}`)), [
    { type: 'receiver-report', ssrc: 0x33333333, blocks: [] },
  ]);
  assert.equal(parseRtcp(bytes('a0c90002 33333333 00000004'))?.length, 1);
  assert.equal(parseRtcp(bytes('80c90002 33333333 12345678'))?.length, 1);
});

test('what is malformed is refused as a whole', () => {
  const cases: Record<string, string> = {
    nothing: '',
    'three bytes': '80c900',
    'version 1': '40c90001 11111111',
    'RTP behind it': `80c90001 11111111 80000001 00000002 00000003`,
    'a length over the end': '80c90002 11111111',
    'a sender report without sender': '80c80001 11111111',
    'a block that is not there': '81c90001 11111111',
    'BYE without its sources': '82cb0001 11111111',
    'a reason over the end': '81cb0002 11111111 09 627965',
    'an item over the end': '81ca0002 11111111 01 09 6162',
    'items without an end': '81ca0002 11111111 01 02 6162',
    'padding in front': 'a0c90002 11111111 00000004 80c90001 11111111',
    'padding of 0': 'a0c90002 11111111 00000000',
    'padding over the header': 'a0c90002 11111111 0000000c',
  };
  for (const [name, hex] of Object.entries(cases)) assert.equal(parseRtcp(bytes(hex)), undefined, name);
  assert.equal(parseRtcp(bytes('80c90001 11111111'.repeat(65))), undefined, 'too many packets');
});

const block: ReportBlock = {
  ssrc: 0xfffffffe,
  fractionLost: 255,
  cumulativeLost: -3,
  highestSequence: 0xffff0001,
  jitter: 1234,
  lastSenderReport: 0x89abcdef,
  delaySinceSenderReport: 65_536,
};

test('what is written reads back: reports with and without a sender, any CNAME, BYE', () => {
  const sender = { ntpSeconds: 1, ntpFraction: 0xffffffff, rtpTimestamp: 0xfffffff0, packets: 5, octets: 800 };
  for (let length = 1; length < 12; length++) {
    const buffer = new Uint8Array(400).fill(0xaa);
    const cname = 'x'.repeat(length);
    const end = writeRtcp(buffer, { ssrc: 9, cname, sender, blocks: [block], bye: length % 2 === 0 });
    const read = parseRtcp(buffer.subarray(0, end));
    assert.deepEqual(read?.[0], { type: 'sender-report', ssrc: 9, sender, blocks: [block] });
    assert.deepEqual(read?.[1], { type: 'description', chunks: [{ ssrc: 9, cname }] });
    assert.equal(read?.length, length % 2 === 0 ? 3 : 2);
  }
  const buffer = new Uint8Array(400);
  const end = writeRtcp(buffer, { ssrc: 9, cname: 'c', sender: undefined, blocks: [] });
  assert.deepEqual(parseRtcp(buffer.subarray(0, end))?.[0], { type: 'receiver-report', ssrc: 9, blocks: [] });
});

test('a loss beyond 24 bits is written as the most there is', () => {
  const buffer = new Uint8Array(400);
  const end = writeRtcp(buffer, {
    ssrc: 9,
    cname: 'c',
    sender: undefined,
    blocks: [{ ...block, cumulativeLost: 1e9 }],
  });
  const [report] = parseRtcp(buffer.subarray(0, end))!;
  assert.equal(report?.type === 'receiver-report' && report.blocks[0]?.cumulativeLost, 0x7fffff);
});

test('NTP time is Unix time and 70 years', () => {
  assert.deepEqual(ntpOf(500), { seconds: 2_208_988_800, fraction: 0x80000000 });
  assert.equal(ntpMiddle(0x12345678, 0x9abcdef0), 0x56789abc);
});

test('the interval is spread around five seconds, half of it at first, and grows with the members', () => {
  const base = { members: 2, senders: 2, weSent: true, sessionBandwidth: 8000, averageBytes: 120, initial: false };
  const at = (next: number, more = {}): number =>
    rtcpIntervalMs({ ...base, ...more, random: { next: () => next, bytes: (n) => new Uint8Array(n) } });
  const compensation = Math.E - 1.5;
  assert.equal(Math.round(at(0)), Math.round(2500 / compensation));
  assert.equal(Math.round(at(1)), Math.round(7500 / compensation));
  assert.equal(at(0.5, { initial: true }), at(0.5) / 2);
  // 1000 listeners share three quarters of 5 % of 8000 bytes/s: 1000 x 120 / 300 = 400 s.
  assert.equal(Math.round(at(0.5, { members: 1001, senders: 1, weSent: false })), Math.round(400_000 / compensation));
  assert.ok(at(0.5, { sessionBandwidth: 0 }) > 0);
});
