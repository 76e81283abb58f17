// Lists that may be paged (rest-platform.md section 5): a bare array, or with `page` an envelope.
import type { Collection, ListQuery } from '../store/index.ts';
import { defaultPageRows, pageRows } from './limits.ts';
import { list, reply, type Schema, text, whole } from './schema.ts';

export const pagingQuery: Record<string, Schema> = {
  page: { ...whole(1, 1_000_000), description: 'Asks for a page, counted from 1, instead of a bare array' },
  page_size: { ...whole(1, pageRows), description: `Rows of a page (${defaultPageRows})` },
  name: text(255, 'Part of the name'),
  filter: text(255, 'The same as name'),
};

export const pagedReply = (row: Schema): Schema => ({
  anyOf: [
    list(row),
    reply({
      total: whole(0, Number.MAX_SAFE_INTEGER),
      page: whole(1, 1_000_000),
      page_size: { type: ['integer', 'null'] },
      data: list(row),
    }),
  ],
});

type Query = Record<string, string | number | boolean | undefined>;

/** Rows in creation order, or the page that was asked for, by name. */
export async function paged<R extends { name: string }>(
  records: Collection<R>,
  query: Query,
  which: ListQuery<R>,
  show: (record: R) => unknown,
): Promise<unknown> {
  const part = query.name ?? query.filter;
  const wanted: ListQuery<R> = part === undefined || part === '' ? which : { ...which, nameContains: String(part) };
  if (query.page === undefined) return (await records.list(wanted)).map(show);
  const [page, size] = [Number(query.page), Number(query.page_size ?? defaultPageRows)];
  const rows = await records.list({ ...wanted, orderBy: 'name', limit: size, offset: (page - 1) * size });
  const total = await records.count(wanted);
  return { total, page, page_size: query.page_size === undefined ? null : size, data: rows.map(show) };
}
