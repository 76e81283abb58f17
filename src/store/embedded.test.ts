// The embedded database: made once, closed to others, never left behind, and back after every way to die.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { aServiceProvider } from '../../test/kit/records.ts';
import { isFault, realClock, realRandom, silentLog, sleep } from '../base/index.ts';
import { markOf } from './embedded/cluster.ts';
import { installedPrograms, openToAll, reachableCopy, removeCopy } from './embedded/programs.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { postgresRecords } from './index.ts';

const clock = realClock();
const log = silentLog;
const root = await mkdtemp(join(tmpdir(), 'crosspoint-embedded-'));
after(() => rm(root, { recursive: true, force: true }));

const start = (dataDir: string): Promise<Embedded> => startEmbedded({ dataDir, log, clock, random: realRandom() });

const fault = (code: string) => (error: unknown) => {
  assert.ok(isFault(error), String(error));
  assert.equal(error.code, code);
  return true;
};

/** Alive, and not a zombie that its new parent has yet to collect. */
const running = (pid: number): boolean => markOf(pid) !== undefined;

async function allGone(pids: number[]): Promise<void> {
  const deadline = clock.now() + 10_000;
  while (pids.some(running)) {
    assert.ok(clock.now() < deadline, `still running: ${pids.filter(running)}`);
    await sleep(clock, 20);
  }
}

/** Starts the database of the folder named in its argument, prints its processes, and stays. */
const otherScript = `
import { realClock, realRandom, silentLog } from '${new URL('../base/index.ts', import.meta.url)}';
import { startEmbedded } from '${new URL('./embedded.ts', import.meta.url)}';
const { pids } = await startEmbedded({ dataDir: process.argv[1], log: silentLog, clock: realClock(), random: realRandom() });
process.stdout.write(JSON.stringify({ pids }));
setInterval(() => {}, 60_000);
`;

/** A server of its own, as another process. */
async function otherServer(dataDir: string): Promise<{ child: ChildProcess; pids: number[] }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', otherScript, dataDir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [text] = await Promise.race([
    once(child.stdout!.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(() => ['']),
  ]);
  if (!text) throw new Error('it did not start');
  return { child, pids: (JSON.parse(text) as { pids: number[] }).pids };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** The store opens and has this many service providers. */
async function providers(url: string): Promise<number> {
  const records = await postgresRecords({ url, log });
  try {
    return await records.serviceProviders.count();
  } finally {
    await records.close();
  }
}

test('records survive a restart; nothing runs after stop; nobody else can enter', async () => {
  const dataDir = join(root, 'one');
  const first = await start(dataDir);
  const records = await postgresRecords({ url: first.url, log });
  await records.serviceProviders.insert(aServiceProvider());
  await records.close();
  const pids = first.pids;
  assert.equal(pids.length, 2);
  await Promise.all([first.stop(), first.stop()]);
  assert.deepEqual(pids.filter(running), []);
  assert.deepEqual((await readdir(dataDir)).sort(), ['postgres', 'postgres-password']);
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
  assert.equal((await stat(join(dataDir, 'postgres'))).mode & 0o777, 0o700);
  assert.equal((await stat(join(dataDir, 'postgres-password'))).mode & 0o777, 0o600);

  const second = await start(dataDir);
  assert.equal(await providers(second.url), 1);
  await assert.rejects(start(dataDir), fault('data-in-use'));
  assert.equal(await providers(second.url), 1, 'the refused start did not disturb it');
  await second.stop();
});

test('of several that start at the same moment one gets the folder, the others are refused', async () => {
  const dataDir = join(root, 'at-once');
  const results = await Promise.allSettled([otherServer(dataDir), otherServer(dataDir), start(dataDir)]);
  const served = results.filter((result) => result.status === 'fulfilled');
  assert.equal(served.length, 1);
  const [{ value }] = served as [PromiseFulfilledResult<Embedded | { child: ChildProcess; pids: number[] }>];
  if ('child' in value) await kill(value.child);
  else await value.stop();
  await allGone(value.pids);
});

test('a killed server takes its database along, and the next start recovers', async () => {
  const dataDir = join(root, 'killed');
  const { child, pids } = await otherServer(dataDir);
  await assert.rejects(start(dataDir), fault('data-in-use'));
  await kill(child);
  const next = await start(dataDir);
  assert.equal(await providers(next.url), 0);
  await allGone(pids);
  await next.stop();
});

test('a database left alone, with its watcher killed too, is ended by the next start', async () => {
  const dataDir = join(root, 'orphan');
  const { child, pids } = await otherServer(dataDir);
  const [database, watcher] = pids as [number, number];
  process.kill(watcher, 'SIGKILL');
  await kill(child);
  assert.ok(running(database));
  const next = await start(dataDir);
  assert.equal(await providers(next.url), 0);
  await allGone(pids);
  await next.stop();
});

test('everything killed at once: the next start recovers', async () => {
  const dataDir = join(root, 'all-killed');
  const { child, pids } = await otherServer(dataDir);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await kill(child);
  const next = await start(dataDir);
  assert.equal(await providers(next.url), 0);
  await next.stop();
});

test('a database that dies is started again, at the same address', async () => {
  const embedded = await start(join(root, 'dies'));
  const [database] = embedded.pids as [number, number];
  process.kill(database, 'SIGKILL');
  const deadline = clock.now() + 15_000;
  while (embedded.pids[0] === database || embedded.pids.length < 2) {
    assert.ok(clock.now() < deadline);
    await sleep(clock, 20);
  }
  assert.equal(await providers(embedded.url), 0);
  await embedded.stop();
});

test('an interrupted creation is begun again', async () => {
  const dataDir = join(root, 'interrupted');
  await mkdir(join(dataDir, 'postgres/data.partial'), { recursive: true });
  await writeFile(join(dataDir, 'postgres/data.partial/PG_VERSION'), '18\n');
  const embedded = await start(dataDir);
  assert.equal(await providers(embedded.url), 0);
  await embedded.stop();
});

test('a path longer than a socket may have works', async () => {
  const embedded = await start(join(root, 'long', 'x'.repeat(120)));
  assert.equal(await providers(embedded.url), 0);
  await embedded.stop();
});

test('files of another major version are refused with what to do', async () => {
  const dataDir = join(root, 'version');
  await (await start(dataDir)).stop();
  await writeFile(join(dataDir, 'postgres/data/PG_VERSION'), '17\n');
  await assert.rejects(start(dataDir), (error: unknown) => {
    assert.ok(isFault(error));
    assert.match(error.message, /PostgreSQL 17.*PostgreSQL 18.*dump/);
    return true;
  });
});

test('programs in a closed folder are put where another user can run them', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async () => {
  const programs = await installedPrograms();
  const closed = join(root, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const copy = await reachableCopy(programs, 65_521, 65_521);
  assert.ok(await openToAll(copy.folder));
  const run = spawnSync(join(copy.folder, 'bin/postgres'), ['--version'], { uid: 65_521, gid: 65_521 });
  assert.match(String(run.stdout), /PostgreSQL\) 18/);
  await chmod(copy.folder, 0o700);
  assert.equal(await openToAll(copy.folder), false);
  await removeCopy(copy.folder);
  await assert.rejects(stat(copy.folder), { code: 'ENOENT' });
});
