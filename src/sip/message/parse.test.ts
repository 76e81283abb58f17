// Datagrams to messages: limits, lengths, encodings, what an error brings along, and the sanity check.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MAX_HEADER_LINES,
  MAX_MESSAGE_BYTES,
  parseMessage,
  type SipParseError,
  type SipRequest,
  sanityCheck,
} from './index.ts';

const base = [
  'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa',
  'From: <sip:a@h>;tag=1',
  'To: <sip:b@h>',
  'Call-ID: c1',
  'CSeq: 1 OPTIONS',
];
const text = (lines: string[], start = 'OPTIONS sip:b@h SIP/2.0'): Buffer =>
  Buffer.from(`${[start, ...lines].join('\r\n')}\r\n\r\n`);
const parse = (lines: string[], start?: string): SipRequest => parseMessage(text(lines, start)) as SipRequest;

function errorOf(read: () => unknown): SipParseError {
  try {
    read();
  } catch (error) {
    assert.equal((error as Error).name, 'SipParseError');
    return error as SipParseError;
  }
  return assert.fail('nothing was thrown');
}

test('headers are found in any spelling, lists are split, lines keep their order', () => {
  const m = parse([...base, 'k: a, b', 'SUPPORTED: c,,', 'X-Own: 1, 2', 'x-own: 3']);
  assert.deepEqual(m.values('Supported'), ['a', 'b', 'c']);
  assert.equal(m.header('k'), 'a, b');
  assert.deepEqual(m.values('X-OWN'), ['1, 2', '3']);
  assert.equal(m.header('Nothing'), undefined);
  assert.deepEqual(m.values('Route'), []);
  assert.deepEqual(parse([...base, 'Require: a, "b', 'Require: c']).values('Require'), ['a, "b', 'c']);
  assert.deepEqual(m.lines.at(-1), ['x-own', '3']);
  assert.deepEqual(m.lines.at(-3), ['Supported', 'c,,']);
});

test('the body is what Content-Length says, binary and all', () => {
  const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
  const head = text([...base, 'Content-Length: 256']);
  assert.deepEqual(Buffer.from(parseMessage(Buffer.concat([head, octets, octets])).body), octets);
  assert.equal(parseMessage(Buffer.concat([text(base), octets])).body.length, 256);
  const view = new Uint8Array(Buffer.concat([Buffer.from('xx'), head, octets])).subarray(2);
  assert.deepEqual(Buffer.from(parseMessage(view).body), octets);
});

test('an error says which header, what to answer, and brings what the answer needs', () => {
  const short = errorOf(() => parse([...base, 'Content-Length: 1']));
  assert.deepEqual([short.status, short.header, short.partial?.callId], [400, 'Content-Length', 'c1']);
  assert.equal(errorOf(() => parse(base, 'OPTIONS sip:b@h SIP/3.0')).status, 505);
  assert.equal(errorOf(() => parse([...base, 'no colon'])).partial?.method, 'OPTIONS');
  assert.equal(errorOf(() => parseMessage(text(base).subarray(0, -2))).partial?.cseq.number, 1);
  assert.match(errorOf(() => parse(['no colon', ...base])).reason, /no colon/);
  assert.match(errorOf(() => parse(base, 'OPTIONS  sip:b@h SIP/2.0')).reason, /request line/);
  // Nothing to answer, or nowhere to.
  assert.equal(errorOf(() => parse([...base, 'no colon'], 'ACK sip:b@h SIP/2.0')).partial, undefined);
  assert.equal(errorOf(() => parse([...base, 'no colon'], 'SIP/2.0 200 OK')).partial, undefined);
  assert.equal(errorOf(() => parse([...base.slice(1), 'no colon'])).partial, undefined);
});

test('what is no SIP message at all', () => {
  for (const bytes of [
    '',
    '\r\n\r\n',
    'hello',
    '\0\0\0\0',
    'GET / HTTP/1.1\r\n\r\n',
    'SIP/2.0 99 x\r\n\r\n',
    'SIP/2.0 2000 x\r\n\r\n',
    'a@b sip:x SIP/2.0\r\n\r\n',
    ': x\r\n\r\n',
  ]) {
    assert.equal(errorOf(() => parseMessage(Buffer.from(bytes))).partial, undefined, bytes);
  }
});

test('lines end with CR and LF, both', () => {
  for (const line of ['X: a\nVia: SIP/2.0/UDP evil', 'X: a\rVia: SIP/2.0/UDP evil']) {
    assert.match(errorOf(() => parse([...base, line])).reason, /does not end with CR and LF/);
  }
  assert.match(errorOf(() => parse([' folded: first', ...base])).reason, /folded/);
  assert.equal(parse(base, '\r\n\r\nOPTIONS sip:b@h SIP/2.0').method, 'OPTIONS');
});

test('limits', () => {
  assert.equal(errorOf(() => parseMessage(Buffer.alloc(MAX_MESSAGE_BYTES + 1))).status, 513);
  const many = Array.from({ length: MAX_HEADER_LINES }, (_, at) => `X-${at}: y`);
  assert.match(errorOf(() => parse([...base, ...many])).reason, /too many/);
  assert.equal(parse([...base, ...many.slice(base.length)]).lines.length, MAX_HEADER_LINES);
  assert.match(errorOf(() => parse([...base, ...many.slice(base.length - 1)])).reason, /too many/);
  const large = `X: ${'y'.repeat(MAX_MESSAGE_BYTES - text([...base, 'X: ']).length)}`;
  assert.equal(text([...base, large]).length, MAX_MESSAGE_BYTES);
  assert.ok(parse([...base, large]));
});

test('text that is no UTF-8 is kept octet by octet', () => {
  const m = parseMessage(Buffer.from(text([...base, 'Subject: caf\xe9']).toString(), 'latin1'));
  assert.deepEqual([m.encoding, m.header('Subject')], ['latin1', 'caf\xe9']);
  assert.deepEqual(
    [parse([...base, 'Subject: café \ufffd']).encoding, parse([...base, 's: é']).header('s')],
    ['utf8', 'é'],
  );
});

test('typed getters read once and name the header when they fail', () => {
  const m = parse([...base, 'Max-Forwards: 12', 'Content-Type: Application/SDP ; charset=x', 'Contact: *']);
  assert.equal(m.from, m.from);
  assert.deepEqual([m.fromTag, m.toTag, m.maxForwards, m.contentType], ['1', undefined, 12, 'application/sdp']);
  assert.deepEqual(m.contacts, []);
  const bad = parse([
    'From: <',
    'CSeq: x',
    'Max-Forwards: 256',
    'Call-ID: a b',
    'Via: x',
    'Contact: <sip:a>,',
    'Route: ;',
  ]);
  for (const [read, header] of [
    [() => bad.from, 'From'],
    [() => bad.to, 'To'],
    [() => bad.cseq, 'CSeq'],
    [() => bad.maxForwards, 'Max-Forwards'],
    [() => bad.callId, 'Call-ID'],
    [() => bad.vias, 'Via'],
    [() => bad.contacts, 'Contact'],
    [() => bad.routes, 'Route'],
  ] as const) {
    assert.equal(errorOf(read).header, header);
  }
});

test('the sanity check', () => {
  const check = (lines: string[], start?: string) => sanityCheck(parse(lines, start))?.status;
  const ack = 'ACK sip:b@h SIP/2.0';
  assert.equal(check(base), undefined);
  assert.equal(check(base.slice(1)), 400);
  assert.equal(check(base.filter((line) => !line.startsWith('To'))), 400);
  assert.equal(check([...base, 'Max-Forwards: x']), 400);
  assert.equal(check([...base, 't: <sip:c@h>']), 400);
  assert.equal(check([...base, 'c: a/b', 'Content-Type: c/d']), 400);
  assert.equal(check([...base, 'Record-Route: <sip:x']), 400);
  assert.equal(check(base, 'OPTIONS tel:+1555 SIP/2.0'), undefined);
  assert.equal(check(base, 'OPTIONS mailto:a@b SIP/2.0'), 416);
  assert.equal(check(base, 'OPTIONS 1555 SIP/2.0'), 400);
  // ACK and responses are dropped, never answered.
  assert.deepEqual(sanityCheck(parse(base, ack)), {
    status: undefined,
    reason: 'CSeq: not the method of the request line',
  });
  assert.deepEqual(sanityCheck(parse(base.slice(1), 'SIP/2.0 200 OK')), { status: undefined, reason: 'Via: missing' });
  assert.equal(sanityCheck(parse(base, 'SIP/2.0 200 OK')), undefined);
});
