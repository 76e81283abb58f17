// Header values: name-addr, Via, parameters, lists, names; and random ones there and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/sim/index.ts';
import {
  canonicalHeaderName,
  isListHeader,
  isToken,
  type NameAddr,
  parseNameAddr,
  parseParams,
  parseUri,
  parseVia,
  printNameAddr,
  printParams,
  printVia,
  quote,
  reasonPhrase,
  splitList,
  unquote,
} from './index.ts';

const refused = { name: 'SipParseError' };

test('name-addr in all its forms', () => {
  const full = parseNameAddr('"A \\"q\\" \\\\ name" <sip:a@h;lr>;tag=1;X="a;b,c" ;y');
  assert.equal(full.displayName, 'A "q" \\ name');
  assert.equal(full.uri.params.get('lr'), '');
  assert.deepEqual(
    [...full.params],
    [
      ['tag', '1'],
      ['x', 'a;b,c'],
      ['y', ''],
    ],
  );
  assert.equal(printNameAddr(full), '"A \\"q\\" \\\\ name" <sip:a@h;lr>;tag=1;x="a;b,c";y');

  assert.equal(parseNameAddr('Alice Example<sip:a@h>').displayName, 'Alice Example');
  assert.equal(parseNameAddr('<sip:a@h>').displayName, undefined);
  assert.equal(parseNameAddr('""<sip:a@h>').displayName, '');
  assert.equal(parseNameAddr('Zoë @ home (x) <sip:a@h>').displayName, 'Zoë @ home (x)');
  const bare = parseNameAddr(' sip:a@h ; tag = 9');
  assert.deepEqual([bare.uri.params.size, bare.params.get('tag')], [0, '9']);
  assert.equal(parseNameAddr('sip:a@h;x="<"').params.get('x'), '<');
  assert.equal(parseNameAddr('tel:+1555;tag=9').uri.user, '+1555');
});

test('a name is printed without quotes only when it is made of tokens', () => {
  const named = (displayName: string | undefined) =>
    printNameAddr({ displayName, uri: parseUri('sip:a@h'), params: new Map() });
  assert.equal(named('Alice Example'), 'Alice Example <sip:a@h>');
  assert.equal(named('O"Neil, Bob'), '"O\\"Neil, Bob" <sip:a@h>');
  assert.equal(named('a  b'), '"a  b" <sip:a@h>');
  assert.equal(named(''), '<sip:a@h>');
  assert.equal(named('x\r\nVia: evil'), '"x Via: evil" <sip:a@h>');
});

test('malformed name-addrs', () => {
  const malformed = [
    '',
    '*',
    '"a <sip:a@h>',
    '"a" sip:a@h',
    '"a"',
    '<sip:a@h',
    'sip:a@h?x=y',
    'sip:a,b@h',
    'a, b <sip:a@h>',
    '<sip:a@h>;',
    '<sip:a@h>;;a',
    '<sip:a@h> x',
    '< sip:a@h>',
    '<>',
    '<sip:a@h>;x="y',
    '<sip:a@h>, <sip:b@h>',
    '<sip:a@h>;a=b c',
  ];
  for (const text of malformed) assert.throws(() => parseNameAddr(text), refused, text);
});

test('Via values', () => {
  const via = parseVia('sip / 2.0 / udp  [2001:DB8::1] : 5062 ;branch=z9hG4bKx;received=2001:db8::2;rport;TTL=1');
  assert.deepEqual([via.transport, via.host, via.port], ['UDP', '2001:db8::1', 5062]);
  assert.deepEqual(
    [...via.params],
    [
      ['branch', 'z9hG4bKx'],
      ['received', '2001:db8::2'],
      ['rport', ''],
      ['ttl', '1'],
    ],
  );
  assert.equal(printVia(via), 'SIP/2.0/UDP [2001:db8::1]:5062;branch=z9hG4bKx;received=2001:db8::2;rport;ttl=1');
  for (const text of [
    '',
    'SIP/2.0/UDP',
    'SIP/2.0 h',
    'HTTP/2.0/UDP h',
    'SIP/2.0/UDP h:',
    'SIP/2.0/UDP h:70000',
    'SIP/2.0/UDP h x',
    'SIP/2.0/UDP h;',
  ]) {
    assert.throws(() => parseVia(text), refused, text);
  }
});

test('parameters: the first of a name counts, odd values are quoted when printed', () => {
  const params = parseParams(';a=1;A=2; b = "x y" ;c=[::1];d=a/b;e=');
  assert.deepEqual(
    [...params],
    [
      ['a', '1'],
      ['b', 'x y'],
      ['c', '[::1]'],
      ['d', 'a/b'],
      ['e', ''],
    ],
  );
  assert.equal(printParams(params), ';a=1;b="x y";c=[::1];d="a/b";e');
  for (const text of ['a', ';', ';;a', ';a=b,c', ';a="b"c', ';=b', ';a="b'])
    assert.throws(() => parseParams(text), refused, text);
});

test('lists split at commas outside quotes and angle brackets', () => {
  assert.deepEqual(splitList('a, "b,\\",c" <sip:x,y@h>;z=1 ,,<sip:d>'), [
    'a',
    '"b,\\",c" <sip:x,y@h>;z=1',
    '',
    '<sip:d>',
  ]);
  assert.deepEqual(splitList(' one '), ['one']);
  assert.throws(() => splitList('a, "b'), refused);
  assert.throws(() => splitList('a, <b'), refused);
});

test('quotes there and back', () => {
  for (const text of ['', 'plain', '"', '\\', 'a\\"b\\\\', 'ü\0\x07']) assert.equal(unquote(quote(text)), text);
});

test('names, tokens, phrases', () => {
  assert.deepEqual(['i', 'CALL-ID', 'cSeQ', 'L', 'x-Own', 'www-authenticate', 'v'].map(canonicalHeaderName), [
    'Call-ID',
    'Call-ID',
    'CSeq',
    'Content-Length',
    'x-Own',
    'WWW-Authenticate',
    'Via',
  ]);
  assert.deepEqual(['Via', 'Contact', 'Subject', 'WWW-Authenticate'].map(isListHeader), [true, true, false, false]);
  assert.deepEqual(["a-.!%*_+`'~", '', 'a b', 'a/b', 'é'].map(isToken), [true, false, false, false, false]);
  assert.deepEqual([200, 487, 299, 699].map(reasonPhrase), ['OK', 'Request Terminated', 'OK', 'Global Failure']);
});

test('random name-addrs come back as they were', () => {
  const random = seededRandom('name-addrs');
  const below = (bound: number): number => Math.floor(random.next() * bound);
  const alphabet = [...'abcXYZ01 ,;"\\<>@:?=()\t\0é漢😀.-'];
  const text = (): string => Array.from({ length: 1 + below(10) }, () => alphabet[below(alphabet.length)]).join('');
  for (let round = 0; round < 2_000; round++) {
    const address: NameAddr = {
      displayName: below(4) ? text() : undefined,
      uri: parseUri(['sip:a@h', 'sips:b;c@[::1]:1;lr?x=y', 'tel:+1;a=b', 'urn:x:y'][below(4)]!),
      params: new Map(Array.from({ length: below(4) }, () => [`p${below(9)}`, below(3) ? text() : ''])),
    };
    assert.deepEqual(parseNameAddr(printNameAddr(address)), address, printNameAddr(address));
  }
});
