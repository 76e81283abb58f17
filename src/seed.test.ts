// The first start: keys that work, made once, and sensible behaviour when folders and databases meet again.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../test/kit/database.ts';
import { realClock, realRandom } from './base/index.ts';
import { type Keys, type Seed, seed } from './seed.ts';
import { checkPassword, type Records } from './store/index.ts';

const root = await mkdtemp(join(tmpdir(), 'crosspoint-seed-'));
let database: TestDatabase;
let records: Records;
before(async () => {
  database = await testDatabase();
  records = database.records;
});
after(async () => {
  await database.close();
  await rm(root, { recursive: true, force: true });
});

let dataDir = '';
beforeEach(async () => {
  await database.empty();
  dataDir = await mkdtemp(join(root, 'data-'));
});

const hook = (port: number) => ({
  url: `http://127.0.0.1:${port}/demo`,
  method: 'POST',
  username: null,
  password: null,
});
const start = (folder = dataDir, port = 1): Promise<Seed> =>
  seed({ records, dataDir: folder, clock: realClock(), random: realRandom(), demo: { call_hook: hook(port) } });

/** The keys open what they should. */
async function assertWorking(keys: Keys): Promise<void> {
  const { service_provider_sid, account_sid } = keys;
  const scope = async (token: string) => {
    const key = await records.apiKeys.find({ token });
    return key && { service_provider_sid: key.service_provider_sid, account_sid: key.account_sid };
  };
  const none = { service_provider_sid: null, account_sid: null };
  assert.deepEqual(await scope(keys.admin_api_key), none);
  assert.deepEqual(await scope(keys.sp_api_key), { ...none, service_provider_sid });
  assert.deepEqual(await scope(keys.account_api_key), { ...none, account_sid });
  const account = await records.accounts.get(account_sid);
  assert.equal(account?.service_provider_sid, service_provider_sid);
  assert.equal(account?.sip_realm, keys.sip_realm);
}

test('an empty database gets everything, kept for the owner only', async () => {
  const { keys, keysFile, fresh } = await start();
  assert.equal(fresh, true);
  await assertWorking(keys);
  assert.equal(keysFile, join(dataDir, 'keys.json'));
  assert.equal((await stat(keysFile)).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse(await readFile(keysFile, 'utf8')), keys);
  const demo = await records.applications.get(keys.demo_application_sid!);
  assert.deepEqual(demo?.call_hook, hook(1));
  assert.equal(demo?.account_sid, keys.account_sid);
  const admin = await records.users.find({ name: keys.admin_user! });
  assert.ok(await checkPassword(keys.admin_password!, admin!.hashed_password));
  assert.match((await records.accounts.get(keys.account_sid))!.webhook_secret, /^wh_secret_\w{22}$/);
});

test('a restart changes nothing but where the demo is', async () => {
  const first = await start();
  const again = await start(dataDir, 2);
  assert.equal(again.fresh, false);
  assert.deepEqual(again.keys, first.keys);
  assert.equal(await records.apiKeys.count(), 3);
  assert.equal(await records.users.count(), 1);
  assert.deepEqual(
    (await records.applications.list()).map((a) => a.call_hook),
    [hook(2)],
  );
});

test('a second data folder on the same database gets keys of its own to the same account', async () => {
  const first = await start();
  const second = await start(await mkdtemp(join(root, 'data-')));
  assert.equal(second.fresh, true);
  await assertWorking(first.keys);
  await assertWorking(second.keys);
  assert.equal(second.keys.account_sid, first.keys.account_sid);
  assert.notEqual(second.keys.admin_api_key, first.keys.admin_api_key);
  assert.equal(second.keys.admin_password, null);
  assert.equal(await records.accounts.count(), 1);
  assert.equal(await records.users.count(), 1);
});

test('a data folder on a new database is seeded again', async () => {
  const first = await start();
  await database.empty();
  const second = await start();
  assert.equal(second.fresh, true);
  await assertWorking(second.keys);
  assert.notEqual(second.keys.account_sid, first.keys.account_sid);
});

test('what was removed stays removed; only keys come back', async () => {
  const { keys } = await start();
  await records.applications.remove(keys.demo_application_sid!);
  const key = await records.apiKeys.find({ token: keys.account_api_key });
  await records.apiKeys.remove(key!.api_key_sid);
  const again = await start();
  assert.equal(again.fresh, true);
  assert.equal(again.keys.demo_application_sid, null);
  assert.equal(await records.applications.count(), 0);
  assert.notEqual(again.keys.account_api_key, keys.account_api_key);
  assert.equal(again.keys.admin_api_key, keys.admin_api_key);
  await assertWorking(again.keys);
});

test('a key that was given to somebody else is not taken for ours', async () => {
  const { keys } = await start();
  const key = await records.apiKeys.find({ token: keys.admin_api_key });
  await records.apiKeys.update(key!.api_key_sid, { account_sid: keys.account_sid });
  const again = await start();
  assert.notEqual(again.keys.admin_api_key, keys.admin_api_key);
  await assertWorking(again.keys);
});

test('a broken keys file is replaced', async () => {
  await start();
  await writeFile(join(dataDir, 'keys.json'), '{"half":');
  await assertWorking((await start()).keys);
});

test('two servers that seed one database at the same moment agree', async () => {
  const folders = [dataDir, await mkdtemp(join(root, 'data-'))];
  const seeds = await Promise.all(folders.map((folder) => start(folder)));
  for (const { keys } of seeds) await assertWorking(keys);
  assert.equal(await records.serviceProviders.count(), 1);
});
