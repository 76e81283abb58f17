// Accounts, ServiceProviders and ApiKeys over PostgreSQL, as each of the three scopes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../../test/kit/api.ts';
import { anApplication, sid } from '../../../test/kit/records.ts';

let t: TestApi;
before(async () => {
  t = await testApi();
});
after(() => t.close());

const sidsOf = (rows: Record<string, string>[], name: string): string[] => rows.map((row) => row[name]!).sort();

test('accounts: each scope sees its own', async () => {
  const { one, two } = t;
  const all = [one.account_sid, one.sibling_sid, two.account_sid, two.sibling_sid].sort();
  const seen = async (key: string, path = 'Accounts') =>
    sidsOf((await t.request('GET', path, { key })).json, 'account_sid');
  assert.deepEqual(await seen(t.adminKey), all);
  assert.deepEqual(await seen(one.spKey), [one.account_sid, one.sibling_sid].sort());
  assert.deepEqual(await seen(one.accountKey), [one.account_sid]);
  const below = `ServiceProviders/${one.service_provider_sid}/Accounts`;
  assert.deepEqual(await seen(t.adminKey, below), [one.account_sid, one.sibling_sid].sort());
  assert.deepEqual(await seen(one.accountKey, below), [one.account_sid]);
  assert.equal((await t.request('GET', below, { key: two.accountKey })).status, 403);
});

test('accounts: made by an admin or a service provider, with defaults and a secret', async () => {
  const { service_provider_sid } = t.one;
  const body = {
    name: 'made',
    service_provider_sid,
    sip_realm: 'Made.Example.COM',
    registration_hook: { url: 'https://r.example/', method: 'get' },
  };
  const made = await t.request('POST', 'Accounts', { key: t.adminKey, body });
  assert.equal(made.status, 201);
  assert.deepEqual(Object.keys(made.json), ['sid']);
  const { json } = await t.request('GET', `Accounts/${made.json.sid}`, { key: t.one.spKey });
  assert.match(json.webhook_secret, /^wh_secret_\w{22}$/);
  assert.match(json.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const expected = {
    account_sid: made.json.sid,
    service_provider_sid,
    name: 'made',
    sip_realm: 'made.example.com',
    registration_hook: { url: 'https://r.example/', method: 'GET', username: null, password: null },
    queue_event_hook: null,
    device_calling_application_sid: null,
    siprec_hook_sid: null,
    is_active: 1,
    record_all_calls: 0,
    record_format: 'mp3',
    plan_type: 'trial',
    disable_cdrs: 0,
    enable_debug_log: 0,
    device_to_call_ratio: 5,
    bucket_credential: null,
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(json[name], value, name);

  const forced = await t.request('POST', 'Accounts', { key: t.one.spKey, body: { name: 'forced' } });
  assert.equal(forced.status, 201);
  assert.equal(
    (await t.request('GET', `Accounts/${forced.json.sid}`, { key: t.one.spKey })).json.service_provider_sid,
    service_provider_sid,
  );
  const refused: [string, object, number, string | undefined][] = [
    [t.one.accountKey, { name: 'x' }, 403, undefined],
    [t.one.spKey, { name: 'x', service_provider_sid: t.two.service_provider_sid }, 403, undefined],
    [t.adminKey, { name: 'x' }, 400, 'service_provider_sid'],
    [t.adminKey, { name: 'x', service_provider_sid: sid() }, 400, 'service_provider_sid'],
    [t.adminKey, { service_provider_sid }, 400, 'name'],
    [t.adminKey, { name: 'x', service_provider_sid, registration_hook: 'http://x' }, 400, 'registration_hook'],
    [
      t.adminKey,
      { name: 'x', service_provider_sid, registration_hook: { url: 'ftp://x' } },
      400,
      'registration_hook.url',
    ],
    [t.adminKey, { name: 'x', service_provider_sid, sip_realm: 'not a domain' }, 400, 'sip_realm'],
    [t.adminKey, { name: 'x', service_provider_sid, sip_realm: 'made.EXAMPLE.com' }, 422, undefined],
    [t.adminKey, { name: 'x', service_provider_sid, is_active: 2 }, 400, 'is_active'],
    [t.adminKey, { name: 'x', service_provider_sid, disable_cdrs: true }, 422, 'disable_cdrs'],
    [t.adminKey, { name: 'x', service_provider_sid, colour: 'red' }, 400, 'colour'],
  ];
  for (const [key, bad, status, path] of refused) {
    const answer = await t.request('POST', 'Accounts', { key, body: bad });
    assert.deepEqual([answer.status, answer.json.path], [status, path], JSON.stringify(bad));
  }
});

test('accounts: changed by all three scopes, within rules', async () => {
  const { account_sid } = t.one;
  const path = `Accounts/${account_sid}`;
  const put = (key: string, body: object) => t.request('PUT', path, { key, body });
  const get = async () => (await t.request('GET', path, { key: t.adminKey })).json;
  const hook = { url: 'http://q.example/', method: 'POST', username: 'u', password: 'p' };
  assert.equal((await put(t.one.accountKey, { queue_event_hook: hook, name: 'renamed', is_active: true })).status, 204);
  assert.deepEqual((await get()).queue_event_hook, hook);
  const overSocket = await put(t.one.accountKey, { queue_event_hook: { ...hook, url: 'wss://q.example/' } });
  assert.deepEqual([overSocket.status, overSocket.json.path], [400, 'queue_event_hook.url']);
  assert.equal((await put(t.one.accountKey, {})).status, 204);
  assert.equal(
    (await put(t.one.spKey, { sip_realm: 'one.example.com', record_format: 'wav', is_active: 0 })).status,
    204,
  );
  const echoed = await get();
  assert.deepEqual(
    [echoed.sip_realm, echoed.record_format, echoed.is_active, echoed.name],
    ['one.example.com', 'wav', 0, 'renamed'],
  );

  // What a portal reads it may send back whole, but for the keys.
  const { account_sid: _, service_provider_sid: __, ...whole } = echoed;
  assert.equal((await put(t.one.accountKey, whole)).status, 204);
  assert.deepEqual(await get(), echoed);

  assert.equal((await put(t.adminKey, { queue_event_hook: { url: '' } })).status, 204);
  assert.equal((await get()).queue_event_hook, null);
  const application = anApplication({ account_sid });
  const foreign = anApplication({ account_sid: t.one.sibling_sid });
  for (const each of [application, foreign]) await t.database.records.applications.insert(each);
  assert.equal((await put(t.one.accountKey, { siprec_hook_sid: application.application_sid })).status, 204);
  assert.equal((await get()).siprec_hook_sid, application.application_sid);
  const refused: [string, object, number, string][] = [
    [t.one.accountKey, { sip_realm: 'mine.example.com' }, 400, 'sip_realm'],
    [t.adminKey, { service_provider_sid: t.one.service_provider_sid }, 400, 'service_provider_sid'],
    [t.adminKey, { account_sid }, 400, 'account_sid'],
    [t.adminKey, { siprec_hook_sid: foreign.application_sid }, 400, 'siprec_hook_sid'],
    [t.adminKey, { device_calling_application_sid: sid() }, 400, 'device_calling_application_sid'],
    [t.adminKey, { webhook_secret: '' }, 400, 'webhook_secret'],
    [t.adminKey, { name: '' }, 400, 'name'],
    [t.adminKey, { bucket_credential: { vendor: 'aws_s3' } }, 400, 'bucket_credential.name'],
  ];
  for (const [key, body, status, field] of refused) {
    const answer = await put(key, body);
    assert.deepEqual([answer.status, answer.json.path], [status, field], JSON.stringify(body));
  }
  assert.equal((await t.request('PUT', `Accounts/${sid()}`, { key: t.adminKey, body: { name: 'x' } })).status, 404);
  assert.equal((await t.request('GET', `Accounts/${sid()}`, { key: t.adminKey })).status, 404);
});

test('accounts: lists show neither the webhook secret nor passwords', async () => {
  const key = t.two.accountKey;
  const hook = { url: 'http://q.example/', username: 'u', password: 'hunter2hunter2' };
  await t.request('PUT', `Accounts/${t.two.account_sid}`, { key, body: { registration_hook: hook } });
  const [row] = (await t.request('GET', 'Accounts', { key })).json;
  assert.equal('webhook_secret' in row, false);
  assert.equal(row.registration_hook.username, 'u');
  assert.ok(!JSON.stringify(row).includes('hunter2'));
});

test('webhook secret: read, and made anew', async () => {
  const path = `Accounts/${t.two.account_sid}/WebhookSecret`;
  const get = async (query = '') =>
    (await t.request('GET', path + query, { key: t.two.accountKey })).json.webhook_secret;
  const first = await get();
  assert.equal(await get('?regenerate='), first);
  const second = await get('?regenerate=true');
  assert.match(second, /^wh_secret_\w{22}$/);
  assert.notEqual(second, first);
  assert.equal(await get(), second);
});

test('service providers: read, filtered by scope', async () => {
  const { one, two } = t;
  const rows = async (key: string) => (await t.request('GET', 'ServiceProviders', { key })).json;
  assert.deepEqual(
    sidsOf(await rows(t.adminKey), 'service_provider_sid'),
    [one.service_provider_sid, two.service_provider_sid].sort(),
  );
  for (const key of [one.spKey, one.accountKey])
    assert.deepEqual(sidsOf(await rows(key), 'service_provider_sid'), [one.service_provider_sid]);
  const path = `ServiceProviders/${one.service_provider_sid}`;
  const found = (await t.request('GET', path, { key: one.accountKey })).json;
  assert.deepEqual(Object.keys(found).sort(), [
    'description',
    'ms_teams_fqdn',
    'name',
    'registration_hook',
    'root_domain',
    'service_provider_sid',
  ]);
  assert.equal((await t.request('GET', path, { key: two.spKey })).status, 403);
  assert.equal((await t.request('GET', `ServiceProviders/${sid()}`, { key: t.adminKey })).status, 404);
});

test('API keys: nobody makes one that opens more than its own', async () => {
  const { one, two } = t;
  const post = (key: string, body: object) => t.request('POST', 'ApiKeys', { key, body });
  const scope = async (token: string) => {
    const providers = (await t.request('GET', 'ServiceProviders', { key: token })).json.length;
    const accounts = (await t.request('GET', 'Accounts', { key: token })).json.length;
    return providers > 1 ? 'admin' : accounts > 1 ? 'service_provider' : 'account';
  };
  const good: [string, object, string][] = [
    [t.adminKey, {}, 'admin'],
    [t.adminKey, { service_provider_sid: one.service_provider_sid }, 'service_provider'],
    [t.adminKey, { account_sid: one.account_sid, service_provider_sid: one.service_provider_sid }, 'account'],
    [one.spKey, { service_provider_sid: one.service_provider_sid }, 'service_provider'],
    [one.spKey, { account_sid: one.sibling_sid, service_provider_sid: one.service_provider_sid }, 'account'],
    [one.accountKey, { account_sid: one.account_sid, service_provider_sid: null }, 'account'],
  ];
  for (const [key, body, expected] of good) {
    const { status, json } = await post(key, { ...body, token: sid() });
    assert.equal(status, 201);
    assert.deepEqual(Object.keys(json).sort(), ['sid', 'token']);
    assert.equal(await scope(json.token), expected);
  }
  const bad: [string, object][] = [
    [one.spKey, {}],
    [one.spKey, { service_provider_sid: two.service_provider_sid }],
    [one.spKey, { account_sid: two.account_sid }],
    [one.spKey, { account_sid: sid() }],
    [one.accountKey, {}],
    [one.accountKey, { account_sid: one.sibling_sid }],
    [one.accountKey, { service_provider_sid: one.service_provider_sid }],
    [t.adminKey, { account_sid: sid() }],
    [t.adminKey, { service_provider_sid: sid() }],
    [t.adminKey, { expires_at: 'tomorrow' }],
  ];
  for (const [key, body] of bad) assert.equal((await post(key, body)).status, 400, JSON.stringify(body));
});

test('API keys: listed for their owners, revoked by those who may', async () => {
  const { one, two } = t;
  const make = async (body: object) =>
    (await t.request('POST', 'ApiKeys', { key: t.adminKey, body })).json as { sid: string; token: string };
  const remove = async (key: string, api_key_sid: string) =>
    (await t.request('DELETE', `ApiKeys/${api_key_sid}`, { key })).status;
  const [admin, provider, account] = [
    await make({}),
    await make({ service_provider_sid: two.service_provider_sid }),
    await make({ account_sid: two.account_sid, expires_at: '2999-01-01' }),
  ] as const;
  const rows = (await t.request('GET', `Accounts/${two.account_sid}/ApiKeys`, { key: two.accountKey })).json;
  const row = rows.find((each: { api_key_sid: string }) => each.api_key_sid === account.sid);
  assert.deepEqual(
    { ...row, created_at: 0 },
    {
      api_key_sid: account.sid,
      token: account.token,
      account_sid: two.account_sid,
      service_provider_sid: null,
      expires_at: '2999-01-01T00:00:00.000Z',
      last_used: null,
      created_at: 0,
    },
  );
  const ofProvider = `ServiceProviders/${two.service_provider_sid}/ApiKeys`;
  const seen = async (key: string) => sidsOf((await t.request('GET', ofProvider, { key })).json, 'token');
  assert.ok((await seen(two.spKey)).includes(provider.token));
  assert.deepEqual(await seen(two.accountKey), sidsOf(rows, 'token'), 'an account sees its own only');

  for (const [key, target] of [
    [one.spKey, provider],
    [one.spKey, account],
    [two.spKey, admin],
    [two.accountKey, provider],
    [two.siblingKey, account],
  ] as const)
    assert.equal(await remove(key, target.sid), 400);
  assert.equal(await remove(two.accountKey, account.sid), 204);
  assert.equal(await remove(two.accountKey, account.sid), 404);
  assert.equal((await t.request('GET', 'Accounts', { key: account.token })).status, 401);
  assert.equal(await remove(two.spKey, provider.sid), 204);
  assert.equal(await remove(t.adminKey, admin.sid), 204);
});
