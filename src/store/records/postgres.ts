// Records in PostgreSQL, through drizzle and pg. Rim file: opens connections.
import type { SQL } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { bug, errorText, Fault, isSid, type Log } from '../../base/index.ts';
import { connectTimeoutMs, poolConnections, poolIdleMs, statementTimeoutMs } from '../limits.ts';
import { migrate, readMigrations } from '../migrate.ts';
import type { Collection, ListQuery, Records } from '../types.ts';
import { and, asc, drizzle, eq, getTableColumns, inArray, isNull, sql } from './drizzle.ts';
import { duplicate, inUse, type Kind, missingOwner, type RecordOf, rules } from './rules.ts';
import { tables } from './schema.ts';

type Row = Record<string, unknown>;

export interface PostgresOptions {
  /** postgres://user:password@host:port/database, as libpq takes it. */
  url: string;
  log: Log;
}

/** Connects, migrates and serves. Rejects with Fault `store-unavailable` (retryable), `store-refused` or `store-newer`. */
export async function postgresRecords({ url, log }: PostgresOptions): Promise<Records> {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolConnections,
    idleTimeoutMillis: poolIdleMs,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    application_name: 'crosspoint',
    allowExitOnIdle: true,
  });
  pool.on('error', (error) => log.warn('a connection to the database broke', { error: errorText(error) }));
  try {
    await prepare(pool, log);
  } catch (error) {
    await pool.end();
    throw error instanceof Fault ? error : unusable(error, url);
  }
  const db = drizzle(pool);
  const collection = <K extends Kind>(kind: K): Collection<RecordOf[K]> =>
    new PostgresCollection(db, kind) as unknown as Collection<RecordOf[K]>;
  let closing: Promise<void> | undefined;
  return {
    serviceProviders: collection('serviceProviders'),
    accounts: collection('accounts'),
    applications: collection('applications'),
    apiKeys: collection('apiKeys'),
    speechCredentials: collection('speechCredentials'),
    users: collection('users'),
    ping: async () => {
      await pool.query('select 1').catch((error) => Promise.reject(unavailable(error)));
    },
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  };
}

async function prepare(pool: pg.Pool, log: Log): Promise<void> {
  const client = await pool.connect();
  try {
    const applied = await migrate(client, await readMigrations());
    if (applied.length > 0) log.info('the database was migrated', { migrations: applied });
  } finally {
    client.release();
  }
}

class PostgresCollection implements Collection<Row> {
  readonly #db: NodePgDatabase;
  readonly #kind: Kind;
  readonly #table: PgTable;
  readonly #columns: Record<string, PgColumn>;
  readonly #key: PgColumn;

  constructor(db: NodePgDatabase, kind: Kind) {
    this.#db = db;
    this.#kind = kind;
    this.#table = tables[kind];
    this.#columns = getTableColumns(this.#table);
    this.#key = this.#column(rules[kind].key);
  }

  async get(sid: string): Promise<Row | undefined> {
    if (!isSid(sid)) return undefined;
    return (await this.#run(() => this.#db.select().from(this.#table).where(eq(this.#key, sid)).limit(1)))[0];
  }

  async find(where: Row): Promise<Row | undefined> {
    return (await this.list({ where, limit: 1 }))[0];
  }

  list(query: ListQuery<Row> = {}): Promise<Row[]> {
    return this.#run(() => {
      const creation = asc(sql.identifier('seq'));
      const order = query.orderBy === undefined ? [creation] : [this.#order(query.orderBy), creation];
      const rows = this.#db
        .select()
        .from(this.#table)
        .where(this.#where(query))
        .orderBy(...order)
        .$dynamic();
      if (query.limit !== undefined) rows.limit(query.limit);
      if (query.offset !== undefined) rows.offset(query.offset);
      return rows;
    });
  }

  count(query: ListQuery<Row> = {}): Promise<number> {
    return this.#run(() => this.#db.$count(this.#table, this.#where(query)));
  }

  async insert(record: Row): Promise<void> {
    await this.#run(() => this.#db.insert(this.#table).values(record));
  }

  async update(sid: string, patch: Row): Promise<boolean> {
    if (rules[this.#kind].key in patch) bug('a key never changes');
    if (!isSid(sid)) return false;
    if (Object.values(patch).every((value) => value === undefined)) return (await this.get(sid)) !== undefined;
    const result = await this.#run(() => this.#db.update(this.#table).set(patch).where(eq(this.#key, sid)));
    return result.rowCount === 1;
  }

  async remove(sid: string): Promise<boolean> {
    if (!isSid(sid)) return false;
    const result = await this.#run(() => this.#db.delete(this.#table).where(eq(this.#key, sid)), true);
    return result.rowCount === 1;
  }

  #column(name: string): PgColumn {
    return this.#columns[name] ?? bug(`no column ${name} in ${this.#kind}`);
  }

  #where(query: ListQuery<Row>): SQL | undefined {
    const parts = Object.entries(query.where ?? {}).map(([name, value]) => {
      if (value === undefined) bug('a filter without a value');
      const column = this.#column(name);
      if (value === null) return isNull(column);
      return column.getSQLType() === 'uuid' && !isSid(value) ? sql`false` : eq(column, value);
    });
    if (query.among) parts.push(inArray(this.#column(query.among.column), [...query.among.values]));
    if (query.nameContains !== undefined)
      parts.push(sql`position(lower(${query.nameContains}) in lower(${this.#column('name')})) > 0`);
    return and(...parts);
  }

  /** Text without regard to case, byte by byte, so that the order is not the database's locale's. */
  #order(name: string): SQL {
    const column = this.#column(name);
    return column.getSQLType() === 'text' ? sql`lower(${column}) collate "C"` : asc(column);
  }

  async #run<T>(work: () => PromiseLike<T>, removing = false): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#fault(error, removing);
    }
  }

  /** PostgreSQL's answer in the store's words (error codes: PostgreSQL manual, appendix A). */
  #fault(error: unknown, removing: boolean): unknown {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if (!(cause instanceof pg.DatabaseError)) return isConnectionTrouble(cause) ? unavailable(cause) : error;
    if (cause.code === '23505') return duplicate(this.#kind, cause.constraint, cause);
    if (cause.code === '23503')
      return removing ? inUse(this.#kind, cause.constraint, cause) : missingOwner(this.#kind, cause.constraint, cause);
    // 08 connection, 53 resources, 57 operator (shutdown, statement timeout).
    return /^(08|53|57)/.test(cause.code ?? '') ? unavailable(cause) : error;
  }
}

/** pg reports lost connections and its own time-outs as plain errors with these texts or a system error code. */
const isConnectionTrouble = (error: unknown): boolean =>
  error instanceof Error && ('syscall' in error || /connect|terminat|timeout|pool/i.test(error.message));

const unavailable = (cause: unknown): Fault =>
  new Fault('store-unavailable', 'the database does not answer', {
    retryable: true,
    http: 503,
    cause,
    detail: { error: errorText(cause) },
  });

/** Why the start fails, for who has to mend it. */
function unusable(cause: unknown, url: string): Fault {
  const { host, pathname } = new URL(url);
  const which = `the database ${pathname.slice(1)} at ${host}`;
  if (!(cause instanceof pg.DatabaseError))
    return new Fault('store-unavailable', `${which} does not answer: ${errorText(cause)}`, {
      retryable: true,
      http: 503,
      cause,
    });
  return new Fault('store-refused', `${which} cannot be used: ${cause.message}`, { cause });
}
