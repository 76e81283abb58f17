// Redirects and addresses: what leads where, and what is carried there.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Hop, redirectOf, withUrlCredentials } from './redirects.ts';
import { httpUrl, withoutSecrets, wsUrl } from './urls.ts';

const hop: Hop = { method: 'GET', url: 'https://a.example:8443/x/y?q=1', headers: { Authorization: 'a', 'X-B': 'b' } };

it('resolves locations, and ends where there is none', () => {
  const to = (location: string | undefined, status = 302): string | undefined => redirectOf(hop, status, location)?.url;
  assert.equal(to('/z'), 'https://a.example:8443/z');
  assert.equal(to('z?r=2'), 'https://a.example:8443/x/z?r=2');
  assert.equal(to('//b.example/'), 'https://b.example/');
  assert.equal(to(undefined), undefined);
  assert.equal(to(''), undefined);
  assert.equal(to('http://['), undefined);
  for (const status of [200, 300, 304, 305, 306, 404]) assert.equal(to('/z', status), undefined);
});

it('takes another scheme, port or host for another origin', () => {
  const carried = (location: string): string | undefined => redirectOf(hop, 307, location)?.headers.Authorization;
  assert.equal(carried('https://a.example:8443/z'), 'a');
  for (const other of [
    'http://a.example:8443/',
    'https://a.example/',
    'https://b.example:8443/',
    'https://x.a.example:8443/',
  ]) {
    assert.equal(carried(other), undefined, other);
  }
  assert.equal(redirectOf(hop, 307, 'https://b.example/')?.headers['X-B'], 'b');
});

it('reads the credentials of an address, and hides them', () => {
  const headers = (url: string, own = {}): Record<string, string> => withUrlCredentials(new URL(url), own);
  assert.deepEqual(headers('http://u:p@x/'), { authorization: 'Basic dTpw' });
  assert.deepEqual(headers('http://u@x/'), { authorization: 'Basic dTo=' });
  assert.deepEqual(headers('http://x/', { a: '1' }), { a: '1' });
  assert.deepEqual(headers('http://u:p@x/', { AUTHORIZATION: 'mine' }), { AUTHORIZATION: 'mine' });
  assert.equal(withoutSecrets('https://u:p@x.example:1/path?token=1#f'), 'https://x.example:1/path');
});

it('reads web addresses and refuses others', () => {
  assert.equal(httpUrl('http://x').href, 'http://x/');
  assert.equal(wsUrl('https://x/s').href, 'wss://x/s');
  assert.equal(wsUrl('ws://x:81/s').href, 'ws://x:81/s');
  for (const text of ['', 'x', 'ws://x', 'file:///etc/passwd'])
    assert.throws(() => httpUrl(text), { code: 'http-failed' });
  for (const text of ['', 'x', 'ftp://x']) assert.throws(() => wsUrl(text), { code: 'http-failed' });
});
