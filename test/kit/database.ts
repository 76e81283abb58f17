// A PostgreSQL for tests: the embedded one in a temporary folder, one for each test file.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { realClock, realRandom, silentLog } from '../../src/base/index.ts';
import { postgresRecords, type Records, startEmbedded } from '../../src/store/index.ts';

export interface TestDatabase {
  url: string;
  /** An empty store on it; closes with the database. */
  records: Records;
  /** Removes all records. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'crosspoint-test-'));
  const log = silentLog;
  const embedded = await startEmbedded({ dataDir, log, clock: realClock(), random: realRandom() });
  const records = await postgresRecords({ url: embedded.url, log });
  const client = new pg.Client({ connectionString: embedded.url });
  await client.connect();
  return {
    url: embedded.url,
    records,
    empty: async () => {
      await client.query('truncate service_providers cascade');
      await client.query('truncate users');
    },
    close: async () => {
      await client.end();
      await records.close();
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
