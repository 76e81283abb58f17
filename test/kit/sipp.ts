// SIPp: runs a scenario of test/interop/sipp against the program, or waits as one for the program's calls.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const scenarios = resolve(import.meta.dirname, '../interop/sipp');
/** SIPp gives up after this long. */
const patienceS = 50;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface SippRun {
  /** Number of the port it listens on. */
  port: number;
  /** Resolves with 0 when all calls went as the scenario says; the text tells what did not. */
  done: Promise<{ code: number | null; said: string }>;
}

export interface SippOptions {
  scenario: string;
  transport?: 'udp' | 'tcp';
  /** SIP port of the program, and the user to call: for scenarios that call. */
  target?: { port: number; user: string };
  calls?: number;
  perSecond?: number;
  /** What the scenario has in square brackets; SIPp's own `-key` works in texts to send only. */
  keys?: Record<string, string>;
}

/** Starts it; for a scenario that waits, resolves when it listens. */
export async function startSipp(options: SippOptions): Promise<SippRun> {
  const { scenario, transport = 'udp', target, calls = 1, perSecond = 10, keys = {} } = options;
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-sipp-'));
  const file = join(folder, 'scenario.xml');
  const errors = join(folder, 'errors.log');
  const text = readFileSync(join(scenarios, `${scenario}.xml`), 'utf8');
  writeFileSync(
    file,
    text.replace(/\[(\w+)\]/g, (given, name: string) => keys[name] ?? given),
  );
  const port = await freePort();
  const media = await freePort();
  const args = [
    ...['-sf', file, '-nostdin', '-m', String(calls), '-r', String(perSecond)],
    ...['-i', '127.0.0.1', '-p', String(port), '-t', transport === 'tcp' ? 't1' : 'u1'],
    ...['-mi', '127.0.0.1', '-mp', String(media)],
    ...['-timeout', `${patienceS}s`, '-timeout_error', '-trace_err', '-error_file', errors],
    ...(target ? ['-s', target.user, `127.0.0.1:${target.port}`] : []),
  ];
  const child = spawn('sipp', args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TERM: 'dumb' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
  running.add(child);
  const done = ended(child).then((code) => {
    running.delete(child);
    const wrong = existsSync(errors) ? readFileSync(errors, 'utf8').slice(0, 4_000) : said;
    rmSync(folder, { recursive: true, force: true });
    return { code, said: code === 0 ? '' : `${scenario} over ${transport}: ${wrong}` };
  });
  if (!target) await listening(port, transport);
  return { port, done };
}

export const runSipp = async (options: SippOptions): Promise<{ code: number | null; said: string }> =>
  (await startSipp(options)).done;

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

/** It listens once its port is in the kernel's table; binding it to see would be in its way. */
async function listening(port: number, transport: 'udp' | 'tcp'): Promise<void> {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  await until(() => readFileSync(`/proc/net/${transport}`, 'latin1').includes(hex), { what: `SIPp on port ${port}` });
}
