// RFC 4475: each of the 49 messages gets the verdict of the table, and the well-formed ones read as the RFC says.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  buildResponse,
  isSipParseError,
  parseMessage,
  printMessage,
  type SipRequest,
  type SipResponse,
  type StreamEvent,
  StreamFramer,
  sanityCheck,
} from './index.ts';
import cases from './torture/cases.json' with { type: 'json' };

/** A line of torture/cases.json, whose fields README.md describes. */
interface TortureCase {
  name: string;
  section: string;
  what: string;
  message: string | number;
  stack: string | number[];
  note?: string;
}
const tortureCases: TortureCase[] = cases;

const folder = new URL('./torture/', import.meta.url);
const bytesOf = (name: string): Buffer => readFileSync(new URL(`${name}.dat`, folder));

interface Seen {
  verdict: TortureCase['message'];
  /** What an answer would be built from. */
  request?: SipRequest;
}

/** What to make of a message, or of the error in its place. */
function judge(read: () => SipRequest | SipResponse): Seen {
  try {
    const message = read();
    const wrong = sanityCheck(message);
    if (!wrong) return { verdict: 'fit' };
    if (wrong.status === undefined) return { verdict: 'drop' };
    assert.equal(message.kind, 'request');
    return { verdict: wrong.status, request: message as SipRequest };
  } catch (error) {
    if (!isSipParseError(error)) throw error;
    return error.partial ? { verdict: error.status, request: error.partial } : { verdict: 'drop' };
  }
}

/** What a stream makes of the bytes: the kinds of its events, and the verdict on the first. */
function stream(bytes: Uint8Array, step: number): { kinds: string[]; verdict: TortureCase['message'] | undefined } {
  const framer = new StreamFramer();
  const events: StreamEvent[] = [];
  for (let at = 0; at < bytes.length; at += step) events.push(...framer.feed(bytes.subarray(at, at + step)));
  const first = events[0];
  const read = (): SipRequest | SipResponse => {
    if (first?.kind === 'message') return first.message;
    throw first?.kind === 'bad' || first?.kind === 'fatal' ? first.error : new Error('no message');
  };
  return { kinds: events.map((event) => event.kind), verdict: first && judge(read).verdict };
}

/** Where a stream differs from a datagram: lengths decide where the next message starts. */
const onStream: Record<string, { kinds: string[]; verdict: TortureCase['message'] | undefined }> = {
  clerr: { kinds: [], verdict: undefined },
  dblreq: { kinds: ['message', 'message'], verdict: 'fit' },
  ncl: { kinds: ['fatal'], verdict: 400 },
  mcl01: { kinds: ['fatal'], verdict: 400 },
  inv2543: { kinds: ['fatal'], verdict: 400 },
};

const request = (name: string): SipRequest => {
  const message = parseMessage(bytesOf(name));
  assert.equal(message.kind, 'request');
  return message as SipRequest;
};
const response = (name: string): SipResponse => {
  const message = parseMessage(bytesOf(name));
  assert.equal(message.kind, 'response');
  return message as SipResponse;
};

test('the corpus is whole: 49 messages, one file each', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.dat'));
  assert.deepEqual(files.sort(), tortureCases.map((one) => `${one.name}.dat`).sort());
  assert.equal(files.length, 49);
});

for (const one of tortureCases) {
  test(`${one.section} ${one.name}: ${one.what}`, () => {
    const seen = judge(() => parseMessage(bytesOf(one.name)));
    assert.equal(seen.verdict, one.message);
    if (!seen.request || typeof seen.verdict !== 'number') return;
    // The refusal itself must be a well-formed message that keeps what the transaction is known by.
    const answer = parseMessage(printMessage(buildResponse(seen.request, seen.verdict, { toTag: 'ours' })));
    assert.equal(answer.kind === 'response' && answer.status, seen.verdict);
    for (const name of ['Via', 'From', 'Call-ID', 'CSeq']) {
      assert.equal(answer.header(name), seen.request.header(name), name);
    }
  });
  test(`${one.name} on a stream, at once and octet by octet`, () => {
    const whole = stream(bytesOf(one.name), 65_536);
    assert.deepEqual(stream(bytesOf(one.name), 1), whole);
    const expected = onStream[one.name];
    if (expected) assert.deepEqual(whole, expected);
    else assert.equal(whole.verdict, one.message);
  });
  test(`${one.name} printed and read again is the same`, () => {
    if (one.message !== 'fit') return;
    const first = parseMessage(bytesOf(one.name));
    const again = parseMessage(printMessage(first));
    const lines = (m: SipRequest | SipResponse) => m.lines.filter(([name]) => name !== 'Content-Length');
    assert.deepEqual(lines(again), lines(first));
    assert.deepEqual(again.body, first.body);
    assert.deepEqual([again.from, again.to, again.vias], [first.from, first.to, first.vias]);
  });
}

test('wsinv reads through folds and spaces', () => {
  const m = request('wsinv');
  assert.equal(m.method, 'INVITE');
  assert.equal(m.uri.params.get('newurlparam'), '');
  assert.equal(m.toTag, '77120934kq');
  assert.equal(m.from.displayName, 'A Lovelace \\"');
  assert.equal(m.fromTag, '4kk20sd');
  assert.equal(m.maxForwards, 68);
  assert.deepEqual(m.cseq, { number: 9, method: 'INVITE' });
  assert.equal(m.header('Subject'), '');
  assert.equal(m.header('brandnewheader'), 'brand new value continued on a second line');
  assert.deepEqual(m.values('HeaderNobodyDefined'), [';;,,;;,;']);
  const vias = m.vias.map((via) => [via.transport, via.host, via.params.get('branch')]);
  assert.deepEqual(vias, [
    ['UDP', '192.0.2.2', '18ekd02'],
    ['TCP', 'relay.example.com', 'z9hG4bK7fh2'],
    ['UDP', '192.168.40.77', 'z9hG4bK51902'],
  ]);
  const [contact] = m.contacts;
  assert.equal(contact?.displayName, 'Quoted name ""');
  assert.deepEqual(
    [...contact!.params],
    [
      ['extra', 'something'],
      ['another', ''],
      ['q', '0.33'],
    ],
  );
  assert.equal(m.routes[0]?.uri.params.get('nobodyknows'), 'value');
  assert.equal(m.body.length, Number(m.header('l')));
});

test('intmeth keeps every odd character', () => {
  const m = request('intmeth');
  assert.equal(m.method, "!strange-Verb0123456789_*+`.%rather'~");
  assert.equal(m.uri.user, "2_odd.USER~(is-it!ok)&can't+be$/wild?,/;;*");
  assert.equal(m.uri.password, "&so+is=1,the!*pass$wo~rd_here.(isn't-it)");
  assert.equal(m.uri.host, 'example.com');
  assert.equal(m.vias[0]?.params.get('branch'), "z9hG4bK-.!%66*_+`'~");
  assert.equal(m.to.displayName, 'BEL:\x07 NUL:\x00 DEL:\x7f');
  assert.equal(m.from.displayName, "word1~` word2'+_ word3*%!.-");
  assert.equal(m.from.params.get("oddparam''~+*_!.-%"), 'привет');
  assert.equal(m.fromTag, "_token~1'+`*%!-.");
  assert.equal(m.callId, 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
  assert.equal(m.header("oddheader-!.%*+_`'~"), '\ufeff大停電');
});

test('escapes are undone once, and only where they escape', () => {
  const m = request('esc01');
  assert.equal(m.uri.user, 'sips:grace@example.com');
  assert.equal(m.uri.host, 'example.net');
  assert.equal(m.to.uri.user, 'grace');
  assert.equal(m.from.uri.user, 'with spaces inside');
  const uri = m.contacts[0]!.uri;
  assert.equal(uri.user, 'ada');
  assert.deepEqual(
    [...uri.params],
    [
      ['lr', ''],
      ['name', 'value%41'],
    ],
  );

  const n = request('escnull');
  assert.equal(n.to.uri.user, 'nul-\x00-inside');
  assert.deepEqual(
    n.contacts.map((c) => c.uri.user),
    ['\x00', '\x00\x00'],
  );

  const o = request('esc02');
  assert.equal(o.method, 'RE%47IST%45R');
  assert.equal(o.to.displayName, '%Z%45');
  assert.deepEqual(
    o.contacts.map((c) => c.uri.user),
    ['first', 'third'],
  );
  assert.equal(o.header('C%6Fntact'), '<sip:second@host2.example.com>');

  assert.equal(request('semiuri').uri.user, 'user;par=u@example.net');
  assert.equal(request('semiuri').values('Accept').length, 6);
});

test('long, double, multipart and legacy requests', () => {
  const long = request('longreq');
  assert.equal(long.vias.length, 34);
  assert.equal(long.vias[33]?.params.get('received'), '192.0.2.5');
  assert.equal(long.to.uri.port, 6000);
  assert.equal(long.to.uri.params.size, 3);
  assert.equal(long.from.params.size, 3);
  assert.equal(long.callId.length, 141);

  const double = request('dblreq');
  assert.equal(double.method, 'REGISTER');
  assert.equal(double.body.length, 0);

  const multipart = request('mpart01');
  assert.equal(multipart.contentType, 'multipart/mixed');
  assert.equal(multipart.body.length, Number(multipart.header('Content-Length')));
  assert.ok(Buffer.from(multipart.body).includes(Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x29, 0x72])), 'binary body');

  const legacy = request('inv2543');
  assert.equal(legacy.fromTag, undefined);
  assert.equal(legacy.vias[0]?.params.get('branch'), undefined);
  assert.equal(legacy.to.uri.params.size, 0);
  assert.equal(legacy.to.params.get('user'), 'phone');
  assert.ok(Buffer.from(legacy.body).toString().startsWith('v=0'));

  assert.deepEqual(
    request('transports').vias.map((via) => via.transport),
    ['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'],
  );
  assert.equal(request('lwsdisp').from.displayName, 'ada');
});

test('reason phrases', () => {
  assert.equal(response('unreason').reason, '= 2**3 * 5**2 равно двести, и это просто');
  assert.equal(response('unreason').status, 200);
  assert.equal(response('noreason').reason, '');
  assert.equal(response('noreason').status, 100);
});

test('where a contact parameter belongs', () => {
  const outside = request('cparam01').contacts[0]!;
  assert.deepEqual([outside.params.has('oddparam'), outside.uri.params.has('oddparam')], [true, false]);
  const inside = request('cparam02').contacts[0]!;
  assert.deepEqual([inside.params.has('oddparam'), inside.uri.params.has('oddparam')], [false, true]);
  assert.deepEqual(request('regescrt').contacts[0]!.uri.headers, [['Route', '<sip:sip.example.com>']]);
  assert.equal(request('unksm2').contacts[0]!.uri.opaque, 'Ada_Lovelace');
  assert.deepEqual(request('bext01').values('Require'), ['notknownanywhere', 'notknownanywhereeither']);
});
