// A media worker as a child process (rim: node:child_process). It goes when its parent goes: the channel closes.
import { type ChildProcess, fork } from 'node:child_process';
import { setPriority } from 'node:os';
import { type Clock, zeroOf } from '../base/index.ts';
import type { ChannelEnd } from './channel.ts';
import { batchFrames, unbatchFrames } from './frame-batch.ts';
import { closeTimeoutMs } from './limits.ts';
import type { StartWorker, WorkerLink } from './link.ts';

export interface ProcessWorkerOptions<Settings> {
  clock: Clock;
  /** The worker's main file; src/worker.ts. */
  entry: URL;
  /** Sent to the worker as its first message. */
  settings: Settings;
  /** Folder where Node keeps compiled code, so that a new worker is there in a third of the time. Ours alone: what is in it is run. */
  compileCacheDir?: string | undefined;
}

/** Of the scale from -20 (first) to 19: audio cannot wait while other work can. Only a privileged process may ask. */
const workerNiceness = -10;

/**
 * Garbage is collected by the loop's own thread, in small pieces: with helper threads a collection waits until each of them had a
 * core, on a busy machine up to 100 ms; alone it takes 1 to 9. Eight megabytes are a quarter of a second of 500 legs' garbage.
 */
const workerFlags = ['--single-threaded-gc', '--max-semi-space-size=8'];

function goFirst({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, workerNiceness);
  } catch {
    // Not allowed, or gone already: the operator's service manager may set it instead.
  }
}

/** The first message to a worker process; frames follow. */
export interface Welcome<Settings> {
  kind: 'welcome';
  index: number;
  /** The parent's clock (`zeroOf`): times that are told are compared with its own. */
  clockZero: number;
  settings: Settings;
}

export function processWorker<Settings>(options: ProcessWorkerOptions<Settings>): StartWorker {
  return (index) => {
    const { compileCacheDir } = options;
    const child = fork(options.entry, [], {
      execArgv: [...process.execArgv, ...workerFlags],
      ...(compileCacheDir ? { env: { ...process.env, NODE_COMPILE_CACHE: compileCacheDir } } : {}),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    goFirst(child);
    let gone = false;
    let closing = false;
    const exited = new Promise<void>((resolve) => {
      const onGone = (reason: string): void => {
        if (gone) return;
        gone = true;
        resolve();
        if (!closing) link.onExit(reason);
      };
      child.once('exit', (code, signal) => onGone(signal ? `signal ${signal}` : `exit code ${code}`));
      // The process could not be started, or the channel failed: what is left of it is ended.
      child.on('error', (error) => {
        child.kill('SIGKILL');
        if (child.pid === undefined) onGone(error.message);
      });
    });
    const send = (message: unknown): void => {
      // A failed send means that the process is gone; its exit tells the rest.
      if (child.connected) child.send(message as never, () => {});
    };
    const end: ChannelEnd = { send: batchFrames(send), onFrame: () => {} };
    child.on('message', unbatchFrames(end));
    const clockZero = zeroOf(options.clock);
    send({ kind: 'welcome', index, clockZero, settings: options.settings } satisfies Welcome<Settings>);
    const link: WorkerLink = {
      end,
      pid: child.pid,
      onExit: () => {},
      kill: () => void child.kill('SIGKILL'),
      async close() {
        closing = true;
        if (child.connected) child.disconnect();
        const timer = options.clock.after(closeTimeoutMs, () => child.kill('SIGKILL'));
        await exited;
        timer.cancel();
      },
    };
    return link;
  };
}
