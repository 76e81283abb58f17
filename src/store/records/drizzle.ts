// drizzle-orm, loaded as CommonJS: for each of its 150 ES modules Node would parse the package's 130 kB of `exports`, 0.5 s and 160 MB in all.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { drizzle } = require('drizzle-orm/node-postgres') as typeof import('drizzle-orm/node-postgres');
export const { and, asc, eq, getTableColumns, inArray, isNull, sql } =
  require('drizzle-orm') as typeof import('drizzle-orm');
export const { boolean, customType, jsonb, pgTable, text, uuid } =
  require('drizzle-orm/pg-core') as typeof import('drizzle-orm/pg-core');
