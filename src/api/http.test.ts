// The API's rim: tokens, bodies, errors, headers, open routes; and for every route that no tenant reaches another's and nothing makes a 500.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../test/kit/api.ts';
import { anApiKey, anApplication, aSpeechCredential, sid } from '../../test/kit/records.ts';
import { Fault, realClock } from '../base/index.ts';
import type { Route } from './define.ts';
import { buildApi } from './http.ts';
import { bodyBytes } from './limits.ts';
import { resources } from './resources/index.ts';

let t: TestApi;
before(async () => {
  t = await testApi();
});
after(() => t.close());

const routes = resources.flatMap((resource) => resource.routes);

test('without a good token: 401 as text, with the challenge', async () => {
  const none = await t.request('GET', 'Accounts');
  assert.equal(none.status, 401);
  assert.equal(none.text, 'Unauthorized');
  assert.equal(none.headers['www-authenticate'], 'Bearer realm="Users"');
  for (const key of [sid(), 'nonsense', "' or 1=1 --"]) {
    const bad = await t.request('GET', 'Accounts', {
      headers: { authorization: `Bearer ${key.replaceAll(' ', '+')}` },
    });
    assert.equal(bad.status, 401);
    assert.equal(bad.headers['www-authenticate'], 'Bearer realm="Users", error="invalid_token"');
  }
  assert.equal((await t.request('GET', 'Accounts', { headers: { authorization: `Basic ${t.adminKey}` } })).status, 401);
});

test('tokens come in the header, the query or the body, and only once', async () => {
  const { adminKey } = t;
  assert.equal((await t.request('GET', 'Accounts', { headers: { authorization: `bEaReR ${adminKey}` } })).status, 200);
  assert.equal((await t.request('GET', `Accounts?access_token=${adminKey}`)).status, 200);
  assert.equal((await t.request('POST', 'ApiKeys', { body: { access_token: adminKey } })).status, 201);
  for (const authorization of ['Bearer', `Bearer ${adminKey} x`, adminKey]) {
    const bad = await t.request('GET', 'Accounts', { headers: { authorization } });
    assert.equal(bad.status, 400);
    assert.equal(bad.text, 'Bad Request');
  }
  assert.equal((await t.request('GET', `Accounts?access_token=${adminKey}`, { key: adminKey })).status, 400);
  assert.equal((await t.request('GET', `Accounts?access_token=a&access_token=b`)).status, 400);
});

test('a key that expired or was revoked opens nothing, at once; its use is noted', async () => {
  const { apiKeys } = t.database.records;
  const old = anApiKey({ expires_at: '2020-01-01T00:00:00.000Z' });
  const good = anApiKey({ expires_at: '2999-01-01T00:00:00.000Z' });
  for (const key of [old, good]) await apiKeys.insert(key);
  assert.equal((await t.request('GET', 'Accounts', { key: old.token })).status, 401);
  assert.equal((await t.request('GET', 'Accounts', { key: good.token })).status, 200);
  assert.equal((await t.request('GET', 'Accounts', { key: good.token.toUpperCase() })).status, 200);
  assert.match((await apiKeys.get(good.api_key_sid))?.last_used ?? '', /^20/);
  await apiKeys.remove(good.api_key_sid);
  assert.equal((await t.request('GET', 'Accounts', { key: good.token })).status, 401);
});

test('paths: /api/v1 too, trailing slash, any case, 404 for others', async () => {
  const key = t.adminKey;
  for (const path of ['/v1/Accounts', '/api/v1/Accounts', '/v1/Accounts/', '/v1/accounts', '/api/v1/ACCOUNTS/?x=1'])
    assert.equal((await t.request('GET', path, { key })).status, 200, path);
  for (const path of ['/', '/health', '/health/']) assert.equal((await t.request('GET', path)).text, 'OK', path);
  for (const path of ['/v2/Accounts', '/api/Accounts', '/v1', '/v1/Nothing', '/api/v1x/Accounts']) {
    const answer = await t.request('GET', path, { key });
    assert.equal(answer.status, 404, path);
    assert.equal(answer.json.msg, 'Not Found');
  }
});

test('bodies: malformed, too large, of another type, empty, forms', async () => {
  const key = t.adminKey;
  const post = (type: string, body: string) =>
    t.request('POST', 'Accounts', { key, body, headers: { 'content-type': type } });
  const malformed = await post('application/json', '{"name":');
  assert.equal(malformed.status, 400);
  assert.equal(typeof malformed.json.msg, 'string');
  assert.equal(
    (await t.request('POST', 'Accounts', { body: '{', headers: { 'content-type': 'application/json' } })).status,
    400,
    'before the token is looked at',
  );
  assert.equal((await post('application/json', '{"__proto__":{"a":1},"name":"x"}')).status, 400);
  assert.equal((await post('application/json', `{"name":"${'x'.repeat(bodyBytes)}"}`)).status, 413);
  assert.equal((await post('text/plain', 'name=x')).status, 415);
  const empty = await post('application/json', '');
  assert.deepEqual([empty.status, empty.json.path], [400, 'name']);
  for (const body of ['[]', '"name"', '1', 'null'])
    assert.equal((await post('application/json', body)).status, 400, body);
  const { service_provider_sid } = t.one;
  const form = `name=form&service_provider_sid=${service_provider_sid}&is_active=0&queue_event_hook[url]=http%3A%2F%2Fq.example%2F&queue_event_hook[method]=get`;
  const made = await post('application/x-www-form-urlencoded', form);
  assert.equal(made.status, 201);
  const { json } = await t.request('GET', `Accounts/${made.json.sid}`, { key });
  assert.equal(json.is_active, 0);
  assert.deepEqual(json.queue_event_hook, { url: 'http://q.example/', method: 'GET', username: null, password: null });
  assert.equal((await post('application/x-www-form-urlencoded', 'name=x&name[a]=y')).status, 400);
});

test('a body on a request that needs none is ignored', async () => {
  const answer = await t.request('DELETE', `ApiKeys/${sid()}`, {
    key: t.adminKey,
    body: '',
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(answer.status, 404);
});

test('any page may call: CORS before the token; nothing is cached', async () => {
  const preflight = await t.request('OPTIONS', 'Accounts', {
    headers: { 'access-control-request-headers': 'authorization' },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], '*');
  assert.equal(preflight.headers['access-control-allow-headers'], 'authorization');
  assert.match(String(preflight.headers['access-control-allow-methods']), /PUT/);
  const answer = await t.request('GET', 'Accounts');
  assert.equal(answer.headers['access-control-allow-origin'], '*');
  assert.equal(answer.headers['cache-control'], 'no-store');
});

test('health says when the database is away; metrics and documentation are there', async () => {
  const { records } = t.ports;
  const { ping } = records;
  records.ping = () =>
    Promise.reject(new Fault('store-unavailable', 'the database does not answer', { retryable: true }));
  const sick = await t.request('GET', '/health');
  records.ping = ping;
  assert.deepEqual([sick.status, sick.json.msg], [503, 'the database does not answer']);
  const metrics = await t.request('GET', '/metrics');
  assert.deepEqual([metrics.status, metrics.text], [200, 'calls 0\n']);
  assert.equal((await t.request('GET', '/docs')).status, 200);
  assert.equal((await t.request('GET', '/docs/json')).json.openapi, '3.1.0');
  t.errors.length = 0;
});

test('a bug is a 500 that tells the client nothing and the log everything', async () => {
  const { calls } = t.ports;
  const { count } = calls;
  calls.count = () => Promise.reject(new Error('secret detail'));
  const answer = await t.request('GET', `Accounts/${t.one.account_sid}/CallCount`, { key: t.adminKey });
  calls.count = count;
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.json, { msg: 'internal error', code: 'internal' });
  assert.match(t.errors.join(), /secret detail/);
  t.errors.length = 0;
});

/** Records of tenant two that each parameter can name. */
async function foreign(): Promise<Record<string, string>> {
  const { records } = t.database;
  const { account_sid, service_provider_sid } = t.two;
  const application = anApplication({ account_sid });
  await records.applications.insert(application);
  const credential = aSpeechCredential({ account_sid, label: sid() });
  await records.speechCredentials.insert(credential);
  const key = anApiKey({ account_sid });
  await records.apiKeys.insert(key);
  const call_sid = sid();
  t.calls.records.set(call_sid, { call_sid, account_sid });
  return {
    account_sid,
    service_provider_sid,
    application_sid: application.application_sid,
    speech_credential_sid: credential.speech_credential_sid,
    api_key_sid: key.api_key_sid,
    call_sid,
    conference: 'standup',
    ...{ year: '2026', month: '03', day: '01', format: 'wav' },
  };
}

const filled = (route: Route, sids: Record<string, string>): string =>
  route.path.slice(1).replace(/:(\w+)/g, (_, name: string) => sids[name] ?? assert.fail(`no ${name}`));

/** The smallest body that passes the checks before access could be forgotten. */
const minimal: Record<string, unknown> = { name: 'x', vendor: 'custom:x', from: 'x' };

test('every route refuses no token with 401 and another tenant with 400, 403 or 404, and changes nothing', async () => {
  const sids = await foreign();
  const before = JSON.stringify([await everything(), [...t.calls.records], t.calls.updates, t.calls.placed]);
  for (const route of routes) {
    const path = filled(route, sids);
    const body = route.body && minimal;
    assert.equal((await t.request(route.method, path, { body })).status, 401, `${route.method} ${path}`);
    if (!route.path.includes(':')) continue;
    for (const key of [t.one.accountKey, t.one.spKey]) {
      const { status, json } = await t.request(route.method, path, { key, body });
      assert.ok([400, 403, 404].includes(status), `${route.method} ${route.path}: ${status} ${JSON.stringify(json)}`);
    }
  }
  assert.equal(JSON.stringify([await everything(), [...t.calls.records], t.calls.updates, t.calls.placed]), before);
});

test('an account reaches neither its sibling nor what only its service provider may', async () => {
  const sids = {
    ...(await foreign()),
    account_sid: t.one.sibling_sid,
    service_provider_sid: t.one.service_provider_sid,
  };
  for (const route of routes.filter((each) => each.path.startsWith('/Accounts/:'))) {
    const { status } = await t.request(route.method, filled(route, sids), {
      key: t.one.accountKey,
      body: route.body && minimal,
    });
    assert.ok([403, 404].includes(status), `${route.method} ${route.path}: ${status}`);
  }
});

/** All records, without when keys were last used. */
async function everything(): Promise<unknown> {
  const { records } = t.database;
  const keys = (await records.apiKeys.list()).map((key) => ({ ...key, last_used: null }));
  const { accounts, applications, speechCredentials, serviceProviders, users } = records;
  return [
    keys,
    await Promise.all([accounts, applications, speechCredentials, serviceProviders, users].map((c) => c.list())),
  ];
}

test('sids that are none are 400 that names them', async () => {
  for (const route of routes) {
    const [, name] = /:(\w+_sid)/.exec(route.path) ?? [];
    if (name === undefined) continue;
    for (const value of ['1', 'x'.repeat(36), `${sid()}x`, '%00', '..%2f..']) {
      const path = route.path.slice(1).replace(/:\w+/g, value);
      const { status, json } = await t.request(route.method, path, { key: t.adminKey });
      assert.ok(status === 400 || status === 404, `${route.method} ${path}: ${status}`);
      if (status === 400) assert.equal(typeof json.msg, 'string');
    }
  }
});

/** Things that fit nowhere, or nearly nowhere. */
const garbage: unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  'x',
  'x'.repeat(5000),
  '\u0000',
  '\ud800',
  [],
  [null],
  {},
  { url: 1 },
  { url: '\u0000' },
  { url: 'http://' },
  { url: 'javascript:alert(1)' },
  { a: { b: { c: {} } } },
  '2026-13-45',
  sid(),
  "'; drop table accounts; --",
  '[{"verb":1}]',
  '{}',
];

test('no garbage in any field makes a 500, and each 400 says what is wrong', async () => {
  const sids = {
    ...(await foreign()),
    account_sid: t.one.account_sid,
    service_provider_sid: t.one.service_provider_sid,
  };
  const own = anApplication({ account_sid: t.one.account_sid });
  await t.database.records.applications.insert(own);
  const paths = { ...sids, application_sid: own.application_sid };
  for (const route of routes.filter((each) => each.body)) {
    const names = Object.keys((route.body as { properties?: object }).properties ?? {});
    for (const field of [...names, 'unknown', 'constructor', '']) {
      const tried = garbage.map(async (value) => {
        const body = { ...minimal, [field]: value };
        const answer = await t.request(route.method, filled(route, paths), { key: t.adminKey, body });
        assert.ok(
          answer.status < 500,
          `${route.method} ${route.path} ${field}=${JSON.stringify(value)}: ${answer.text}`,
        );
        if (answer.status >= 400) assert.equal(typeof answer.json.msg, 'string');
      });
      await Promise.all(tried);
    }
  }
  assert.deepEqual(t.errors, []);
});

test('no garbage in a query makes a 500', async () => {
  for (const route of routes.filter((each) => each.query)) {
    const path = filled(route, { ...(await foreign()), account_sid: t.one.account_sid });
    for (const field of Object.keys(route.query ?? {})) {
      for (const value of [
        '',
        '0',
        '-1',
        '1e9',
        'x',
        '%00',
        '%ff',
        'a&a=b',
        '99999999999999999999',
        `&${field}[x]=1`,
      ]) {
        const answer = await t.request(route.method, `${path}?${field}=${value}`, { key: t.adminKey });
        assert.ok(answer.status < 500, `${path}?${field}=${value}: ${answer.text}`);
      }
    }
  }
  assert.deepEqual(t.errors, []);
});

test('it listens, says where, and says why when it cannot', async () => {
  const at = await t.api.listen({ host: '127.0.0.1', port: 0 });
  assert.equal(at.host, '127.0.0.1');
  assert.ok(at.port > 0);
  const other = await testApi();
  await assert.rejects(other.api.listen(at), /HTTP cannot listen on 127\.0\.0\.1:\d+: another program listens there/);
  await other.close();
});

test('closing ends idle connections at once and waits for a hanging request only so long', async () => {
  const clock = { ...realClock(), after: (ms: number, fn: () => void) => realClock().after(Math.min(ms, 50), fn) };
  let arrived = (): void => {};
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const calls = Object.assign(Object.create(t.ports.calls), {
    count: () => {
      arrived();
      return new Promise(() => {});
    },
  });
  const api = await buildApi({ ...t.ports, clock, calls });
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  const origin = `http://127.0.0.1:${port}`;
  assert.equal(await (await fetch(`${origin}/health`)).text(), 'OK');
  const headers = { authorization: `Bearer ${t.one.accountKey}` };
  const hanging = fetch(`${origin}/v1/Accounts/${t.one.account_sid}/CallCount`, { headers }).then(
    () => 'answered',
    () => 'cut off',
  );
  await asked;
  await api.close();
  assert.equal(await hanging, 'cut off');
  await assert.rejects(fetch(`${origin}/health`));
});
