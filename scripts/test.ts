// npm test: every test, or the files that are named. Usage: npm test -- [--all] [--only-fast] [file or folder ...]
//   --all        print every test, not one line a file
//   --only-fast  leave out test/interop, which calls real phones and takes its time

import { globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ensureDebianPackages } from './debian.ts';
import { stolenMeter } from './stolen.ts';

/** One test may take this long: a busy two-core machine, ten times what the longest needs. */
const testTimeoutMs = 300_000;
/** Silence after which the files under way count as stuck: longer than the longest test may take. */
const silenceMs = testTimeoutMs + 60_000;
/** Test files at a time. */
const concurrency = Math.min(2, availableParallelism());

/** Files named in the end, as they took longest. */
const slowest = 10;

type TestEvent = { type: string; data: Record<string, unknown> };
/** What a file came to. */
interface Result {
  /** From the root; undefined for a whole run. */
  file: string | undefined;
  counts: Counts;
  durationMs: number;
}
type Counts = Record<'tests' | 'suites' | 'passed' | 'failed' | 'cancelled' | 'skipped' | 'todo', number>;

const root = resolve(import.meta.dirname, '..');
const options = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const named = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const unknown = options.find((option) => option !== '--all' && option !== '--only-fast');
if (unknown) {
  console.error(`unknown option ${unknown}; there are --all and --only-fast`);
  process.exit(2);
}
const files = findFiles();
if (files.length === 0) {
  console.error(`no test file in ${named.join(', ') || 'src, test'}`);
  process.exit(2);
}
if (!ensureDebianPackages()) process.exit(2);
// Each test file is a process, and so is each server that it starts: stripping types and compiling would be half of what most of them take.
process.env.NODE_COMPILE_CACHE ??= resolve(root, 'node_modules/.compile-cache');

function findFiles(): string[] {
  const patterns = named.length === 0 ? ['{src,scripts,test}/**/*.test.ts'] : named.map(patternOf);
  const all = new Set(patterns.flatMap((pattern) => globSync(pattern, { cwd: root })));
  return [...all].filter((file) => !options.includes('--only-fast') || !isInterop(file)).sort();
}

function patternOf(name: string): string {
  const path = relative(root, resolve(name));
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ? `${path}/**/*.test.ts` : path;
}

function isInterop(file: string): boolean {
  return file.startsWith('test/interop/');
}

/** Real calls whose time or sound is measured finely: these files run one after the other, and nothing beside them. */
const alone = /^test\/(interop\/(live-b|independent-ua|audio-stream)|robustness\/flood)/;
/** Real calls that mostly wait, and are judged with patience: one more at a time than there are cores. */
const patient = /^test\/interop\/(live-[^b]|baresip|sipp|isolation|recognition|audio-files|apps-|sdk-|rest-)/;
/** They only compute, on the virtual clock: beside those that wait, with what these leave of the processor. */
const yielding = /^test\/rehearsals\//;
/** A file of these that fails while the host keeps more of the cores than this (%) from the machine is judged once more. */
const stolenPercent = 0.3;
/** What takes long begins first, so that no core idles at the end. */
const long = /^test\/(interop|robustness|check)/;

/** With all cores at work, threads that collect garbage side by side cost a tenth more than they save. */
const thrifty = ['--single-threaded-gc'];
const lowPriority = `--import=${resolve(import.meta.dirname, 'low-priority.ts')}`;

/** Files that run so many at a time. */
interface Lane {
  files: string[];
  concurrency: number;
  execArgv?: string[];
  /** What is measured is a matter of milliseconds. */
  fine?: boolean;
}

/** Lanes that run side by side; then the next ones. */
function stages(): Lane[][] {
  const of = (...patterns: RegExp[]): string[] =>
    files.filter((file) => patterns.some((pattern) => pattern.test(file)));
  const others = files.filter((file) => ![alone, patient, yielding].some((pattern) => pattern.test(file)));
  const computing = of(yielding);
  const beside = (files: string[]): Lane => ({ files, concurrency: 1, execArgv: [...thrifty, lowPriority] });
  const lanes: Lane[][] = [
    [
      { files: others.sort((a, b) => Number(long.test(b)) - Number(long.test(a))), concurrency, execArgv: thrifty },
      beside(computing.filter((_, i) => i % 2 === 0)),
    ],
    [{ files: of(patient), concurrency: concurrency + 1 }, beside(computing.filter((_, i) => i % 2 === 1))],
    [{ files: of(alone), concurrency: 1, fine: true }],
  ];
  return lanes.map((stage) => stage.filter((lane) => lane.files.length > 0));
}

async function report(): Promise<void> {
  const started = performance.now();
  const total: Counts = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0 };
  const times: { file: string; durationMs: number }[] = [];
  const note = ({ file, counts, durationMs }: Result): void => {
    if (file !== undefined) times.push({ file, durationMs });
    else for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
  };
  async function* events(): AsyncGenerator<TestEvent> {
    for (const stage of stages()) {
      const lanes = stage.map((lane) => (lane.fine ? finely(lane, note) : perFile(runLane(lane), note)));
      for await (const batch of sideBySide(lanes)) yield* batch;
    }
    if (times.length > slowest) yield line(slowestOf(times));
    yield* summary(total, performance.now() - started);
  }
  await pipeline(Readable.from(events()), new spec(), process.stdout, { end: false });
  if (total.failed + total.cancelled > 0) process.exitCode = 1;
}

function runLane({ files, concurrency, execArgv = [] }: Lane): AsyncGenerator<TestEvent> {
  const patience = new Patience();
  const { signal } = patience;
  const paths = files.map((file) => resolve(root, file));
  const stream = run({ files: paths, concurrency, execArgv, timeout: testTimeoutMs, cwd: root, signal });
  return patience.watch(stream as AsyncIterable<TestEvent>);
}

/** File by file. Where the host stood in the way, a failure says nothing, and the file is run again; the second time counts. */
async function* finely(lane: Lane, note: (result: Result) => void): AsyncGenerator<TestEvent[]> {
  for (const file of lane.files) {
    for (const last of [false, true]) {
      const stolen = stolenMeter();
      const results: Result[] = [];
      const batches: TestEvent[][] = [];
      const judged = perFile(runLane({ ...lane, files: [file] }), (result) => results.push(result));
      for await (const batch of judged) batches.push(batch);
      const failed = results.some(({ counts }) => counts.failed + counts.cancelled > 0);
      const share = stolen();
      if (failed && !last && share > stolenPercent) {
        yield [line(`${file} failed while the host kept ${share.toFixed(1)} % of the cores for others: once more\n`)];
        continue;
      }
      for (const result of results) note(result);
      yield* batches;
      break;
    }
  }
}

/** What each of them gives, as it comes. */
async function* sideBySide<T>(sources: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const step = async (source: AsyncGenerator<T>) => ({ source, result: await source.next() });
  const coming = new Map(sources.map((source) => [source, step(source)]));
  while (coming.size > 0) {
    const { source, result } = await Promise.race(coming.values());
    if (result.done) coming.delete(source);
    else {
      coming.set(source, step(source));
      yield result.value;
    }
  }
}

/** Ends a run in which nothing happens any more: a file whose tests are over, or timed out, and whose process does not exit. */
class Patience {
  readonly #abort = new AbortController();
  readonly #underWay = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  async *watch(stream: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
    this.#restart();
    for await (const event of stream) {
      this.#restart();
      const { file, name } = event.data as { file?: string; name?: string };
      if (file !== undefined && file === name && event.type === 'test:dequeue')
        this.#underWay.add(relative(root, file));
      if (file !== undefined && file === name && event.type === 'test:complete')
        this.#underWay.delete(relative(root, file));
      yield event;
    }
    clearTimeout(this.#timer);
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      console.error(`nothing happened for ${silenceMs / 1000} s; stuck: ${[...this.#underWay].join(', ')}`);
      process.exitCode = 1;
      this.#abort.abort();
    }, silenceMs);
  }
}

/** What the reporter prints of each file: of one that passed a line, of one that failed everything. Keeps back each run's own summary. */
async function* perFile(
  stream: AsyncIterable<TestEvent>,
  onResult: (result: Result) => void,
): AsyncGenerator<TestEvent[]> {
  const printed = ['test:start', 'test:pass', 'test:fail', 'test:stdout', 'test:stderr', 'test:diagnostic'];
  let waiting: TestEvent[] = [];
  for await (const event of stream) {
    const { file, success } = event.data as { file?: string; success?: boolean };
    if (event.type === 'test:summary') {
      const result = resultOf(event);
      // A file that could not be loaded has no summary of its own: its failure waits here.
      const failed = success !== true || waiting.some((one) => one.type === 'test:fail');
      const quiet = file !== undefined && !failed && !options.includes('--all');
      yield quiet
        ? [line(`✔ ${result.file} (${result.counts.tests} tests, ${seconds(result.durationMs)})\n`)]
        : waiting;
      waiting = [];
      onResult(result);
    } else if (printed.includes(event.type) && !(event.type === 'test:diagnostic' && file === undefined)) {
      waiting.push(event);
    }
  }
}

function resultOf({ data }: TestEvent): Result {
  const { file, counts, duration_ms } = data as { file?: string; counts: Counts; duration_ms: number };
  return { file: file && relative(root, file), counts, durationMs: duration_ms };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

function slowestOf(times: readonly { file: string; durationMs: number }[]): string {
  const sorted = [...times].sort((a, b) => b.durationMs - a.durationMs).slice(0, slowest);
  return ['the slowest files:', ...sorted.map(({ file, durationMs }) => `  ${seconds(durationMs)}  ${file}`), ''].join(
    '\n',
  );
}

function line(message: string): TestEvent {
  return { type: 'test:stdout', data: { message } };
}

/** The closing lines as node prints them, over all runs. */
function* summary(total: Counts, durationMs: number): Generator<TestEvent> {
  const lines = {
    tests: total.tests,
    suites: total.suites,
    pass: total.passed,
    fail: total.failed,
    cancelled: total.cancelled,
    skipped: total.skipped,
    todo: total.todo,
    duration_ms: durationMs,
  };
  for (const [name, value] of Object.entries(lines)) {
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${value}`, level: 'info' } };
  }
}

await report();
