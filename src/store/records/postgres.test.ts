// The contract of records in PostgreSQL, and what only a database can do: migrate, and be away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { recordsContract } from '../../../test/contracts/records.ts';
import { type TestDatabase, testDatabase } from '../../../test/kit/database.ts';
import { aServiceProvider } from '../../../test/kit/records.ts';
import { type Fault, isFault, silentLog } from '../../base/index.ts';
import { migrate, readMigrations } from '../migrate.ts';
import { postgresRecords } from './postgres.ts';
import { kinds, rules } from './rules.ts';

let database: TestDatabase;
let client: pg.Client;

before(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
after(async () => {
  await client.end();
  await database.close();
});

recordsContract('postgres', async () => {
  await database.empty();
  return database.records;
});

test('every rule is a constraint in the database and the other way round', async () => {
  const { rows } = await client.query<{ name: string }>(
    `select conname as name from pg_constraint where contype in ('u', 'f') and connamespace = 'public'::regnamespace order by 1`,
  );
  const ruled = kinds.flatMap((kind) => [...rules[kind].unique, ...rules[kind].owners].map((rule) => rule.name));
  assert.deepEqual(
    rows.map((row) => row.name),
    ruled.sort(),
  );
});

test('a database that is up to date is left alone, also by many at once', async () => {
  const migrations = await readMigrations();
  assert.deepEqual(await migrate(client, migrations), []);
  const stores = await Promise.all([1, 2, 3].map(() => postgresRecords({ url: database.url, log: silentLog })));
  for (const store of stores) await store.close();
});

test('missing migrations are applied together or not at all', async () => {
  const migrations = await readMigrations();
  const next = migrations.length + 1;
  const good = { number: next, name: `${String(next).padStart(4, '0')}-good`, sql: 'create table trial (a int)' };
  const bad = { number: next + 1, name: `${String(next + 1).padStart(4, '0')}-bad`, sql: 'create tabel nonsense' };
  await assert.rejects(migrate(client, [...migrations, good, bad]), /syntax/);
  const { rows } = await client.query(`select to_regclass('trial') as trial`);
  assert.equal(rows[0].trial, null);
  assert.deepEqual(await migrate(client, [...migrations, good]), [good.name]);
  await assert.rejects(migrate(client, migrations), (error: Fault) => error.code === 'store-newer');
  await client.query('drop table trial');
  await client.query('delete from crosspoint_migrations where number = $1', [next]);
});

test('a connection that the database ends does not end the server; the next query works', async () => {
  await database.records.ping();
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crosspoint'`);
  // The first query may meet the dying connection; it is then told to try again.
  await database.records.ping().catch((error) => assert.ok(isFault(error) && error.retryable, String(error)));
  await database.records.ping();
});

test('a database that is not there is a fault that may be tried again', async () => {
  const url = 'postgres://nobody:secret@127.0.0.1:1/none';
  await assert.rejects(postgresRecords({ url, log: silentLog }), (error: unknown) => {
    assert.ok(isFault(error));
    assert.equal(error.code, 'store-unavailable');
    assert.equal(error.retryable, true);
    assert.ok(!error.message.includes('secret'));
    return true;
  });
});

test('a database that refuses says why, without the password', async () => {
  const refusal = (url: string) =>
    postgresRecords({ url, log: silentLog }).then(
      () => assert.fail('it was let in'),
      (error: Fault) => error,
    );
  const { password } = new URL(database.url);
  const wrong = await refusal(database.url.replace(password, 'wrong'));
  assert.equal(wrong.code, 'store-refused');
  assert.match(
    wrong.message,
    /^the database postgres at localhost:5432 cannot be used: password authentication failed/,
  );
  const absent = await refusal(database.url.replace('/postgres?', '/absent?'));
  assert.match(absent.message, /database "absent" does not exist/);
});

test('after closing, queries are refused as unavailable', async () => {
  const store = await postgresRecords({ url: database.url, log: silentLog });
  await store.close();
  await store.close();
  await assert.rejects(store.serviceProviders.insert(aServiceProvider()), (error: unknown) => isFault(error));
});
