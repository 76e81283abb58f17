// Tests of reading descriptions: what is tolerated, what is an error and in which line, and the limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSdpError, parseSdp } from './parse.ts';
import { printSdp } from './print.ts';
import type { SessionDescription } from './types.ts';

const lines = (...text: string[]): string => text.join('\r\n');
const ok = (text: string): SessionDescription => {
  const sdp = parseSdp(text);
  assert.ok(!isSdpError(sdp), JSON.stringify(sdp));
  return sdp;
};
const head = ['v=0', 'o=alice 1 2 IN IP4 192.0.2.9', 's=x', 'c=IN IP4 192.0.2.9', 't=0 0'];

test('a description is read into its parts', () => {
  const sdp = ok(
    lines(
      ...head,
      'a=sendonly',
      'a=tool: x:y ',
      'm=audio 5000/2 RTP/AVP 0 101',
      'i=title',
      'c=IN IP4 192.0.2.10/127',
      'b=AS:64',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtcp-mux',
      'm=video 0 RTP/AVP 31',
      '',
    ),
  );
  assert.deepEqual(sdp, {
    origin: { username: 'alice', sessionId: '1', sessionVersion: '2', addressType: 'IP4', address: '192.0.2.9' },
    sessionName: 'x',
    connection: { addressType: 'IP4', address: '192.0.2.9' },
    attributes: [
      { name: 'sendonly', value: undefined },
      { name: 'tool', value: 'x:y' },
    ],
    media: [
      {
        kind: 'audio',
        port: 5000,
        protocol: 'RTP/AVP',
        formats: ['0', '101'],
        connection: { addressType: 'IP4', address: '192.0.2.10' },
        attributes: [
          { name: 'rtpmap', value: '101 telephone-event/8000' },
          { name: 'rtcp-mux', value: undefined },
        ],
      },
      { kind: 'video', port: 0, protocol: 'RTP/AVP', formats: ['31'], connection: undefined, attributes: [] },
    ],
  });
  assert.deepEqual(parseSdp(printSdp(sdp)), sdp);
});

test('any line ending, blank lines, spaces around, unknown lines and a missing o=, s= or t= are tolerated', () => {
  for (const ending of ['\r\n', '\n', '\r', '\r\n\r\n', ' \r\n'])
    assert.equal(ok([...head, 'm=audio 1 RTP/AVP 0', ''].join(ending)).media.length, 1, JSON.stringify(ending));
  const bare = ok('v=0\nm=audio  9   RTP/AVP   0  8 \nx=future\nk=clear:1\nz=0 0\nr=1');
  assert.deepEqual(bare.media[0]?.formats, ['0', '8']);
  assert.equal(bare.origin.sessionId, '0');
});

test('what is wrong is told with its line', () => {
  const cases: [string, number, RegExp][] = [
    ['', 1, /empty/],
    ['\r\n \r\n', 1, /empty/],
    ['hello', 1, /x=value/],
    ['o=- 1 1 IN IP4 1.2.3.4', 1, /begin with v=/],
    ['v=1', 1, /version/],
    [lines('v=0', 'o=alice 1 2 IN IP4'), 2, /six fields/],
    [lines('v=0', 'o=alice 1 2 ATM NSAP x'), 2, /IN IP4/],
    [lines(...head, 'm=audio'), 6, /port/],
    [lines(...head, 'm=audio notaport RTP/AVP 0'), 6, /port/],
    [lines(...head, 'm=audio -1 RTP/AVP 0'), 6, /port/],
    [lines(...head, 'm=audio 65536 RTP/AVP 0'), 6, /port/],
    [lines(...head, 'm=audio 1 RTP/AVP'), 6, /format/],
    [lines(...head, '', 'm=audio 1 RTP/AVP 0', 'c=IN IP4'), 8, /one address/],
    [lines(...head, 'c=IN IP5 x'), 6, /IP4 or IN IP6/],
    [lines(...head, 'a'), 6, /x=value/],
    [lines(...head, '=x'), 6, /x=value/],
    [lines(...head, '1=x'), 6, /x=value/],
  ];
  for (const [text, line, reason] of cases) {
    const error = parseSdp(text);
    assert.ok(isSdpError(error), text);
    assert.equal(error.line, line, text);
    assert.match(error.reason, reason, text);
  }
});

test('sizes have limits', () => {
  const big = [
    `v=0\n${'a=x\n'.repeat(20_000)}`,
    `v=0\n${'\n'.repeat(3000)}`,
    `v=0\n${'m=audio 1 RTP/AVP 0\n'.repeat(65)}`,
    `v=0\nm=audio 1 RTP/AVP ${'0 '.repeat(129)}`,
  ];
  for (const text of big) assert.ok(isSdpError(parseSdp(text)), text.slice(0, 40));
});
