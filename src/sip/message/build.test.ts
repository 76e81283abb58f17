// Building and printing: requests, responses, changed copies, and what must never reach the wire.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildRequest,
  buildResponse,
  parseMessage,
  printMessage,
  type SipRequest,
  stampReceived,
  withHeaders,
  withTopVia,
} from './index.ts';

const invite = (more: [string, string][] = []): SipRequest =>
  buildRequest({
    method: 'INVITE',
    uri: 'sip:bob@biloxi.example.com',
    headers: [
      ['v', 'SIP/2.0/UDP pc33.example.com:5066;branch=z9hG4bKa;rport'],
      ['Via', 'SIP/2.0/TCP 192.0.2.9;branch=z9hG4bKb'],
      ['From', '<sip:alice@example.com>;tag=1'],
      ['To', '<sip:bob@biloxi.example.com>'],
      ['Call-ID', 'c1'],
      ['CSeq', '7 INVITE'],
      ['Record-Route', '<sip:p1;lr>, <sip:p2;lr>'],
      ['Timestamp', '54'],
      ...more,
    ],
    body: 'ünï',
  });
const wire = (m: Parameters<typeof printMessage>[0]): string => printMessage(m).toString();

test('a request on the wire, with a true Content-Length', () => {
  const printed = wire(
    buildRequest({
      method: 'OPTIONS',
      uri: 'sip:h',
      headers: [
        ['i', 'x'],
        ['Content-Length', '99'],
        ['X-a', 'é'],
      ],
      body: 'ü',
    }),
  );
  assert.equal(printed, 'OPTIONS sip:h SIP/2.0\r\nCall-ID: x\r\nX-a: é\r\nContent-Length: 2\r\n\r\nü');
  assert.equal(invite([['Content-Length', '99']]).header('Content-Length'), undefined);
  const again = parseMessage(printMessage(invite()));
  assert.equal(Buffer.from(again.body).toString(), 'ünï');
  assert.equal(again.vias.length, 2);
});

test('a response copies what RFC 3261 8.2.6.2 says', () => {
  const ringing = buildResponse(invite(), 180, { toTag: 't9', headers: [['Contact', '<sip:us>']] });
  assert.deepEqual([ringing.status, ringing.reason, ringing.toTag, ringing.fromTag], [180, 'Ringing', 't9', '1']);
  assert.deepEqual(
    [ringing.vias.length, ringing.recordRoutes.length, ringing.callId, ringing.cseq.method],
    [2, 2, 'c1', 'INVITE'],
  );
  const trying = buildResponse(invite(), 100, { toTag: 't9' });
  assert.deepEqual([trying.toTag, trying.header('Timestamp'), trying.recordRoutes.length], [undefined, '54', 0]);
  const busy = buildResponse(invite(), 486, { reason: 'Not now', toTag: 't9' });
  assert.deepEqual([busy.reason, busy.recordRoutes.length, busy.header('Timestamp')], ['Not now', 0, undefined]);
  const inDialog = withHeaders(invite(), { set: [['To', 'sip:bob@h;tag=old']] });
  assert.equal(buildResponse(inDialog, 200, { toTag: 't9' }).header('To'), 'sip:bob@h;tag=old');
});

test('a 200 with a body', () => {
  const ok = parseMessage(
    printMessage(buildResponse(invite(), 200, { body: 'v=0\r\n', contentType: 'application/sdp' })),
  );
  assert.deepEqual(
    [ok.contentType, Buffer.from(ok.body).toString(), ok.header('Content-Length')],
    ['application/sdp', 'v=0\r\n', '5'],
  );
});

test('a request that cannot be read is answered with what it has', () => {
  const broken = withHeaders(invite([['From', 'second']]), { set: [['To', '"open <sip:x>;tag=z']] });
  const answer = buildResponse(broken, 400, { toTag: 'ours' });
  assert.equal(answer.header('To'), '"open <sip:x>;tag=z');
  assert.deepEqual(answer.values('From'), ['<sip:alice@example.com>;tag=1']);
});

test('line breaks in values cannot make headers, odd names are a bug', () => {
  const m = invite([['X-Note', 'a\r\nRoute: <sip:evil>\r\n\r\nbody']]);
  const again = parseMessage(printMessage(m));
  assert.equal(again.header('Route'), undefined);
  assert.equal(again.header('X-Note'), 'a Route: <sip:evil> body');
  const reason = buildResponse(m, 200, { reason: 'x\r\nRoute: y' });
  assert.match(wire(reason), /^SIP\/2\.0 200 x Route: y\r\nVia/);
  assert.match(wire(buildRequest({ method: 'BYE', uri: 'sip:h\r\nX: y', headers: [] })), /^BYE sip:hX:y SIP\/2\.0\r\n/);
  assert.throws(() => invite([['X Note', 'a']]), /bug/);
  assert.throws(() => buildRequest({ method: 'IN VITE', uri: 'sip:h', headers: [] }), /bug/);
});

test('copies with other headers; the original stays', () => {
  const m = invite();
  const changed = withHeaders(m, {
    remove: ['record-route', 'timestamp'],
    prepend: [['Route', '<sip:r;lr>']],
    set: [
      ['via', 'SIP/2.0/UDP new'],
      ['X-New', '1'],
    ],
    append: [['X-Last', '2']],
  });
  assert.deepEqual(
    changed.lines.map(([name]) => name),
    ['Route', 'Via', 'From', 'To', 'Call-ID', 'CSeq', 'X-New', 'X-Last'],
  );
  assert.equal(changed.body, m.body);
  assert.equal(m.vias.length, 2);
});

test('received and rport (RFC 3261 18.2.1, RFC 3581)', () => {
  const stamped = stampReceived(invite(), { host: '198.51.100.3', port: 40_001 });
  assert.deepEqual(
    [...stamped.vias[0]!.params],
    [
      ['branch', 'z9hG4bKa'],
      ['rport', '40001'],
      ['received', '198.51.100.3'],
    ],
  );
  assert.equal(stamped.vias[1]?.host, '192.0.2.9');
  assert.equal(stamped.lines.length, invite().lines.length);
  const plain = withTopVia(invite(), {
    transport: 'UDP',
    host: '192.0.2.1',
    port: 5060,
    params: new Map([['branch', 'x']]),
  });
  assert.equal(stampReceived(plain, { host: '192.0.2.1', port: 5070 }), plain);
  const behindNat = withTopVia(plain, { ...plain.vias[0]!, params: new Map([['rport', '']]) });
  const filled = stampReceived(behindNat, { host: '192.0.2.1', port: 5070 }).vias[0]!.params;
  assert.deepEqual(
    [...filled],
    [
      ['rport', '5070'],
      ['received', '192.0.2.1'],
    ],
    'rport brings received (RFC 3581 4)',
  );
  assert.equal(stampReceived(plain, { host: '192.0.2.2', port: 5060 }).vias[0]?.params.get('received'), '192.0.2.2');
});

test('a request that is no UTF-8 gets its own octets back, with ours in UTF-8 beside them', () => {
  const head =
    'OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: "Ren\xe9" <sip:a@h>;tag=1\r\nTo: <sip:h>\r\n';
  const request = parseMessage(Buffer.from(`${head}Call-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n`, 'latin1')) as SipRequest;
  const printed = printMessage(buildResponse(request, 200, { headers: [['X-Note', 'é']] }));
  assert.ok(printed.includes(Buffer.from('From: "Ren\xe9" <sip:a@h>;tag=1\r\n', 'latin1')));
  assert.ok(printed.includes(Buffer.from('X-Note: é\r\n')));
});
