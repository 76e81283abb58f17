// SpeechCredentials over PostgreSQL: secrets stay inside, and what a service provider shares is only lent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestApi, testApi } from '../../../test/kit/api.ts';
import { sid } from '../../../test/kit/records.ts';

let t: TestApi;
const probed: { vendor: string; credential: object }[] = [];
before(async () => {
  t = await testApi({
    probeSynthesizer: async (vendor, credential) => {
      probed.push({ vendor, credential });
      return { status: 'fail', reason: 'its server answered 500' };
    },
  });
});
after(() => t.close());

const token = 'secret-token-of-the-vendor';
const body = (more: object = {}) => ({
  vendor: 'custom:voice',
  label: sid(),
  auth_token: token,
  custom_tts_url: 'https://tts.example/',
  use_for_stt: 0,
  ...more,
});
const ofAccount = () => `Accounts/${t.one.account_sid}/SpeechCredentials`;
const ofProvider = () => `ServiceProviders/${t.one.service_provider_sid}/SpeechCredentials`;
const make = async (path: string, key: string, more: object = {}): Promise<string> => {
  const made = await t.request('POST', path, { key, body: body(more) });
  assert.equal(made.status, 201, made.text);
  return made.json.sid;
};

test('made, read with the secret obscured, changed, tried, removed', async () => {
  const key = t.one.accountKey;
  const credential = await make(ofAccount(), key, { label: 'mine' });
  const path = `${ofAccount()}/${credential}`;
  const found = (await t.request('GET', path, { key })).json;
  assert.deepEqual(
    { ...found, created_at: 0 },
    {
      speech_credential_sid: credential,
      account_sid: t.one.account_sid,
      service_provider_sid: null,
      vendor: 'custom:voice',
      label: 'mine',
      use_for_tts: 1,
      use_for_stt: 0,
      last_used: null,
      last_tested: null,
      tts_tested_ok: null,
      stt_tested_ok: null,
      created_at: 0,
      auth_token: `secret${'X'.repeat(token.length - 6)}`,
      custom_tts_url: 'https://tts.example/',
    },
  );
  const stored = async () => (await t.database.records.speechCredentials.get(credential))?.credential;
  const {
    speech_credential_sid: _,
    created_at: __,
    last_used: ___,
    last_tested: ____,
    tts_tested_ok: _5,
    stt_tested_ok: _6,
    ...whole
  } = found;
  assert.equal((await t.request('PUT', path, { key, body: whole })).status, 204);
  assert.equal((await stored())?.auth_token, token, 'an obscured secret that comes back is unchanged');
  assert.equal(
    (await t.request('PUT', path, { key, body: { use_for_stt: true, auth_token: 'a new token', custom_tts_url: '' } }))
      .status,
    204,
  );
  assert.deepEqual(await stored(), { auth_token: 'a new token', custom_tts_url: null });

  const tried = await t.request('GET', `${path}/test`, { key });
  assert.deepEqual(tried.json, {
    tts: { status: 'fail', reason: 'its server answered 500' },
    stt: { status: 'not tested' },
  });
  assert.deepEqual(probed.at(-1), {
    vendor: 'custom:voice',
    credential: { auth_token: 'a new token', custom_tts_url: null },
  });
  assert.equal((await t.request('DELETE', path, { key })).status, 204);
  assert.equal((await t.request('GET', path, { key })).status, 404);
  assert.equal((await t.request('DELETE', path, { key })).status, 404);
});

test('bad input is refused by field', async () => {
  const cases: [object, number, string | undefined][] = [
    [{ vendor: undefined }, 400, 'vendor'],
    [{ vendor: 'custom:' }, 400, 'vendor'],
    [{ vendor: 'google' }, 400, 'vendor'],
    [{ custom_tts_url: 'tts.example' }, 400, 'custom_tts_url'],
    [{ auth_token: 5 }, 400, 'auth_token'],
    [{ use_for_tts: 'yes' }, 400, 'use_for_tts'],
    [{ api_key: 'x' }, 400, 'api_key'],
  ];
  for (const [more, status, path] of cases) {
    const answer = await t.request('POST', ofAccount(), { key: t.one.accountKey, body: body(more) });
    assert.deepEqual([answer.status, answer.json.path], [status, path], `${JSON.stringify(more)}: ${answer.text}`);
  }
  await make(ofAccount(), t.one.accountKey, { label: 'once' });
  const twice = await t.request('POST', ofAccount(), { key: t.one.accountKey, body: body({ label: 'once' }) });
  assert.deepEqual([twice.status, twice.json.msg], [422, 'label is already in use for another speech credential']);
  const credential = await make(ofAccount(), t.one.accountKey);
  for (const change of [{ vendor: 'custom:other' }, { label: 'other' }, { account_sid: t.one.sibling_sid }]) {
    const answer = await t.request('PUT', `${ofAccount()}/${credential}`, { key: t.one.accountKey, body: change });
    assert.deepEqual([answer.status, answer.json.path], [400, Object.keys(change)[0]]);
  }
});

test('an account owns what it makes, whatever the body says', async () => {
  const credential = await make(ofAccount(), t.one.accountKey, {
    account_sid: t.two.account_sid,
    service_provider_sid: t.two.service_provider_sid,
  });
  const kept = await t.database.records.speechCredentials.get(credential);
  assert.deepEqual([kept?.account_sid, kept?.service_provider_sid], [t.one.account_sid, null]);
});

test('what a service provider shares: its accounts see it without secrets and cannot change it', async () => {
  const { one, two } = t;
  const shared = await make(ofProvider(), one.spKey, { label: 'shared' });
  const rows = async (path: string, key: string): Promise<Record<string, unknown>[]> =>
    (await t.request('GET', path, { key })).json;
  const inList = (await rows(ofAccount(), one.accountKey)).at(-1);
  assert.equal(inList?.speech_credential_sid, shared);
  assert.equal(inList && 'auth_token' in inList, false);
  assert.match(String((await rows(ofAccount(), one.spKey)).at(-1)?.auth_token), /^secretX+$/);
  assert.ok(
    !(await rows(`Accounts/${two.account_sid}/SpeechCredentials`, two.accountKey)).some(
      (row) => row.speech_credential_sid === shared,
    ),
  );

  const path = `${ofAccount()}/${shared}`;
  const change = { key: one.accountKey, body: { use_for_tts: 0 } };
  assert.equal((await t.request('GET', path, change)).status, 403);
  assert.equal((await t.request('GET', `${path}/test`, change)).status, 403);
  assert.equal((await t.request('PUT', path, change)).status, 403);
  assert.equal((await t.request('DELETE', path, change)).status, 403);
  assert.equal((await t.request('PUT', `${ofProvider()}/${shared}`, change)).status, 403);
  assert.equal((await t.request('POST', ofProvider(), { key: one.accountKey, body: body() })).status, 403);
  assert.equal((await t.request('PUT', `${ofProvider()}/${shared}`, { ...change, key: one.spKey })).status, 204);
  assert.equal((await t.request('DELETE', path, { key: one.spKey })).status, 204);
});

test('below a service provider one of its accounts may be named, and no other', async () => {
  const { one, two } = t;
  const credential = await make(ofProvider(), one.spKey, { account_sid: one.sibling_sid });
  assert.equal((await t.database.records.speechCredentials.get(credential))?.account_sid, one.sibling_sid);
  assert.equal((await t.request('GET', `${ofProvider()}/${credential}`, { key: one.spKey })).status, 200);
  assert.equal((await t.request('GET', `${ofAccount()}/${credential}`, { key: one.accountKey })).status, 404);
  assert.equal((await t.request('GET', `${ofProvider()}/${credential}`, { key: one.accountKey })).status, 404);
  const foreign = await t.request('POST', ofProvider(), {
    key: one.spKey,
    body: body({ account_sid: two.account_sid }),
  });
  assert.equal(foreign.status, 403);
  const wrong = await t.request('POST', ofProvider(), {
    key: t.adminKey,
    body: body({ account_sid: two.account_sid }),
  });
  assert.deepEqual([wrong.status, wrong.json.path], [400, 'account_sid']);
});

test('a foreign credential is none, wherever it is asked for', async () => {
  const foreign = await make(`Accounts/${t.two.account_sid}/SpeechCredentials`, t.two.accountKey);
  for (const [path, key] of [
    [ofAccount(), t.one.accountKey],
    [ofAccount(), t.one.spKey],
    [ofAccount(), t.adminKey],
    [ofProvider(), t.one.spKey],
    [ofProvider(), t.adminKey],
  ] as const)
    for (const method of ['GET', 'PUT', 'DELETE'])
      assert.equal((await t.request(method, `${path}/${foreign}`, { key, body: {} })).status, 404, `${method} ${path}`);
});

test('languages and voices: a vendor is needed, and one with a catalogue', async () => {
  const path = `${ofAccount()}/speech/supportedLanguagesAndVoices`;
  const ask = async (query: string) => t.request('GET', path + query, { key: t.one.accountKey });
  assert.deepEqual([(await ask('')).status, (await ask('')).json.msg], [400, 'vendor is required']);
  assert.deepEqual(
    [(await ask('?vendor=custom:x')).status, (await ask('?vendor=custom:x')).json.msg],
    [422, 'Invalid vendor custom:x'],
  );
});
