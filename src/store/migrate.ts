// Brings a PostgreSQL database to this version: migrations/NNNN-name.sql, in order, all in one transaction.
import { readdir, readFile } from 'node:fs/promises';
import type { ClientBase } from 'pg';
import { bug, Fault } from '../base/index.ts';
import { migrationLockMs } from './limits.ts';

export interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** Any number nobody else uses as an advisory lock in this database. */
const lockKey = 7_265_064_001;

/** The migrations of this version, in order. */
export async function readMigrations(folder = new URL('./migrations/', import.meta.url)): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const all: Migration[] = [];
  for (const [index, file] of files.entries()) {
    const name = file.slice(0, -'.sql'.length);
    if (!/^\d{4}-[a-z0-9-]+$/.test(name) || Number(name.slice(0, 4)) !== index + 1)
      bug(`migration ${file}: names count up from 0001 without a gap`);
    all.push({ number: index + 1, name, sql: await readFile(new URL(file, folder), 'utf8') });
  }
  return all;
}

/** Applies what is missing and returns the names. Several servers may start at once: the others wait. */
export async function migrate(client: ClientBase, migrations: Migration[]): Promise<string[]> {
  await client.query('begin');
  try {
    await client.query(`set local statement_timeout = ${migrationLockMs}`);
    await client.query('select pg_advisory_xact_lock($1)', [lockKey]);
    await client.query(
      'create table if not exists crosspoint_migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ number: number; name: string }>(
      'select number, name from crosspoint_migrations order by number',
    );
    checkHistory(rows, migrations);
    const missing = migrations.slice(rows.length);
    for (const { number, name, sql } of missing) {
      await client.query(sql);
      await client.query('insert into crosspoint_migrations (number, name) values ($1, $2)', [number, name]);
    }
    await client.query('commit');
    return missing.map((m) => m.name);
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

function checkHistory(applied: { number: number; name: string }[], known: Migration[]): void {
  const strange = applied.find(({ name }, i) => known[i]?.name !== name);
  if (strange)
    throw new Fault(
      'store-newer',
      `the database holds migration ${strange.name}, which this version does not know: start the version that wrote it, or a newer one`,
    );
}
