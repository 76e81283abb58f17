// What never reaches a route: paths that are none, requests that are no HTTP, more connections than there may be.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../test/kit/api.ts';
import { buildApi } from './http.ts';

let t: TestApi;
before(async () => {
  t = await testApi();
});
after(() => t.close());

test('what never reaches a route has the one shape of errors too', async () => {
  for (const [path, status] of [
    ['%zz', 400],
    [`Applications/${'a'.repeat(300)}`, 414],
    ['nothing/here', 404],
  ] as const) {
    const answer = await t.request('GET', path, { key: t.adminKey });
    assert.equal(answer.status, status, path);
    assert.deepEqual(Object.keys(answer.json), ['msg', 'code'], answer.text);
    assert.doesNotMatch(answer.text, /FST_|aaaa/);
  }
});

test('requests that are no HTTP are answered in the same shape, and their connection is closed', async () => {
  const api = await buildApi(t.ports);
  const { host, port } = await api.listen({ host: '127.0.0.1', port: 0 });
  try {
    for (const [request, status] of [
      ['nonsense\r\n\r\n', 400],
      [`GET /health HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
      ['GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ] as const) {
      const text = await rawExchange({ host, port }, request);
      assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.deepEqual(Object.keys(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))), ['msg', 'code'], text);
    }
  } finally {
    await api.close();
  }
});

test('more connections than there may be are closed at once', async () => {
  const api = await buildApi(t.ports, { connections: 1 });
  const at = await api.listen({ host: '127.0.0.1', port: 0 });
  const first = connect(at);
  try {
    await once(first, 'connect');
    const text = await rawExchange(at, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').catch(() => '');
    assert.equal(text, '');
  } finally {
    first.destroy();
    await api.close();
  }
});

/** All that comes back until the server closes the connection. */
function rawExchange(to: { host: string; port: number }, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(to, () => socket.write(request));
    socket.on('data', (data) => (text += data));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}
