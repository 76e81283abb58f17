// What the pool needs of a worker, wherever it runs, and the worker that runs inline on the same thread and clock.
import type { Clock } from '../base/index.ts';
import type { ChannelEnd, Frame } from './channel.ts';

export interface WorkerLink {
  readonly end: ChannelEnd;
  /** Process id; none when inline. */
  readonly pid: number | undefined;
  /** Exactly once, unless close() came first. */
  onExit: (reason: string) => void;
  /** At once, without good-byes. */
  kill(): void;
  /** Lets the worker close what it has; resolves when it is gone. */
  close(): Promise<void>;
}

export type StartWorker = (index: number) => WorkerLink;

/** An engine that has been connected. */
export interface Served {
  close(): Promise<void>;
  /** As a crash would: sockets go, nothing is said. */
  abort(): void;
}

/** Runs the engine in this thread behind the same channel, each message in a turn of its own. */
export function inlineWorker(clock: Clock, serve: (end: ChannelEnd) => Served): StartWorker {
  return () => {
    const [near, far] = channelPair(clock);
    const served = serve(far);
    let gone = false;
    const link: WorkerLink = {
      end: near,
      pid: undefined,
      onExit: () => {},
      kill() {
        if (gone) return;
        gone = true;
        served.abort();
        clock.soon(() => link.onExit('killed'));
      },
      async close() {
        if (gone) return;
        gone = true;
        await served.close();
      },
    };
    return link;
  };
}

/** Two ends of one ordered connection. */
export function channelPair(clock: Clock): [ChannelEnd, ChannelEnd] {
  const make = (): ChannelEnd => ({ send: () => {}, onFrame: () => {} });
  const near = make();
  const far = make();
  near.send = (frame: Frame) => clock.soon(() => far.onFrame(frame));
  far.send = (frame: Frame) => clock.soon(() => near.onFrame(frame));
  return [near, far];
}
