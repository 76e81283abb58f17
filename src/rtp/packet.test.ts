// Tests of RTP headers: what is read, what is refused, and that writing and reading agree.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRtcp, makeRtpView, readRtp, writeRtpHeader } from './packet.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const header = '80 00 1234 00000140 deadbeef';

test('a written header reads back, numbers taken modulo their width', () => {
  const packet = new Uint8Array(12 + 160);
  const at = writeRtpHeader(packet, {
    marker: true,
    payloadType: 101,
    sequence: 0x1_0005,
    timestamp: 2 ** 32 + 7,
    ssrc: 0xfffffffe,
  });
  const view = makeRtpView();
  assert.equal(at, 12);
  assert.equal(readRtp(packet, view), true);
  assert.deepEqual(view, {
    marker: true,
    payloadType: 101,
    sequence: 5,
    timestamp: 7,
    ssrc: 0xfffffffe,
    csrcCount: 0,
    extension: false,
    padding: 0,
    payloadStart: 12,
    payloadEnd: 172,
  });
});

test('CSRCs, a header extension and padding are stepped over', () => {
  const view = makeRtpView();
  const packet = bytes(`b2 88 0001 00000002 00000003 00000004 00000005 bede0001 10aabbcc 11223344 00000004`);
  assert.equal(readRtp(packet, view), true);
  assert.equal(view.csrcCount, 2);
  assert.equal(view.extension, true);
  assert.equal(view.padding, 4);
  assert.equal(view.marker, true);
  assert.equal(view.payloadType, 8);
  assert.deepEqual([...packet.subarray(view.payloadStart, view.payloadEnd)], [0x11, 0x22, 0x33, 0x44]);
});

test('a packet may be empty, or all padding', () => {
  const view = makeRtpView();
  assert.equal(readRtp(bytes(header), view), true);
  assert.equal(view.payloadEnd - view.payloadStart, 0);
  assert.equal(readRtp(bytes(`${header.replace('80', 'a0')}00000004`), view), true);
  assert.equal(view.payloadEnd - view.payloadStart, 0);
});

test('what is no RTP is refused', () => {
  const cases: Record<string, string> = {
    nothing: '',
    'a keep-alive': '0d0a0d0a',
    'one byte short': header.slice(0, -2),
    'version 1': header.replace('80', '40'),
    'a STUN request': '0001 0000 2112a442 000102030405060708090a0b',
    'a sender report': '80 c8 0006 00000001 00000000 00000000 00000000 00000000 00000000',
    'CSRCs that are not there': header.replace('80', '8f'),
    'an extension cut off': `${header.replace('80', '90')} bede`,
    'an extension longer than the packet': `${header.replace('80', '90')} bede0002 00000000`,
    'padding of 0': `${header.replace('80', 'a0')} 00`,
    'padding into the header': `${header.replace('80', 'a0')} 05`,
  };
  for (const [name, hex] of Object.entries(cases)) assert.equal(readRtp(bytes(hex), makeRtpView()), false, name);
});

test('RTCP on the RTP port is told apart (RFC 5761)', () => {
  assert.equal(isRtcp(bytes('81 c9 0007 00000001')), true);
  assert.equal(isRtcp(bytes(header)), false);
  assert.equal(isRtcp(bytes('80 c8')), false);
});
