// The caller's side of the flite thread: one text at a time, started on demand, ended when idle, replaced when it dies.
import { Worker } from 'node:worker_threads';
import { type Clock, Fault, held, type Log, type Timer } from '../../base/index.ts';
import { IDLE_MS, MAX_WAITING, STUCK_MS } from './limits.ts';
import type { Part } from './plain-text.ts';
import type { RenderReply, RenderRequest } from './thread.ts';

interface Audio {
  pcm: Int16Array;
  sampleRate: number;
}

interface Job {
  request: RenderRequest;
  signal: AbortSignal;
  resolve(audio: Audio): void;
  reject(error: unknown): void;
}

// Compiled for the package, this file and the thread's are JavaScript.
const threadFile = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url);

export class FliteThread {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #entry: URL;
  #worker: Worker | undefined;
  #running: Job | undefined;
  #waiting: Job[] = [];
  #idle: Timer | undefined;
  #stuck: Timer | undefined;
  #lastId = 0;
  #closed = false;

  /** `entry` is the thread's main file; tests bring one that misbehaves. */
  constructor(clock: Clock, log: Log, entry: URL = threadFile) {
    this.#clock = clock;
    this.#log = log;
    this.#entry = entry;
  }

  /** Virtual time stands still meanwhile: the thread's work is real. */
  render(what: { voice: string; parts: Part[] }, signal: AbortSignal): Promise<Audio> {
    return held(
      this.#clock,
      () =>
        new Promise<Audio>((resolve, reject) => {
          signal.throwIfAborted();
          if (this.#closed) throw new Fault('tts-failed', 'the embedded voice is closed');
          if (this.#waiting.length >= MAX_WAITING) {
            throw new Fault('tts-failed', `${MAX_WAITING} texts wait for the embedded voice already`, {
              retryable: true,
            });
          }
          this.#waiting.push({ request: { id: ++this.#lastId, ...what }, signal, resolve, reject });
          this.#next();
        }),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#end(new Fault('tts-failed', 'the embedded voice is closed'));
  }

  #next(): void {
    if (this.#running) return;
    let job = this.#waiting.shift();
    for (; job?.signal.aborted; job = this.#waiting.shift()) job.reject(job.signal.reason);
    this.#idle?.cancel();
    if (!job) {
      this.#worker?.unref();
      this.#idle = this.#worker && this.#clock.after(IDLE_MS, () => void this.#end());
      return;
    }
    this.#running = job;
    this.#worker ??= this.#start();
    this.#worker.ref();
    const worker = this.#worker;
    worker.postMessage(job.request);
    this.#stuck = this.#clock.after(STUCK_MS, () => {
      this.#died(worker, new Error(`the embedded voice did not answer for ${STUCK_MS / 1000} s`));
      void worker.terminate();
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#entry, { name: 'flite', env: {}, execArgv: [], stdin: false });
    worker.on('message', (reply: RenderReply) => {
      const job = this.#running;
      if (worker !== this.#worker || job?.request.id !== reply.id) return;
      this.#running = undefined;
      this.#stuck?.cancel();
      if ('pcm' in reply) job.resolve({ pcm: reply.pcm, sampleRate: reply.sampleRate });
      else job.reject(new Error(reply.error));
      this.#next();
    });
    worker.on('error', (error) => this.#died(worker, error));
    worker.on('exit', (code) => this.#died(worker, new Error(`the thread ended with ${code}`)));
    return worker;
  }

  /** The text that killed it fails; those behind it get a new thread. */
  #died(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#log.warn('the thread of the embedded voice died', { error: String(error) });
    this.#worker = undefined;
    this.#stuck?.cancel();
    const job = this.#running;
    this.#running = undefined;
    job?.reject(error);
    this.#next();
  }

  /** Ends the thread; what waits fails with this reason. */
  async #end(reason: Error = new Error('the thread ended')): Promise<void> {
    this.#idle?.cancel();
    this.#stuck?.cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    const jobs = this.#running ? [this.#running, ...this.#waiting] : this.#waiting;
    this.#running = undefined;
    this.#waiting = [];
    for (const job of jobs) job.reject(reason);
    await worker?.terminate();
  }
}
