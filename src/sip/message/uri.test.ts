// URIs: taken apart, put together, compared (RFC 3261 19.1, RFC 3966), and random ones there and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../base/sim/index.ts';
import { parseUri, printUri, type SipUri, uriEquals } from './index.ts';

test('a full SIP URI', () => {
  const uri = parseUri(
    'SIPS:Al%20ice;x=1:p%40ss@Example.COM:5071;Transport=TCP;lr;ttl=5?Subject=a%26b&Priority=urgent',
  );
  assert.deepEqual(uri, {
    scheme: 'sips',
    user: 'Al ice;x=1',
    password: 'p@ss',
    host: 'example.com',
    port: 5071,
    params: new Map([
      ['transport', 'TCP'],
      ['lr', ''],
      ['ttl', '5'],
    ]),
    headers: [
      ['Subject', 'a&b'],
      ['Priority', 'urgent'],
    ],
    opaque: undefined,
  });
  assert.equal(
    printUri(uri),
    'sips:Al%20ice;x=1:p%40ss@example.com:5071;transport=TCP;lr;ttl=5?Subject=a%26b&Priority=urgent',
  );
});

test('hosts: names, addresses, IPv6 in brackets', () => {
  assert.equal(parseUri('sip:[2001:DB8::9:1]:5090').host, '2001:db8::9:1');
  assert.equal(parseUri('sip:[2001:DB8::9:1]:5090').port, 5090);
  assert.equal(printUri(parseUri('sip:a@[::ffff:192.0.2.1];lr')), 'sip:a@[::ffff:192.0.2.1];lr');
  assert.equal(parseUri('sip:my_pbx.local.').host, 'my_pbx.local.');
});

test('what phones write though the grammar says no', () => {
  assert.equal(parseUri('sip:*21#5@pbx').user, '*21#5');
  assert.equal(printUri(parseUri('sip:*21#5@pbx')), 'sip:*21%235@pbx');
  assert.equal(parseUri('sip:żółw@pbx').user, 'żółw');
  assert.equal(parseUri('sip:@pbx').user, undefined);
});

test('escapes: UTF-8, Latin-1 where it is none, never twice', () => {
  assert.equal(parseUri('sip:%C3%A9%25%34%31@h').user, 'é%41');
  assert.equal(printUri(parseUri('sip:%C3%A9%2541@h')), 'sip:%C3%A9%2541@h');
  assert.equal(parseUri('sip:%E9@h').user, 'é');
});

test('tel and other schemes', () => {
  const tel = parseUri('tel:+1-201-555-0123;phone-context=Example.com');
  assert.deepEqual([tel.user, tel.params.get('phone-context'), tel.host], ['+1-201-555-0123', 'Example.com', '']);
  assert.equal(printUri(tel), 'tel:+1-201-555-0123;phone-context=Example.com');
  assert.equal(printUri({ ...tel, user: '1;2' }), 'tel:1%3B2;phone-context=Example.com');
  assert.equal(printUri(parseUri('urn:service:sos')), 'urn:service:sos');
  assert.equal(parseUri('HTTP://x/y?z').opaque, '//x/y?z');
});

test('malformed URIs', () => {
  const malformed = [
    '',
    'sip',
    ':x',
    '1sip:x',
    'sip:',
    'sip:a@',
    'sip:a b@h',
    'sip:a@h:',
    'sip:a@h:65536',
    'sip:a@h:5x',
    'sip:a%4@h',
    'sip:a@h@i',
    'sip:[::1',
    'sip:[::g]',
    'sip:[1234]',
    'sip:h;',
    'sip:h;;lr',
    'sip:h;=x',
    'sip:h?',
    'sip:h?=x',
    'sip:a@-h',
    'tel:',
    'sip:"a"@h',
    'sip:a@h>',
    `sip:[${':'.repeat(60_000)}]`,
  ];
  for (const text of malformed) assert.throws(() => parseUri(text), { name: 'SipParseError' }, text.slice(0, 40));
});

const same = (a: string, b: string): boolean => {
  const forth = uriEquals(parseUri(a), parseUri(b));
  assert.equal(uriEquals(parseUri(b), parseUri(a)), forth, 'comparison is symmetrical');
  return forth;
};

test('the examples of RFC 3261 19.1.4', () => {
  assert.ok(same('sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtLanTa.CoM;Transport=tcp'));
  assert.ok(same('sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5'));
  assert.ok(same('sip:carol@chicago.com', 'sip:carol@chicago.com;security=on'));
  assert.ok(
    same(
      'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
      'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    ),
  );
  assert.ok(
    same(
      'sip:alice@atlanta.com?subject=project%20x&priority=urgent',
      'sip:alice@atlanta.com?priority=urgent&subject=project%20x',
    ),
  );
  assert.ok(!same('SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP'));
  assert.ok(!same('sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060'));
  assert.ok(!same('sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp'));
  assert.ok(!same('sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp'));
  assert.ok(!same('sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting'));
  assert.ok(!same('sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4'));
  assert.ok(!same('sip:carol@chicago.com;security=on', 'sip:carol@chicago.com;security=off'));
  assert.ok(!same('sip:a@h', 'sips:a@h'));
  assert.ok(!same('sip:a@h', 'sip:a:b@h'));
});

test('tel numbers compare without their separators', () => {
  assert.ok(same('tel:+1-(201)-555.0123', 'tel:+12015550123'));
  assert.ok(!same('tel:5550123;phone-context=a', 'tel:5550123'));
  assert.ok(!same('tel:+1', 'tel:+2'));
});

test('random URIs come back as they were', () => {
  const random = seededRandom('uris');
  const below = (bound: number): number => Math.floor(random.next() * bound);
  const alphabet = [...'abcXYZ019-_.!~*\'()&=+$,;?/%@:#[]<>" \\\t\0é漢😀'];
  const text = (): string => Array.from({ length: 1 + below(12) }, () => alphabet[below(alphabet.length)]).join('');
  const hosts = ['example.com', '192.0.2.1', '2001:db8::1', 'a-b.c_d'];
  for (let round = 0; round < 2_000; round++) {
    const uri: SipUri = {
      scheme: below(2) ? 'sip' : 'sips',
      user: below(5) ? text() : undefined,
      password: undefined,
      host: hosts[below(hosts.length)]!,
      port: below(2) ? below(65_536) : undefined,
      params: new Map(Array.from({ length: below(3) }, () => [text().toLowerCase(), below(3) ? text() : ''])),
      headers: Array.from({ length: below(3) }, () => [text(), text()]),
      opaque: undefined,
    };
    if (uri.user !== undefined && below(4) === 0) uri.password = text();
    assert.deepEqual(parseUri(printUri(uri)), uri, printUri(uri));
    assert.ok(uriEquals(uri, parseUri(printUri(uri))));
  }
});
