// Webhooks on the virtual clock: request, signature, answers, retries, credentials.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { json, stage, text } from '../../test/kit/applications.ts';
import { isFault } from '../base/index.ts';

const callSid = '7d9bd1f4-0c8f-4c4c-9d5e-3b1a0f2c8a11';

describe('request', () => {
  test('POST carries snake_case JSON, a signature the receiver can check, and the user agent', async () => {
    const { talk, served, clock } = stage(() => json([{ verb: 'hangup' }]));
    const app = talk({ callHook: { url: 'https://app.test/call?x=1#rc=2', method: 'post' } });
    const payload = { callSid, from: '100', customerData: { orderId: 7 }, sip: { headers: { 'X-Id': '1' } } };
    assert.deepEqual(await clock.settle(app.session.request('session:new', undefined, payload)), [{ verb: 'hangup' }]);
    const request = served[0]!;
    assert.equal(request.url, 'https://app.test/call?x=1');
    assert.equal(request.method, 'POST');
    assert.equal(request.maxRedirects, 0);
    assert.equal(request.timeoutMs, 10_000);
    assert.equal(
      request.body,
      `{"call_sid":"${callSid}","from":"100","customerData":{"orderId":7},"sip":{"headers":{"X-Id":"1"}}}`,
    );
    const t = Math.floor(clock.now() / 1000);
    const v1 = createHmac('sha256', 'wh_secret').update(`${t}.${request.body}`).digest('hex');
    assert.deepEqual(request.headers, {
      'Jambonz-Signature': `t=${t},v1=${v1}`,
      'user-agent': 'jambonz',
      'content-type': 'application/json',
    });
  });

  test('a traced call has a b3 header; no user agent when it is emptied', async () => {
    const { talk, served, clock } = stage(() => json([]), { userAgent: '' });
    const { session } = talk({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736' });
    await clock.settle(session.request('verb:hook', '/x', {}));
    assert.match(served[0]!.headers!.b3!, /^4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-1$/);
    assert.equal(served[0]!.headers!['user-agent'], undefined);
  });

  test('GET carries the payload as query arguments, without sip and without a body', async () => {
    const { talk, served, clock } = stage(() => text('', 204));
    const app = talk({ callHook: { url: 'https://app.test/call?from=own', method: 'GET' } });
    const payload = {
      callSid: 'c',
      from: 'ours',
      to: 'a b',
      sip: { raw: 'INVITE' },
      customerData: { a: 1 },
      none: undefined,
    };
    assert.equal(await clock.settle(app.session.request('session:new', undefined, payload)), undefined);
    assert.equal(served[0]!.url, 'https://app.test/call?from=own&call_sid=c&to=a+b&customerData=%7B%22a%22%3A1%7D');
    assert.equal(served[0]!.body, undefined);
    assert.match(served[0]!.headers!['Jambonz-Signature']!, /^t=\d+,v1=[0-9a-f]{64}$/);
    const long = { callSid: 'c', big: 'x'.repeat(9000), to: 'z' };
    await clock.settle(app.session.request('session:new', undefined, long));
    assert.equal(served[1]!.url, 'https://app.test/call?from=own&call_sid=c&to=z');
    assert.equal(served[0]!.headers?.['content-type'], undefined);
  });
});

describe('answers', () => {
  const ask = async (answer: ReturnType<typeof json>): Promise<unknown> => {
    const { talk, clock } = stage(() => answer);
    return clock.settle(talk().session.request('verb:hook', '/x', {}));
  };
  const failure = async (answer: ReturnType<typeof json>) => {
    const error = await ask(answer).then(
      () => undefined,
      (e: unknown) => e,
    );
    assert.ok(isFault(error));
    return [error.code, error.detail.status];
  };

  test('200, 202 and 204 are success and nothing else is', async () => {
    assert.deepEqual(await ask(json([], 202)), []);
    assert.equal(await ask(text('', 204)), undefined);
    for (const status of [201, 203, 301, 302, 400, 404, 500, 503]) {
      assert.deepEqual(await failure(json([], status)), ['hook-status', status]);
    }
  });

  test('what is not JSON by its content type counts as empty; broken JSON fails', async () => {
    assert.equal(await ask(text('[{"verb":"hangup"}]')), undefined);
    assert.equal(await ask(text('', 200, 'application/json')), undefined);
    assert.deepEqual(await failure(text('[{"verb":', 200, 'application/json; charset=utf-8')), [
      'hook-json',
      undefined,
    ]);
    assert.deepEqual(await failure(text('['.repeat(65) + ']'.repeat(65), 200, 'application/json')), [
      'hook-json',
      undefined,
    ]);
  });
});

describe('an answer that is not read', () => {
  const unread = async (answer: ReturnType<typeof json>, isStatus = false) => {
    const { talk, clock } = stage(() => answer);
    const app = talk({ statusHook: '/status' });
    if (isStatus) app.session.notify('call:status', {});
    else await clock.settle(app.session.request('verb:hook', '/x', {}));
    await clock.runFor(100);
    return app.events.flatMap((event) => (event.type === 'hook-answered' ? [event.unread] : []));
  };

  test('is told of with the reason', async () => {
    assert.deepEqual(await unread(text('[{"verb":"hangup"}]')), [
      'its content-type is text/plain, not application/json',
    ]);
    assert.deepEqual(await unread(json({ verb: 'hangup' })), ['it is no array of verbs']);
  });

  test('is not when nothing was meant', async () => {
    for (const answer of [json([]), text('OK'), text('', 204), text('', 200, 'application/json')])
      assert.deepEqual(await unread(answer), [undefined]);
    assert.deepEqual(await unread(json({ ok: true }), true), [undefined]);
  });
});

describe('retries', () => {
  test('none without the fragment', async () => {
    const { talk, served, clock } = stage(() => 'http-refused');
    const app = talk();
    await assert.rejects(clock.settle(app.session.request('verb:hook', '/x', {})), { code: 'hook-connect' });
    assert.equal(served.length, 1);
  });

  test('rc=5 waits 500, 1000, 2000, 4000, 6000 ms', async () => {
    const { talk, served, clock } = stage(() => 'http-refused');
    const app = talk();
    const start = clock.now();
    await assert.rejects(clock.settle(app.session.request('verb:hook', '/x#rc=9', {})), { code: 'hook-connect' });
    assert.deepEqual(
      served.map((request) => request.at - start),
      [0, 500, 1500, 3500, 7500, 13500],
    );
    assert.equal(served[0]!.url, 'https://app.test/x');
    assert.deepEqual(
      app.events.filter((event) => event.type === 'hook-failed').map((event) => event.retryInMs),
      [500, 1000, 2000, 4000, 6000, undefined],
    );
    assert.deepEqual(
      app.events.filter((event) => event.type === 'alert').map((event) => event.alert),
      ['webhook-connection-failure'],
    );
  });

  for (const [rp, outcome, tries] of [
    ['ct', 'http-refused', 3],
    ['ct', 'http-reset', 3],
    ['ct', 'http-timeout', 1],
    ['ct', 'http-dns', 1],
    ['rt', 'http-timeout', 3],
    ['rt', 'http-refused', 1],
    ['4xx', json([], 404), 3],
    ['4xx', json([], 500), 1],
    ['5xx', json([], 503), 3],
    ['5xx', json([], 301), 1],
    ['ct,5xx', json([], 500), 3],
    ['all', text('{', 200, 'application/json'), 3],
    ['all', 'http-dns', 3],
  ] as const) {
    test(`rp=${rp}: ${tries} tries on ${typeof outcome === 'string' ? outcome : outcome.status}`, async () => {
      const { talk, served, clock } = stage(() => outcome);
      await assert.rejects(clock.settle(talk().session.request('verb:hook', `/x#rc=2&rp=${rp}`, {})));
      assert.equal(served.length, tries);
    });
  }
});

describe('credentials', () => {
  const own = `Basic ${btoa('me:mine')}`;
  const theirs = `Basic ${btoa('you:yours')}`;
  const callHook = { url: 'https://app.test/call', username: 'me', password: 'mine' };
  for (const [name, hook, expected] of [
    ['a relative hook', '/next', own],
    ['an absolute hook of the same origin', 'https://app.test:443/next', own],
    ['another host', 'https://other.test/next', undefined],
    ['another port', 'https://app.test:8443/next', undefined],
    ['another scheme', 'http://app.test/next', undefined],
    ['a host that looks alike', 'https://app.test@evil.test/next', undefined],
    ['a path that looks like a host', '//evil.test/next', own],
    ['a hook with its own', { url: 'https://other.test/next', username: 'you', password: 'yours' }, theirs],
    ['basicAuth spelling', { url: '/n', basicAuth: { username: 'you', password: 'yours' } }, theirs],
    ['credentials in the address', 'https://you:yours@other.test/next', theirs],
  ] as const) {
    test(`${name}: ${expected === own ? "the application's" : expected ? 'its own' : 'none'}`, async () => {
      const { talk, served, clock } = stage(() => json([]));
      await clock.settle(talk({ callHook }).session.request('verb:hook', hook, {}));
      assert.equal(served[0]!.headers?.authorization, expected);
      const host = new URL(served[0]!.url);
      assert.equal(host.username + host.password, '');
      assert.ok(expected !== own || host.origin === 'https://app.test');
    });
  }
});

describe('hooks', () => {
  test('a malformed hook is a Fault, not a request', async () => {
    const { talk, served, clock } = stage(() => json([]));
    for (const hook of ['', 'next', 'ftp://x/', 'https://', { url: '/x', method: 'DELETE' }]) {
      await assert.rejects(clock.settle(talk().session.request('verb:hook', hook, {})), { code: 'hook-invalid' });
    }
    const lost = talk({ callHook: 'nonsense' });
    await assert.rejects(clock.settle(lost.session.request('session:new', undefined, {})), { code: 'hook-invalid' });
    assert.equal(served.length, 0);
  });
});

describe('statuses', () => {
  test('go to the status hook in order, one at a time, and never hold up a verb hook', async () => {
    const { talk, served, clock } = stage((request) =>
      request.url.endsWith('/status') ? { ...json([]), afterMs: 3000 } : json([]),
    );
    const app = talk({ statusHook: '/status' });
    for (const n of [1, 2, 3]) app.session.notify('call:status', { n });
    const start = clock.now();
    await clock.settle(app.session.request('verb:hook', '/x', {}));
    assert.equal(clock.now(), start);
    await clock.settle(app.session.close());
    assert.deepEqual(
      served.filter((r) => r.url.endsWith('/status')).map((r) => [r.body, r.at - start]),
      [
        ['{"n":1}', 0],
        ['{"n":2}', 3000],
        ['{"n":3}', 6000],
      ],
    );
    assert.equal(clock.pendingTimers, 0);
  });

  test('closing waits at most 12 s', async () => {
    const { talk, clock } = stage(() => ({ ...json([]), afterMs: 9000 }));
    const app = talk({ statusHook: '/status' });
    for (const n of [1, 2, 3]) app.session.notify('call:status', { n });
    const start = clock.now();
    await clock.settle(app.session.close());
    assert.equal(clock.now() - start, 12_000);
    await assert.rejects(clock.settle(app.session.request('verb:hook', '/x', {})), { code: 'hook-closed' });
  });
});
