// Embedded PostgreSQL: a real one from npm, in the data folder, reached through a socket there. Rim file.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, errorText, Fault, isFault, type Log, type Random } from '../base/index.ts';
import * as cluster from './embedded/cluster.ts';
import { chooseIdentity, type Identity } from './embedded/identity.ts';
import { installedPrograms, openToAll, type Programs, reachableCopy, removeCopy } from './embedded/programs.ts';
import { complaintLines, poolConnections, restartMs, startMs, stopMs } from './limits.ts';

export interface EmbeddedOptions {
  /** Absolute. Created with mode 700 when missing. */
  dataDir: string;
  log: Log;
  clock: Clock;
  random: Random;
}

export interface Embedded {
  /** For postgresRecords; good in this process only when the folder's path is long. */
  url: string;
  /** The database's first process and the one that watches us, for measuring. */
  readonly pids: number[];
  /** Fast shutdown; nothing is left running. */
  stop(): Promise<void>;
}

/** Small: the records of a node are few, and it shares the machine with the calls. Lost durability is not among the savings. */
const settings: Record<string, string | number> = {
  listen_addresses: '',
  max_connections: poolConnections + 8,
  superuser_reserved_connections: 1,
  shared_buffers: '16MB',
  huge_pages: 'off',
  io_method: 'sync',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '64MB',
  min_wal_size: '16MB',
  max_worker_processes: 0,
  max_parallel_workers: 0,
  max_logical_replication_workers: 0,
  autovacuum_max_workers: 1,
  autovacuum_naptime: '5min',
  bgwriter_lru_maxpages: 0,
  checkpoint_timeout: '15min',
  log_checkpoints: 'off',
  log_line_prefix: '',
  cluster_name: 'crosspoint',
};

/**
 * Starts the database of this data folder, making it first when there is none (0.7 s, else 0.1 s).
 * Rejects with Fault `database-forbidden`, `database-unsupported`, `database-version`, `database-foreign`,
 * `database-failed` or `data-in-use`; the message says what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const places = cluster.placesIn(dataDir);
  const left = await cluster.claim(places, dataDir);
  let database: Database | undefined;
  try {
    if (left?.copy !== undefined) await removeCopy(left.copy);
    const identity = chooseIdentity(await cluster.dataOwner(places));
    const programs = await usablePrograms(identity, places);
    database = new Database({ ...options, places, programs, identity });
    const secret = await cluster.password(places, options.random);
    await prepare(places, programs, identity, { secret, clock: options.clock });
    await database.start();
    return await serving(database, secret);
  } catch (error) {
    await (database ? database.stop() : rm(places.stateFile, { force: true }));
    throw error;
  }
}

const serving = async (database: Database, secret: string): Promise<Embedded> => ({
  url: await database.url(secret),
  get pids() {
    return database.pids;
  },
  stop: () => database.stop(),
});

async function usablePrograms(identity: Identity, places: cluster.Places): Promise<Programs> {
  const installed = await installedPrograms();
  const { owner } = identity;
  if (owner === undefined || (await openToAll(installed.folder))) return installed;
  try {
    const copy = await reachableCopy(installed, owner.uid, owner.gid);
    await cluster.noteCopy(places, copy.folder);
    return copy;
  } catch (error) {
    throw forbidden(error);
  }
}

const forbidden = (error: unknown): Fault =>
  new Fault(
    'database-forbidden',
    `the embedded database cannot run here: ${errorText(error)}; set CROSSPOINT_DATABASE_URL to a PostgreSQL of your own`,
    { cause: error },
  );

interface PrepareOptions {
  secret: string;
  clock: Clock;
}

async function prepare(
  places: cluster.Places,
  programs: Programs,
  identity: Identity,
  { secret, clock }: PrepareOptions,
): Promise<void> {
  const owner = await cluster.dataOwner(places);
  if (owner === undefined) {
    await cluster.createCluster(places, programs, identity, secret);
  } else {
    await cluster.checkVersion(places, programs);
    await cluster.endOrphans(places, clock);
    await cluster.prepareHome(places, identity.owner);
    if (identity.owner && owner.uid !== identity.owner.uid) await cluster.chownTree(places.home, identity.owner);
  }
}

interface DatabaseOptions extends EmbeddedOptions {
  places: cluster.Places;
  programs: Programs;
  identity: Identity;
}

/** The running database: its process, the watcher that ends it when this process dies, and its restart when it dies itself. */
class Database {
  readonly #o: DatabaseOptions;
  #home: Awaited<ReturnType<typeof open>> | undefined;
  #process: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;
  #stopping: Promise<void> | undefined;
  #pause: number = restartMs[0];

  constructor(options: DatabaseOptions) {
    this.#o = options;
  }

  get pids(): number[] {
    return [this.#process?.pid, this.#watcher?.pid].filter((pid) => pid !== undefined);
  }

  async url(secret: string): Promise<string> {
    // unix(7): a socket's path has at most 107 bytes.
    const run = this.#o.places.run;
    const fits = Buffer.byteLength(join(run, '.s.PGSQL.5432')) <= 107;
    const folder = fits || process.platform !== 'linux' ? run : `/proc/self/fd/${this.#home!.fd}/run`;
    return `postgres://crosspoint:${secret}@localhost:5432/postgres?host=${encodeURIComponent(folder)}`;
  }

  async start(): Promise<void> {
    const { places, identity, programs, clock } = this.#o;
    this.#home ??= await open(places.home);
    const all = { ...settings, unix_socket_directories: cluster.inHome(places, 'run') };
    const args = ['-D', cluster.inHome(places, 'data')];
    for (const [name, value] of Object.entries(all)) args.push('-c', `${name}=${value}`);
    const [file, fullArgs, options] = identity.command(join(programs.folder, 'bin/postgres'), args, identity.owner);
    // A session of its own: the terminal's Ctrl-C is for the server, which stops the database last.
    const child = spawn(file, fullArgs, {
      ...options,
      detached: true,
      env: cluster.programEnv,
      stdio: ['ignore', 'ignore', 'pipe', this.#home.fd],
    });
    this.#process = child;
    try {
      await this.#ready(child, clock);
    } catch (error) {
      child.kill('SIGQUIT');
      this.#process = undefined;
      throw error;
    }
    this.#watch(child);
    child.once('exit', (code, signal) => this.#onExit(child, code ?? signal));
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Resolves when connections are taken. */
  #ready(child: ChildProcess, clock: Clock): Promise<void> {
    const said: string[] = [];
    return new Promise((resolve, reject) => {
      const fail = (why: string, cause?: unknown): void => {
        timer.cancel();
        reject(new Fault('database-failed', `the embedded database does not start: ${why}`, { cause }));
      };
      const timer = clock.after(startMs, () => fail(`not ready after ${startMs} ms: ${said.join(' ')}`));
      child.once('error', (error) => fail(errorText(error), error));
      child.once('exit', (code, signal) => fail(`it ended (${code ?? signal}): ${said.join(' ')}`));
      lines(child, (line) => {
        this.#log(line);
        said.push(line);
        said.splice(0, said.length - complaintLines);
        if (!line.includes('database system is ready to accept connections')) return;
        timer.cancel();
        resolve();
      });
    });
  }

  /** A shell that waits for the end of our life (its input closes) and then asks the database to end. 0.3 MB. */
  #watch(child: ChildProcess): void {
    const { identity } = this.#o;
    const user = identity.owner ? { uid: identity.owner.uid, gid: identity.owner.gid } : {};
    const script = 'read -r _; kill -INT "$1"';
    const watcher = spawn('/bin/sh', ['-c', script, 'crosspoint-database-watch', String(child.pid)], {
      ...user,
      detached: true,
      env: cluster.programEnv,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    watcher.on('error', (error) => this.#o.log.error('nobody watches the database', { error: errorText(error) }));
    watcher.stdin!.on('error', () => {});
    this.#watcher = watcher;
  }

  #onExit(child: ChildProcess, how: number | string | null): void {
    if (child !== this.#process) return;
    this.#watcher?.kill('SIGKILL');
    this.#process = this.#watcher = undefined;
    if (this.#stopping) return;
    this.#o.log.error('the embedded database ended; it is started again', { how });
    this.#restart();
  }

  #restart(): void {
    const pause = this.#pause;
    this.#pause = Math.min(pause * 2, restartMs[1]);
    this.#o.clock.after(pause, () => {
      if (this.#stopping) return;
      this.start().then(
        () => {
          this.#pause = restartMs[0];
        },
        (error) => {
          this.#o.log.error(isFault(error) ? error.message : 'the embedded database does not start', {
            error: errorText(error),
          });
          this.#restart();
        },
      );
    });
  }

  async #stop(): Promise<void> {
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // The watcher is the database's own user and may signal it where we may not.
      if (this.#watcher) this.#watcher.stdin!.end();
      else child.kill('SIGINT');
      const harder = this.#o.clock.after(stopMs, () => child.kill('SIGQUIT'));
      const hardest = this.#o.clock.after(2 * stopMs, () => child.kill('SIGKILL'));
      await ended;
      harder.cancel();
      hardest.cancel();
    }
    await this.#release();
  }

  async #release(): Promise<void> {
    await this.#home?.close();
    this.#home = undefined;
    await removeCopy(this.#o.programs.folder);
    await rm(this.#o.places.stateFile, { force: true });
  }

  #log(line: string): void {
    const { log } = this.#o;
    const [, severity = 'LOG', text = line] = /^([A-Z]+): +(.*)$/.exec(line) ?? [];
    if (/^(PANIC|FATAL)$/.test(severity)) log.warn(`database: ${text}`);
    else log.debug(`database: ${text}`, { severity });
  }
}

/** What a child writes to standard error, line by line; an endless line is cut. */
function lines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = (parts.pop() ?? '').slice(0, 4096);
    for (const line of parts) onLine(line);
  });
}
