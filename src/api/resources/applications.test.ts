// Applications and their environment variables over PostgreSQL, as each of the three scopes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../../test/kit/api.ts';
import { sid } from '../../../test/kit/records.ts';

let t: TestApi;
before(async () => {
  t = await testApi();
});
after(() => t.close());

const hook = { url: 'https://app.example/call' };
const body = (more: object = {}) => ({
  name: `app ${sid()}`,
  call_hook: hook,
  call_status_hook: { url: 'wss://app.example/s' },
  ...more,
});
const make = async (more: object = {}, key = t.one.accountKey): Promise<string> => {
  const made = await t.request('POST', 'Applications', { key, body: body(more) });
  assert.equal(made.status, 201, made.text);
  return made.json.sid;
};
const get = async (application: string, key = t.one.accountKey) =>
  (await t.request('GET', `Applications/${application}`, { key })).json;

test('made with little: the contract’s shape comes back', async () => {
  const application = await make({ name: 'shape' });
  const found = await get(application);
  const { webhook_sid } = found.call_hook;
  assert.match(webhook_sid, /^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  assert.deepEqual(found.call_hook, { webhook_sid, url: hook.url, method: 'POST', username: null, password: null });
  assert.notEqual(found.call_status_hook.webhook_sid, webhook_sid);
  assert.equal(found.messaging_hook, null);
  assert.deepEqual(
    [
      found.account_sid,
      found.name,
      found.use_for_fallback_speech,
      found.record_all_calls,
      found.app_json,
      found.env_vars,
    ],
    [t.one.account_sid, 'shape', 0, 0, null, null],
  );
  assert.equal(found.speech_synthesis_vendor, null);
});

test('made with everything, changed in part, removed', async () => {
  const more = {
    messaging_hook: { url: 'http://m.example', method: 'get', username: 'u', password: 'p' },
    app_json: '[{"verb":"answer"}]',
    speech_synthesis_vendor: 'custom:x',
    speech_synthesis_label: 'l',
    fallback_speech_recognizer_language: 'de-DE',
    use_for_fallback_speech: true,
    record_all_calls: 1,
    env_vars: { A: 'secret value', B: 2, C: false },
  };
  const application = await make(more);
  const path = `Applications/${application}`;
  const found = await get(application);
  assert.equal(found.messaging_hook.method, 'GET');
  assert.deepEqual(found.env_vars, more.env_vars);
  assert.deepEqual(
    [found.app_json, found.speech_synthesis_label, found.use_for_fallback_speech],
    [more.app_json, 'l', 1],
  );

  const put = (change: object) => t.request('PUT', path, { key: t.one.spKey, body: change });
  assert.equal((await put({ speech_synthesis_vendor: null, app_json: '', call_hook: {}, env_vars: null })).status, 204);
  const changed = await get(application);
  assert.deepEqual([changed.speech_synthesis_vendor, changed.app_json, changed.env_vars], [null, null, null]);
  assert.deepEqual(changed.call_hook, found.call_hook, 'an empty object leaves a hook');
  assert.equal(changed.speech_synthesis_label, 'l');

  // A hook with its sid is edited, one without is new.
  await put({ messaging_hook: { webhook_sid: found.messaging_hook.webhook_sid, url: 'http://m2.example' } });
  assert.deepEqual((await get(application)).messaging_hook, { ...found.messaging_hook, url: 'http://m2.example' });
  await put({ messaging_hook: { url: 'http://m3.example' } });
  assert.equal((await get(application)).messaging_hook.username, null);
  await put({ messaging_hook: null });
  assert.equal((await get(application)).messaging_hook, null);

  const { application_sid: _, ...whole } = await get(application);
  assert.equal((await put(whole)).status, 204, 'what is read can be written back');
  assert.deepEqual(await get(application), { application_sid: application, ...whole });

  assert.equal((await t.request('DELETE', path, { key: t.one.accountKey })).status, 204);
  assert.equal((await t.request('GET', path, { key: t.one.accountKey })).status, 404);
  assert.equal((await t.request('DELETE', path, { key: t.one.accountKey })).status, 404);
  assert.equal((await t.request('PUT', path, { key: t.one.accountKey, body: { name: 'x' } })).status, 404);
});

test('bad input is 400 with the path of what is wrong', async () => {
  const cases: [object, string][] = [
    [{ name: undefined }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ call_hook: undefined }, 'call_hook'],
    [{ call_status_hook: undefined }, 'call_status_hook'],
    [{ call_hook: null }, 'call_hook'],
    [{ call_hook: 'https://x.example' }, 'call_hook'],
    [{ call_hook: { url: ' https://x.example' } }, 'call_hook.url'],
    [{ call_hook: { url: 'app.example/x' } }, 'call_hook.url'],
    [{ call_hook: { url: 'https://' } }, 'call_hook.url'],
    [{ call_hook: { url: 'https://x.example', method: 'PATCH' } }, 'call_hook.method'],
    [{ call_hook: { url: 'https://x.example', verb: 'x' } }, 'call_hook.verb'],
    [{ messaging_hook: { method: 'GET' } }, 'messaging_hook.url'],
    [{ app_json: '[{"verb":' }, 'app_json'],
    [{ app_json: '{"verb":"say"}' }, 'app_json'],
    [{ app_json: '[{"verb":"nonsense"}]' }, 'app_json[0].verb'],
    [{ env_vars: { A: { b: 1 } } }, 'env_vars.A'],
    [{ env_vars: [] }, 'env_vars'],
    [{ speech_synthesis_vendor: 7 }, 'speech_synthesis_vendor'],
    [{ application_sid: sid() }, 'application_sid'],
    [{ colour: 'red' }, 'colour'],
  ];
  for (const [more, path] of cases) {
    const answer = await t.request('POST', 'Applications', { key: t.one.accountKey, body: body(more) });
    assert.deepEqual([answer.status, answer.json.path], [400, path], `${JSON.stringify(more)}: ${answer.text}`);
    assert.ok(answer.json.msg.length > 5);
  }
  const application = await make();
  const change = await t.request('PUT', `Applications/${application}`, {
    key: t.one.accountKey,
    body: { application_sid: application },
  });
  assert.deepEqual([change.status, change.json.msg], [400, 'primary key application_sid is immutable']);
  const cleared = await t.request('PUT', `Applications/${application}`, {
    key: t.one.accountKey,
    body: { call_hook: null },
  });
  assert.deepEqual([cleared.status, cleared.json.path], [400, 'call_hook']);
});

test('a name is used once in an account; an application in use is not removed', async () => {
  const application = await make({ name: 'twice' });
  const again = await t.request('POST', 'Applications', { key: t.one.accountKey, body: body({ name: 'twice' }) });
  assert.equal(again.status, 422);
  assert.match(again.json.msg, /name/);
  await make({ name: 'twice' }, t.one.siblingKey);
  await t.database.records.accounts.update(t.one.account_sid, { device_calling_application_sid: application });
  const removed = await t.request('DELETE', `Applications/${application}`, { key: t.one.accountKey });
  await t.database.records.accounts.update(t.one.account_sid, { device_calling_application_sid: null });
  assert.deepEqual([removed.status, removed.json.code], [422, 'record-in-use']);
});

test('whose it is: forced for accounts, named by the others, never a foreign one', async () => {
  const { one, two } = t;
  const post = (key: string, more: object) => t.request('POST', 'Applications', { key, body: body(more) });
  assert.equal(
    (await get(await make({ account_sid: one.sibling_sid }, one.spKey), one.siblingKey)).account_sid,
    one.sibling_sid,
  );
  assert.equal(
    (await get(await make({ account_sid: two.account_sid }, t.adminKey), two.accountKey)).account_sid,
    two.account_sid,
  );
  const refused: [string, object, number][] = [
    [t.adminKey, {}, 400],
    [one.spKey, {}, 400],
    [t.adminKey, { account_sid: sid() }, 400],
    [one.spKey, { account_sid: two.account_sid }, 403],
    [one.accountKey, { account_sid: one.sibling_sid }, 403],
  ];
  for (const [key, more, status] of refused) assert.equal((await post(key, more)).status, status, JSON.stringify(more));

  const foreign = await make({}, two.accountKey);
  const path = `Applications/${foreign}`;
  for (const key of [one.accountKey, one.spKey, two.siblingKey]) {
    assert.equal((await t.request('GET', path, { key })).status, 404);
    assert.equal((await t.request('PUT', path, { key, body: { name: 'taken' } })).status, 404);
    assert.equal((await t.request('DELETE', path, { key })).status, 404);
  }
  const mine = await make();
  const moved = await t.request('PUT', `Applications/${mine}`, {
    key: one.accountKey,
    body: { account_sid: two.account_sid },
  });
  assert.equal(moved.status, 403);
  assert.equal(
    (await t.request('PUT', `Applications/${mine}`, { key: one.spKey, body: { account_sid: one.sibling_sid } })).status,
    204,
  );
});

test('lists: by scope, bare or paged, without secrets', async () => {
  const key = t.two.siblingKey;
  const secret = {
    call_hook: { ...hook, username: 'u', password: 'hunter2hunter2' },
    env_vars: { TOKEN: 'hunter2hunter2', N: 1 },
  };
  for (const name of ['zeta', 'Alpha', 'beta', 'Beta two']) await make({ name, ...secret }, key);
  const list = async (path: string, as = key) => (await t.request('GET', path, { key: as })).json;
  const names = (rows: { name: string }[]) => rows.map((row) => row.name);
  const bare = await list('Applications');
  assert.deepEqual(names(bare), ['zeta', 'Alpha', 'beta', 'Beta two'], 'creation order');
  assert.ok(!JSON.stringify(bare).includes('hunter2hunter2'));
  assert.equal(bare[0].env_vars.N, 1);

  const page = await list('Applications?page=1&page_size=3');
  assert.deepEqual([page.total, page.page, page.page_size, names(page.data)], [4, 1, 3, ['Alpha', 'beta', 'Beta two']]);
  assert.deepEqual(names((await list('Applications?page=2&page_size=3')).data), ['zeta']);
  const whole = await list(`Accounts/${t.two.sibling_sid}/Applications?page=1&filter=BETA`);
  assert.deepEqual([whole.total, whole.page_size, names(whole.data)], [2, null, ['beta', 'Beta two']]);
  assert.deepEqual(names(await list('Applications?name=zet')), ['zeta']);
  for (const query of ['page=0', 'page=x', 'page=1&page_size=0', 'page=1&page_size=100000'])
    assert.equal((await t.request('GET', `Applications?${query}`, { key })).status, 400, query);

  const owners = (rows: { account_sid: string }[]) => [...new Set(rows.map((row) => row.account_sid))].sort();
  const { two } = t;
  assert.deepEqual(owners(await list('Applications', two.spKey)), [two.account_sid, two.sibling_sid].sort());
  const below = `ServiceProviders/${two.service_provider_sid}/Applications`;
  assert.deepEqual(owners(await list(below, two.spKey)), [two.account_sid, two.sibling_sid].sort());
  assert.deepEqual(owners(await list(below, key)), [two.sibling_sid]);
  assert.deepEqual(owners(await list(below, t.adminKey)), [two.account_sid, two.sibling_sid].sort());
  assert.ok(owners(await list('Applications', t.adminKey)).length > 2);
});

test('environment variables: what the application says, and values checked against it', async () => {
  const schema = {
    KEY: { type: 'string', description: 'needed', required: true },
    COUNT: { type: 'number', description: 'some', enum: [1, 2] },
    ON: { type: 'boolean', description: 'switch', obscure: true, uiHint: 'input' },
  };
  t.appEnv.set('http://env.example/hook', JSON.stringify(schema));
  t.appEnv.set('http://broken.example/', '{"a b": {}}');
  const ask = (url: string) => t.request('GET', `AppEnv?url=${encodeURIComponent(url)}`, { key: t.one.accountKey });
  assert.deepEqual((await ask('ws://env.example/hook#rc=3')).json, schema);
  assert.equal((await ask('http://nothing.example/')).status, 204);
  const broken = await ask('http://broken.example/');
  assert.deepEqual([broken.status, broken.json.msg], [400, 'Invalid appenv schema']);
  for (const url of ['', 'x', 'ftp://x']) assert.equal((await ask(url)).status, 400, url);

  const post = (env_vars: object) =>
    t.request('POST', 'Applications', {
      key: t.one.accountKey,
      body: body({ call_hook: { url: 'ws://env.example/hook' }, env_vars }),
    });
  const cases: [object, string][] = [
    [{ COUNT: 1 }, 'Missing required value env_vars.KEY'],
    [{ KEY: 1 }, 'Invalid value/type for env_vars.KEY'],
    [{ KEY: 'k', COUNT: 3 }, 'Invalid value/type for env_vars.COUNT'],
    [{ KEY: 'k', ON: 'yes' }, 'Invalid value/type for env_vars.ON'],
  ];
  for (const [values, msg] of cases) {
    const answer = await post(values);
    assert.deepEqual([answer.status, answer.json.msg], [400, msg]);
  }
  const good = await post({ KEY: 'k', COUNT: 2, ON: true, OTHER: 'kept' });
  assert.equal(good.status, 201);
  const later = await t.request('PUT', `Applications/${good.json.sid}`, {
    key: t.one.accountKey,
    body: { env_vars: {} },
  });
  assert.deepEqual([later.status, later.json.path], [400, 'env_vars.KEY']);
});
