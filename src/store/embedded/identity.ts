// As whom the database runs. PostgreSQL refuses uid 0, so root gives it a user id that nothing else uses; no account is made. Rim file.
import { type SpawnOptions, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { errorText, Fault } from '../../base/index.ts';

export interface User {
  uid: number;
  gid: number;
}

/** How to run the database's programs. */
export interface Identity {
  kind: 'self' | 'dropped' | 'namespace';
  /** Owns the database's files; undefined leaves them ours. */
  owner: User | undefined;
  /** initdb needs a user with a name: an existing one runs it, then the files go to `owner`. */
  initialiser: User | undefined;
  command(program: string, args: string[], as: User | undefined): [string, string[], SpawnOptions];
}

/** Set aside for nobody in particular: between systemd's dynamic users (up to 65519) and `nobody` (65534), inside a container's usual map. */
const spareIds = [65_520, 65_521, 65_522, 65_523];

/**
 * Chooses, in this order: ourselves (not root); a spare user id (root who may change ids); a user namespace in which
 * we are not root (containers that forbid the former). `dataOwner` is who owns an existing database.
 * Rejects with Fault `database-forbidden` or `database-foreign`.
 */
export function chooseIdentity(dataOwner: User | undefined): Identity {
  const me = process.getuid?.();
  if (me === undefined) return asSelf;
  if (me !== 0) {
    if (dataOwner !== undefined && dataOwner.uid !== me)
      throw new Fault(
        'database-foreign',
        `the database belongs to user id ${dataOwner.uid}: start as that user or as root`,
      );
    return hasName(me) ? asSelf : inNamespace('the user has no name');
  }
  const owner = dataOwner && dataOwner.uid !== 0 ? dataOwner : spareUser();
  const trial = spawnSync('sh', ['-c', ':'], owner);
  if (trial.error === undefined && trial.status === 0) return asDropped(owner);
  return inNamespace(`changing to user id ${owner.uid}: ${trial.error ? errorText(trial.error) : 'failed'}`);
}

const asSelf: Identity = {
  kind: 'self',
  owner: undefined,
  initialiser: undefined,
  command: (program, args) => [program, args, {}],
};

const asDropped = (owner: User): Identity => ({
  kind: 'dropped',
  owner,
  initialiser: namedUser() ?? owner,
  command: (program, args, as) => [program, args, as ? { uid: as.uid, gid: as.gid } : {}],
});

/** user_namespaces(7): inside, our files seem to belong to `nobody`, which we seem to be; all capabilities go with the exec. */
function inNamespace(why: string): Identity {
  const inside = namedUser();
  const unshare = inside ? ['--user', `--map-user=${inside.uid}`, `--map-group=${inside.gid}`, '--'] : [];
  const trial = inside ? spawnSync('unshare', [...unshare, 'sh', '-c', ':']) : undefined;
  if (trial?.status !== 0) {
    const detail = trial?.error ? errorText(trial.error) : String(trial?.stderr ?? '').trim();
    throw new Fault(
      'database-forbidden',
      `the embedded database cannot run as this user (${why}; user namespace: ${detail || 'not possible'}): start as an ordinary user, or set CROSSPOINT_DATABASE_URL to a PostgreSQL of your own`,
    );
  }
  return {
    kind: 'namespace',
    owner: undefined,
    initialiser: undefined,
    command: (program, args) => ['unshare', [...unshare, program, ...args], {}],
  };
}

function hasName(uid: number): boolean {
  try {
    return userInfo().uid === uid;
  } catch {
    return false;
  }
}

interface Account extends User {
  name: string;
}

function accounts(): Account[] {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines
      .map((line) => line.split(':'))
      .flatMap(([name = '', , uid, gid]) => (uid === undefined ? [] : [{ name, uid: Number(uid), gid: Number(gid) }]));
  } catch {
    return [];
  }
}

function namedUser(): User | undefined {
  const named = accounts().filter((account) => account.uid > 0);
  const found = named.find((account) => account.name === 'nobody') ?? named[0];
  return found && { uid: found.uid, gid: found.gid };
}

function spareUser(): User {
  const taken = new Set(accounts().map((account) => account.uid));
  const uid = spareIds.find((id) => !taken.has(id)) ?? spareIds[0]!;
  return { uid, gid: uid };
}
