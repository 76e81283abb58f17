// The server under measurement: the real program in a process of its own, with its own data folder and ports.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { commandOf, descendants, pssKb, rssKb } from './processes.ts';

const root = resolve(import.meta.dirname, '../..');
const longestStartMs = 60_000;

interface Ready {
  http: string;
  sip: { udp: string };
  account_sid: string;
  account_api_key: string;
}

export interface ServerOptions {
  dataDir: string;
  /** Node's options. */
  nodeOptions?: string[];
  /** In place of `node src/main.ts --json`. */
  command?: string[];
}

export interface Memory {
  pssKb: number;
  rssKb: number;
}

export class Server {
  readonly ready: Ready;
  readonly readyMs: number;
  /** The process that answers; below npm where npm started it. */
  readonly main: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  constructor({
    child,
    ready,
    readyMs,
    logFile,
  }: { child: ChildProcess; ready: Ready; readyMs: number; logFile: string }) {
    this.#child = child;
    this.#logFile = logFile;
    this.ready = ready;
    this.readyMs = readyMs;
    const family = [child.pid!, ...descendants(child.pid!)];
    this.main = family.find((pid) => /src\/main\.ts/.test(commandOf(pid)) && !/npm|\bsh\b/.test(commandOf(pid)))!;
  }

  /** Asked for anew each time: one that dies has a successor. */
  get workers(): number[] {
    return descendants(this.main).filter(isWorker);
  }

  get database(): number[] {
    return descendants(this.main).filter((pid) => !isWorker(pid));
  }

  /** Of the main process and its workers, with the database where asked. */
  memory({ database = false } = {}): Memory {
    const pids = [this.main, ...this.workers, ...(database ? this.database : [])];
    const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);
    return { pssKb: sum(pssKb), rssKb: sum(rssKb) };
  }

  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.ready.http}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.ready.account_api_key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
  }

  /** SIP user of a new application whose webhook this is. */
  async application(origin: string): Promise<string> {
    const hook = (path: string) => ({ url: origin + path, method: 'POST' });
    const { sid } = (await this.api('POST', '/Applications', {
      name: `bench ${performance.now()}`,
      account_sid: this.ready.account_sid,
      call_hook: hook('/prompt'),
      call_status_hook: hook('/status'),
    })) as { sid: string };
    return `app-${sid}`;
  }

  async metrics(): Promise<Record<string, number>> {
    const text = await (await fetch(`${this.ready.http}/metrics`)).text();
    return Object.fromEntries(
      [...text.matchAll(/^(\w+) ([\d.e+-]+)$/gm)].map(([, name, value]) => [name, Number(value)]),
    );
  }

  /** The heap of main process and workers after all garbage is gone, bytes; needs `collecting`. */
  async heap(): Promise<number> {
    const from = readFileSync(this.#logFile, 'utf8').length;
    const pids = [this.main, ...this.workers];
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    for (let i = 0; i < 100; i++) {
      await sleep(50);
      const said = readFileSync(this.#logFile, 'utf8').slice(from);
      const found = pids.map((pid) => new RegExp(`{"collected":${pid},"heapUsed":(\\d+)`).exec(said)?.[1]);
      if (found.every((one) => one !== undefined)) return found.reduce((sum, one) => sum + Number(one), 0);
    }
    throw new Error('the server did not say how large its heap is');
  }

  /** Milliseconds to the exit. */
  async stop(): Promise<number> {
    const from = performance.now();
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    return performance.now() - from;
  }
}

const isWorker = (pid: number): boolean => /worker\.ts/.test(commandOf(pid));

export const collecting = ['--expose-gc', '--import', resolve(root, 'bench/collect.ts')];

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export async function startServer({ dataDir, nodeOptions = [], command }: ServerOptions): Promise<Server> {
  const [file, ...args] = command ?? [process.execPath, ...nodeOptions, 'src/main.ts', '--json'];
  const logFile = `${dataDir}.log`;
  const log = openSync(logFile, 'a');
  const from = performance.now();
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CROSSPOINT|JAMBONES|NODE_OPTIONS|npm_)/.test(name),
  );
  const child = spawn(file!, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', log],
    env: {
      ...Object.fromEntries(inherited),
      CROSSPOINT_DATA_DIR: dataDir,
      CROSSPOINT_HTTP_PORT: '0',
      CROSSPOINT_SIP_PORT: '0',
      CROSSPOINT_DEV: '1',
      CROSSPOINT_MEDIA_WORKERS: '1',
    },
  });
  closeSync(log);
  const line = await new Promise<string>((resolveLine, reject) => {
    const late = setTimeout(() => reject(new Error('the server was not ready in time')), longestStartMs);
    child.stdout!.setEncoding('utf8').once('data', (text: string) => {
      clearTimeout(late);
      resolveLine(text);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}; see its log, ${logFile}`)));
  });
  child.removeAllListeners('exit');
  return new Server({ child, ready: JSON.parse(line) as Ready, readyMs: performance.now() - from, logFile });
}
