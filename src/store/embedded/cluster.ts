// The embedded database's files: made once, checked at every start, and freed from a server that died. Rim file.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  chmod,
  chown,
  lchown,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Fault, type Random, randomHex, sleep } from '../../base/index.ts';
import { complaintLines, orphanMs, orphanPollMs } from '../limits.ts';
import type { Identity, User } from './identity.ts';
import type { Programs } from './programs.ts';

/** Where things are. `home` belongs to the database's user; the rest of the data folder does not. */
export interface Places {
  home: string;
  data: string;
  run: string;
  passwordFile: string;
  stateFile: string;
}

export const placesIn = (dataDir: string): Places => ({
  home: join(dataDir, 'postgres'),
  data: join(dataDir, 'postgres/data'),
  run: join(dataDir, 'postgres/run'),
  passwordFile: join(dataDir, 'postgres-password'),
  stateFile: join(dataDir, 'postgres-state.json'),
});

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessMark {
  pid: number;
  started: string;
}

/** What a running server leaves for the next start, in case it cannot clean up. */
export interface State {
  server: ProcessMark;
  /** A copy of the programs, to be removed. */
  copy: string | undefined;
}

/** The programs reach `home` through a descriptor opened before they changed user: /root may be closed to them. */
export const homeDescriptor = 3;
export const inHome = (places: Places, name: string): string =>
  process.platform === 'linux' ? `/proc/self/fd/${homeDescriptor}/${name}` : join(places.home, name);

/** Undefined when there is no database yet. */
export async function dataOwner(places: Places): Promise<User | undefined> {
  const found = await stat(places.data).catch(() => undefined);
  return found && { uid: found.uid, gid: found.gid };
}

/** The database's password, made at the first start. */
export async function password(places: Places, random: Random): Promise<string> {
  const kept = await readFile(places.passwordFile, 'utf8').catch(() => undefined);
  if (kept !== undefined) return kept.trim();
  const fresh = randomHex(random, 24);
  await writeFile(places.passwordFile, `${fresh}\n`, { mode: 0o600, flag: 'wx' });
  return fresh;
}

/** Rejects with Fault `database-version` when another major version wrote the files. */
export async function checkVersion(places: Places, programs: Programs): Promise<void> {
  const written = (await readFile(join(places.data, 'PG_VERSION'), 'utf8')).trim();
  if (written === String(programs.major)) return;
  throw new Fault(
    'database-version',
    `${places.data} was written by PostgreSQL ${written}, this is PostgreSQL ${programs.major}: dump it with the old version and restore it into a new data folder`,
  );
}

/** Makes `home` and the folders in it, owned by whom the database runs as, closed to all others. */
export async function prepareHome(places: Places, owner: User | undefined): Promise<void> {
  for (const folder of [places.home, places.run]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    if (owner) await chown(folder, owner.uid, owner.gid);
  }
}

/** Runs initdb beside the final place and moves the result there, so that a half-made database is never used. */
export async function createCluster(
  places: Places,
  programs: Programs,
  identity: Identity,
  secret: string,
): Promise<void> {
  const partial = 'data.partial';
  await rm(join(places.home, partial), { recursive: true, force: true });
  await prepareHome(places, identity.initialiser);
  const secretFile = join(places.home, 'password.partial');
  await writeFile(secretFile, secret, { mode: 0o600 });
  if (identity.initialiser) await chown(secretFile, identity.initialiser.uid, identity.initialiser.gid);
  try {
    await initdb(places, programs, identity, [
      `--pgdata=${inHome(places, partial)}`,
      `--pwfile=${inHome(places, 'password.partial')}`,
      '--username=crosspoint',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--wal-segsize=4',
      '--no-instructions',
    ]);
  } finally {
    await rm(secretFile, { force: true });
  }
  if (identity.owner) await chownTree(places.home, identity.owner);
  await rename(join(places.home, partial), places.data);
}

async function initdb(places: Places, programs: Programs, identity: Identity, args: string[]): Promise<void> {
  const home = await open(places.home);
  try {
    const [file, fullArgs, options] = identity.command(join(programs.folder, 'bin/initdb'), args, identity.initialiser);
    const child = spawn(file, fullArgs, { ...options, env: programEnv, stdio: ['ignore', 'ignore', 'pipe', home.fd] });
    const complaints: string[] = [];
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaints.push(...text.split('\n').filter(Boolean));
      complaints.splice(0, complaints.length - complaintLines);
    });
    const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (status !== 0) throw new Fault('database-failed', `initdb failed: ${complaints.join(' ')}`);
  } finally {
    await home.close();
  }
}

/** Nothing of ours: neither PG* variables nor a locale that the programs do not have. */
export const programEnv = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

export async function chownTree(folder: string, { uid, gid }: User): Promise<void> {
  await lchown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await chownTree(path, { uid, gid });
    else await lchown(path, uid, gid);
  }
}

async function readState(places: Places): Promise<State | undefined> {
  try {
    return JSON.parse(await readFile(places.stateFile, 'utf8')) as State;
  } catch {
    return undefined;
  }
}

/**
 * Makes this process the one that uses the folder, and returns what a dead one left. The file appears whole or not at all.
 * Rejects with Fault `data-in-use` while another one lives.
 */
export async function claim(places: Places, dataDir: string): Promise<State | undefined> {
  const server = markOf(process.pid) ?? { pid: process.pid, started: '' };
  const mine = `${places.stateFile}.${process.pid}`;
  await writeFile(mine, JSON.stringify({ server, copy: undefined } satisfies State), { mode: 0o600 });
  try {
    const taken = await link(mine, places.stateFile).then(
      () => false,
      () => true,
    );
    if (!taken) return undefined;
    const left = await readState(places);
    refuseIfServed(left, dataDir);
    await rename(mine, places.stateFile);
    const now = await readState(places);
    if (now?.server.pid !== process.pid) refuseIfServed(now, dataDir);
    return left;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Notes the copy of the programs, which must go if this process cannot remove it. */
export async function noteCopy(places: Places, copy: string): Promise<void> {
  const state = await readState(places);
  if (state) await writeFile(places.stateFile, JSON.stringify({ ...state, copy }), { mode: 0o600 });
}

/** Undefined when there is no such process (or no /proc to ask). */
export function markOf(pid: number): ProcessMark | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : { pid, started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

const alive = (mark: ProcessMark): boolean => markOf(mark.pid)?.started === mark.started;

function refuseIfServed(state: State | undefined, dataDir: string): void {
  if (state && alive(state.server))
    throw new Fault(
      'data-in-use',
      `another server (process ${state.server.pid}) uses ${dataDir}: stop it, or set CROSSPOINT_DATA_DIR to another folder`,
    );
}

/** Waits for what a dead server left running in this data folder, and hurries it along. */
export async function endOrphans(places: Places, clock: Clock): Promise<void> {
  const deadline = clock.now() + orphanMs;
  let left = processesIn(places.data);
  for (const pid of left) signal(pid, 'SIGINT');
  while (left.length > 0) {
    if (clock.now() > deadline)
      throw new Fault(
        'data-in-use',
        `process ${left.join(', ')} still works in ${places.data} and does not end: kill it`,
      );
    if (clock.now() > deadline - orphanMs / 2) for (const pid of left) signal(pid, 'SIGQUIT');
    await sleep(clock, orphanPollMs);
    left = processesIn(places.data);
  }
  // Their process numbers may belong to other programs by now, which PostgreSQL would take for a running database.
  await rm(join(places.data, 'postmaster.pid'), { force: true });
  await rm(places.run, { recursive: true, force: true });
}

/** PostgreSQL's processes stand in their data folder. */
function processesIn(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === folder;
      } catch {
        return false;
      }
    })
    .map(Number);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}
