// Digest: the RFCs' published examples, both ends against each other, and what must be refused.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  answerChallenge,
  checkNonce,
  chooseChallenge,
  type DigestChallenge,
  digestHa1,
  makeNonce,
  NonceCounts,
  parseChallenge,
  parseCredentials,
  printChallenge,
  printCredentials,
  verifyCredentials,
} from './digest.ts';

test('RFC 2617 3.5', () => {
  const challenge = parseChallenge(
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
      'opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  )!;
  assert.deepEqual(challenge.qop, ['auth', 'auth-int']);
  const credentials = answerChallenge({
    challenge,
    username: 'Mufasa',
    password: 'Circle Of Life',
    method: 'GET',
    uri: '/dir/index.html',
    cnonce: '0a4f113b',
    nc: 1,
  });
  assert.equal(credentials.response, '6629fae49393a05397450978507c4ef1');
  assert.match(printCredentials(credentials), /, qop=auth, cnonce="0a4f113b", nc=00000001$/);
});

for (const [algorithm, response] of [
  ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
  ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
] as const) {
  test(`RFC 7616 3.9.1 ${algorithm}`, () => {
    const challenge: DigestChallenge = {
      realm: 'http-auth@example.org',
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
      algorithm,
      qop: ['auth', 'auth-int'],
      stale: false,
    };
    const credentials = answerChallenge({
      challenge,
      username: 'Mufasa',
      password: 'Circle of Life',
      method: 'GET',
      uri: '/dir/index.html',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
      nc: 1,
    });
    assert.equal(credentials.response, response);
  });
}

const request = { method: 'REGISTER', uri: 'sip:example.com' };
const offer = (more: Partial<DigestChallenge> = {}): DigestChallenge => ({
  realm: 'a "quoted" realm\\',
  nonce: 'abc',
  algorithm: 'MD5',
  qop: ['auth'],
  stale: false,
  ...more,
});

test('what the client computes the server takes, for every algorithm and qop', () => {
  const body = Buffer.from('v=0\r\n');
  for (const algorithm of ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess', 'SHA-512-256', 'sha-256']) {
    for (const qop of [[], ['auth'], ['auth-int'], ['auth-int', 'auth']]) {
      const challenge = parseChallenge(printChallenge(offer({ algorithm, qop, opaque: 'o' })))!;
      assert.deepEqual(challenge, offer({ algorithm, qop, opaque: 'o' }));
      const sent = answerChallenge({
        ...request,
        body,
        challenge,
        username: 'ü"x',
        password: 'p',
        cnonce: 'c',
        nc: 10,
      });
      const got = parseCredentials(printCredentials(sent))!;
      assert.deepEqual(got, sent);
      const label = `${algorithm} ${qop}`;
      assert.equal(verifyCredentials(got, { ...request, body }, { password: 'p' }), true, label);
      assert.equal(verifyCredentials(got, { ...request, body }, { password: 'q' }), false, label);
      assert.equal(verifyCredentials(got, { ...request, method: 'INVITE', body }, { password: 'p' }), false, label);
      const other = verifyCredentials(got, { ...request, body: Buffer.from('changed') }, { password: 'p' });
      assert.equal(other, got.qop !== 'auth-int', label);
    }
  }
});

test('a session key is made of H(A1), nonce and cnonce (RFC 7616 3.4.2)', () => {
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');
  const challenge = offer({ algorithm: 'MD5-sess', realm: 'r' });
  const sent = answerChallenge({ ...request, challenge, username: 'u', password: 'p', cnonce: 'c', nc: 1 });
  const key = md5(`${md5('u:r:p')}:abc:c`);
  assert.equal(sent.response, md5(`${key}:abc:00000001:c:auth:${md5('REGISTER:sip:example.com')}`));
});

test('a stored H(A1) serves in place of the password', () => {
  const challenge = offer();
  const sent = answerChallenge({ ...request, challenge, username: 'u', password: 'p', cnonce: 'c', nc: 1 });
  const ha1 = digestHa1('MD5', { username: 'u', realm: challenge.realm, password: 'p' });
  assert.equal(verifyCredentials(sent, request, { ha1 }), true);
  assert.equal(verifyCredentials(sent, request, { ha1: ha1.replace(/^./, 'x') }), false);
});

test('the first challenge that can be answered is chosen', () => {
  const [odd, sha, md5] = [offer({ algorithm: 'AKAv1-MD5' }), offer({ algorithm: 'SHA-256' }), offer()];
  assert.equal(chooseChallenge([odd, sha, md5]), sha);
  assert.equal(chooseChallenge([md5, sha]), md5);
  assert.equal(chooseChallenge([offer({ qop: ['unheard-of'] })]), undefined);
  assert.equal(chooseChallenge([odd]), undefined);
});

test('headers as phones and servers write them', () => {
  assert.equal(parseChallenge('NobodysScheme data=1'), undefined);
  assert.equal(parseCredentials('Basic dTpw'), undefined);
  const challenge = parseChallenge(
    'digest  Realm = "r" ,nonce="n,m",, stale = TRUE ,algorithm="md5",qop="auth, auth-int"',
  )!;
  assert.deepEqual(challenge, { realm: 'r', nonce: 'n,m', algorithm: 'md5', qop: ['auth', 'auth-int'], stale: true });
  const credentials = parseCredentials(
    'Digest username="u",realm="r",nonce="n",uri="sip:x",response="ABCDEF",qop="auth",nc=0000000a,cnonce="c"',
  )!;
  assert.deepEqual([credentials.qop, credentials.nc, credentials.response], ['auth', 10, 'abcdef']);
});

test('malformed headers are refused', () => {
  const refused = { name: 'SipParseError' };
  assert.throws(() => parseChallenge('Digest realm="r"'), refused);
  assert.throws(() => parseChallenge('Digest realm="r, nonce="n"'), refused);
  assert.throws(() => parseChallenge('Digest realm'), refused);
  const good = 'Digest username="u",realm="r",nonce="n",uri="sip:x",response="ab"';
  assert.throws(() => parseCredentials(`${good},nc=xyz`), refused);
  assert.throws(() => parseCredentials(`${good},qop=other`), refused);
  // qop without cnonce and nc can be read but never be right.
  assert.equal(verifyCredentials(parseCredentials(`${good},qop=auth`)!, request, { password: 'p' }), false);
});

test('nonces prove their age, and counts must rise', () => {
  const nonce = makeNonce('key', 1_700_000_000_000.5, 'salt.with.dots');
  const check = (more: object) => checkNonce(nonce, { key: 'key', now: 1_700_000_030_000, lifetime: 60_000, ...more });
  assert.equal(check({}), 'good');
  assert.equal(check({ now: 1_700_000_060_001 }), 'stale');
  assert.equal(check({ key: 'other' }), 'bad');
  assert.equal(checkNonce('rubbish', { key: 'key', now: 0, lifetime: 1 }), 'bad');

  const counts = new NonceCounts(2);
  counts.add('a');
  assert.deepEqual(
    [counts.take('a', 1), counts.take('a', 1), counts.take('a', 3), counts.take('a', 2)],
    [true, false, true, false],
  );
  counts.add('b');
  counts.add('c');
  assert.deepEqual([counts.take('a', 9), counts.take('b', 1)], [false, true]);
});
