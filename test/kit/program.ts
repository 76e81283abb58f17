// The real program as users start it: `node src/main.ts --json`, a process of its own with its data in a temporary folder.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Hooks } from './hooks.ts';
import { alive, family, type Process } from './processes.ts';
import { until } from './until.ts';

export const root = resolve(import.meta.dirname, '../..');

/** A start on a machine that is busy with other things may take this long; a healthy one takes about a second. */
const startMs = 60_000;

/** The line that `--json` prints. */
export interface Ready {
  http: string;
  sip: { udp: string; tcp: string };
  account_sid: string;
  account_api_key: string;
  service_provider_sid: string;
  sp_api_key: string;
  admin_api_key: string;
  sip_realm: string;
}

export interface ProgramOptions {
  /** Kept after the end when given; a temporary one is made, and removed, otherwise. */
  dataDir?: string;
  env?: Record<string, string>;
  /** Folder of the checkout. */
  cwd?: string;
  /** Instead of `node src/main.ts --json`. */
  command?: readonly string[];
}

export interface Reply {
  status: number;
  /** Parsed when it is JSON. */
  body: unknown;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** From the signal to the end. */
  ms: number;
}

/** Settings that take any free port, with all that the caller's own environment says about the program left out. */
export function programEnv(dataDir: string, more: Record<string, string> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(CROSSPOINT_|JAMBONES_|NODE_(OPTIONS|TEST)|npm_(package|lifecycle))/.test(name),
  );
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    CROSSPOINT_DATA_DIR: dataDir,
    CROSSPOINT_HTTP_PORT: '0',
    CROSSPOINT_SIP_PORT: '0',
    CROSSPOINT_RTP_PORT_MIN: '0',
    CROSSPOINT_RTP_PORT_MAX: '0',
    CROSSPOINT_DEV: '1',
    ...more,
  };
}

export class Program {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly #temporary: boolean;
  readonly #exited: Promise<void>;
  stdout = '';
  stderr = '';
  #ready: Ready | undefined;

  constructor({
    dataDir,
    env = {},
    cwd = root,
    command = [process.execPath, 'src/main.ts', '--json'],
  }: ProgramOptions) {
    this.#temporary = dataDir === undefined;
    this.dataDir = dataDir ?? join(mkdtempSync(join(tmpdir(), 'crosspoint-program-')), 'data');
    const [file, ...args] = command;
    this.child = spawn(file!, args, {
      cwd,
      env: programEnv(this.dataDir, env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#exited = once(this.child, 'close').then(() => {});
    process.once('exit', this.kill);
  }

  /** Ends what is left of it at once: a test that dies must not leave a server behind. */
  readonly kill = (): void => {
    process.off('exit', this.kill);
    for (const { pid } of this.child.exitCode === null && this.child.signalCode === null ? family(this.pid) : [])
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended with its parent.
      }
  };

  get pid(): number {
    return this.child.pid!;
  }

  get ready(): Ready {
    assert.ok(this.#ready, 'the program is not ready');
    return this.#ready;
  }

  get sipPort(): number {
    return Number(this.ready.sip.udp.split(':').at(-1));
  }

  /** Waits for the line that says where it is. */
  async started(withinMs = startMs): Promise<this> {
    await until(() => this.stdout.includes('\n') || this.child.exitCode !== null, {
      what: () => `the program to be ready: ${this.stderr}`,
      withinMs,
    }).catch((error) => {
      this.kill();
      throw error;
    });
    assert.equal(this.child.exitCode, null, `it ended at once: ${this.stderr}`);
    this.#ready = JSON.parse(this.stdout) as Ready;
    return this;
  }

  /** The program and all that it started. */
  processes(): Process[] {
    return family(this.pid);
  }

  async exit(): Promise<Ended> {
    const from = performance.now();
    await this.#exited;
    process.off('exit', this.kill);
    return { code: this.child.exitCode, signal: this.child.signalCode, ms: performance.now() - from };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.child.kill(signal);
    return this.exit();
  }

  /** Stops it politely; fails when it leaves anything behind. */
  async end(): Promise<void> {
    const processes = this.child.exitCode === null ? this.processes() : [];
    const ended =
      this.child.exitCode === null && this.child.signalCode === null ? await this.stop() : await this.exit();
    this.removeData();
    assert.deepEqual([ended.code, ended.signal], [0, null], this.stderr);
    assert.deepEqual(processes.filter(alive), [], 'processes were left behind');
  }

  removeData(): void {
    if (this.#temporary) rmSync(resolve(this.dataDir, '..'), { recursive: true, force: true });
  }

  /** A request to the REST API, with the account's key unless another is given. `path` begins below /v1. */
  async api(method: string, path: string, body?: unknown, key = this.ready.account_api_key): Promise<Reply> {
    const response = await fetch(`${this.ready.http}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
    };
  }

  /** An application whose hooks are `/` and `/status` of these; answers its application_sid. */
  async application(hooks: Pick<Hooks, 'origin'>, more: Record<string, unknown> = {}): Promise<string> {
    const hook = (path: string) => ({ url: hooks.origin + path, method: 'POST' });
    const { status, body } = await this.api('POST', '/Applications', {
      name: `test ${hooks.origin} ${applications++}`,
      account_sid: this.ready.account_sid,
      call_hook: hook('/'),
      call_status_hook: hook('/status'),
      ...more,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return (body as { sid: string }).sid;
  }

  calls = (sid?: string): string => `/Accounts/${this.ready.account_sid}/Calls${sid === undefined ? '' : `/${sid}`}`;

  /** Changes a live call. */
  update(callSid: string, body: unknown, wait = false): Promise<Reply> {
    return this.api('PUT', `${this.calls(callSid)}${wait ? '?wait=true' : ''}`, body);
  }

  /** Places a call; answers its call_sid. */
  async place(body: Record<string, unknown>): Promise<string> {
    const { status, body: created } = await this.api('POST', this.calls(), { from: '15551234567', ...body });
    assert.equal(status, 201, JSON.stringify(created));
    return (created as { sid: string }).sid;
  }
}

let applications = 0;

export const startProgram = (options: ProgramOptions = {}): Promise<Program> => new Program(options).started();
