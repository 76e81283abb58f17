// Records in memory, for rehearsals and unit tests. Same behaviour as PostgreSQL: test/contracts/records.ts.
import { isDeepStrictEqual } from 'node:util';
import { bug } from '../../base/index.ts';
import type { Collection, ListQuery, Records } from '../types.ts';
import { duplicate, inUse, type Kind, kinds, missingOwner, type RecordOf, rules } from './rules.ts';

type Row = Record<string, unknown>;
type Tables = Record<Kind, Map<string, Row>>;

/** A fresh, empty store. */
export function memoryRecords(): Records {
  const tables = Object.fromEntries(kinds.map((kind) => [kind, new Map()])) as Tables;
  const collection = <K extends Kind>(kind: K): Collection<RecordOf[K]> =>
    new MemoryCollection(tables, kind) as unknown as Collection<RecordOf[K]>;
  return {
    serviceProviders: collection('serviceProviders'),
    accounts: collection('accounts'),
    applications: collection('applications'),
    apiKeys: collection('apiKeys'),
    speechCredentials: collection('speechCredentials'),
    users: collection('users'),
    ping: async () => {},
    close: async () => {},
  };
}

class MemoryCollection implements Collection<Row> {
  readonly #tables: Tables;
  readonly #kind: Kind;

  constructor(tables: Tables, kind: Kind) {
    this.#tables = tables;
    this.#kind = kind;
  }

  get #rows(): Map<string, Row> {
    return this.#tables[this.#kind];
  }

  async get(sid: string): Promise<Row | undefined> {
    return structuredClone(this.#rows.get(sid));
  }

  async find(where: Row): Promise<Row | undefined> {
    return (await this.list({ where, limit: 1 }))[0];
  }

  async list(query: ListQuery<Row> = {}): Promise<Row[]> {
    const found = this.#matching(query);
    const by = query.orderBy;
    if (by !== undefined) found.sort((a, b) => compare(a[by], b[by]));
    const from = query.offset ?? 0;
    const to = query.limit === undefined ? undefined : from + query.limit;
    return structuredClone(found.slice(from, to));
  }

  async count(query: ListQuery<Row> = {}): Promise<number> {
    return this.#matching(query).length;
  }

  async insert(record: Row): Promise<void> {
    const sid = record[rules[this.#kind].key] as string;
    if (this.#rows.has(sid)) throw duplicate(this.#kind, undefined);
    this.#check(sid, record);
    this.#rows.set(sid, structuredClone(record));
  }

  async update(sid: string, patch: Row): Promise<boolean> {
    if (rules[this.#kind].key in patch) bug('a key never changes');
    const row = this.#rows.get(sid);
    if (!row) return false;
    const changed = { ...row, ...structuredClone(definedOnly(patch)) };
    this.#check(sid, changed);
    this.#rows.set(sid, changed);
    return true;
  }

  async remove(sid: string): Promise<boolean> {
    if (!this.#rows.has(sid)) return false;
    const doomed = new Map<Kind, Set<string>>();
    this.#doom(this.#kind, sid, doomed);
    for (const [kind, sids] of doomed) this.#refuseIfNeeded(kind, sids, doomed);
    for (const [kind, sids] of doomed) for (const each of sids) this.#tables[kind].delete(each);
    return true;
  }

  #matching(query: ListQuery<Row>): Row[] {
    const where = Object.entries(query.where ?? {});
    if (where.some(([, value]) => value === undefined)) bug('a filter without a value');
    const part = query.nameContains?.toLowerCase();
    return [...this.#rows.values()].filter(
      (row) =>
        where.every(([column, value]) => isDeepStrictEqual(row[column], value)) &&
        (!query.among || query.among.values.includes(row[query.among.column] as string)) &&
        (part === undefined || String(row.name).toLowerCase().includes(part)),
    );
  }

  #check(sid: string, row: Row): void {
    for (const rule of rules[this.#kind].unique) {
      if (rule.columns.some((column) => row[column] === null)) continue;
      for (const [otherSid, other] of this.#rows) {
        if (otherSid !== sid && rule.columns.every((c) => other[c] === row[c])) throw duplicate(this.#kind, rule.name);
      }
    }
    for (const rule of rules[this.#kind].owners) {
      const value = row[rule.column];
      if (value !== null && !this.#tables[rule.of].has(value as string)) throw missingOwner(this.#kind, rule.name);
    }
  }

  /** Collects what goes along when a record goes. */
  #doom(kind: Kind, sid: string, doomed: Map<Kind, Set<string>>): void {
    const sids = doomed.get(kind) ?? new Set();
    doomed.set(kind, sids.add(sid));
    for (const other of kinds) {
      for (const rule of rules[other].owners) {
        if (rule.of !== kind || rule.onRemove !== 'cascade') continue;
        for (const [otherSid, row] of this.#tables[other]) {
          if (row[rule.column] === sid && !doomed.get(other)?.has(otherSid)) this.#doom(other, otherSid, doomed);
        }
      }
    }
  }

  #refuseIfNeeded(kind: Kind, sids: Set<string>, doomed: Map<Kind, Set<string>>): void {
    for (const other of kinds) {
      for (const rule of rules[other].owners) {
        if (rule.of !== kind || rule.onRemove !== 'refuse') continue;
        for (const [otherSid, row] of this.#tables[other]) {
          const staying = !doomed.get(other)?.has(otherSid);
          if (staying && sids.has(row[rule.column] as string)) throw inUse(kind, rule.name);
        }
      }
    }
  }
}

const definedOnly = (patch: Row): Row => Object.fromEntries(Object.entries(patch).filter(([, v]) => v !== undefined));

/** Without regard to case, nulls last, as the SQL does. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  const [x, y] = [sortable(a), sortable(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

const sortable = (value: unknown): string | number | boolean =>
  typeof value === 'string' ? value.toLowerCase() : (value as number | boolean);
