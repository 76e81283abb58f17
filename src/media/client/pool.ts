// The pool: places ports on workers, keeps their ports' numbers, and replaces a worker that died.
import { type Clock, errorText, Fault, isFault, type Log, type Random, randomUint32 } from '../../base/index.ts';
import { newSdpSession } from '../../sdp/index.ts';
import type { BridgePath, CopySide, MediaBridge, MediaCopy, MediaRoom, RoomOptions } from '../joined-types.ts';
import { openAttempts } from '../limits.ts';
import type { StartWorker } from '../link.ts';
import type { MediaPool, MediaPort, MediaStats, PortOptions } from '../types.ts';
import { BridgeClient } from './bridge.ts';
import { CopyClient } from './copy.ts';
import { Pipe } from './pipe.ts';
import { PortClient } from './port.ts';
import { PortNumbers, type PortRange } from './port-numbers.ts';
import { newOutput } from './resume.ts';
import { RoomClient } from './room.ts';
import { Worker } from './worker-slot.ts';

export interface MediaPoolOptions {
  clock: Clock;
  random: Random;
  log: Log;
  /** UDP ports for RTP and RTCP. */
  ports: PortRange;
  /** Address to say in SDP. */
  advertise: string;
  /** Address of this machine at which its own workers reach each other's ports: what they bind to, or loopback. */
  localHost?: string;
  /** How many workers; `max(1, cores - 1)` processes, or 1 inline. */
  workers: number;
  /** `processWorker(...)` or `inlineWorker(...)`. */
  startWorker: StartWorker;
}

export function createMediaPool(options: MediaPoolOptions): MediaPool {
  return new Pool(options);
}

class Pool implements MediaPool {
  readonly #options: MediaPoolOptions;
  readonly #numbers: PortNumbers;
  readonly #workers: Worker[];
  #lastId = 0;
  #lastRoom = 0;
  #lastPipe = 0;
  readonly #rooms = new Map<string, RoomClient>();
  #closed = false;

  constructor(options: MediaPoolOptions) {
    const { clock, log, startWorker } = options;
    this.#options = options;
    this.#numbers = new PortNumbers(options.ports, clock);
    const shared = { clock, log, startWorker, numbers: this.#numbers };
    this.#workers = Array.from({ length: options.workers }, (_, index) => new Worker({ ...shared, index }));
  }

  get workers(): readonly { pid: number | undefined; ports: number }[] {
    return this.#workers.map(({ pid, ports }) => ({ pid, ports: ports.size }));
  }

  async open(options: PortOptions): Promise<MediaPort> {
    let orphaned = false;
    for (let attempt = 1; ; attempt++) {
      const worker = this.#place(options.group);
      worker.enter(options.group);
      try {
        await worker.whenUp();
        return await this.#openOn(worker, options);
      } catch (error) {
        worker.leave(options.group);
        // Somebody else has the port: there are others. The worker died just now: its successor is tried once.
        const busy = isFault(error) && error.code === 'media-port-busy' && attempt < openAttempts;
        const orphan: boolean = isFault(error) && error.code === 'media-worker-lost' && !orphaned;
        if (!busy && !orphan) throw unavailable(errorText(error), error);
        orphaned ||= orphan;
      }
    }
  }

  async bridge(a: MediaPort, b: MediaPort, options: { path?: BridgePath } = {}): Promise<MediaBridge> {
    const [one, other] = [this.#homeOf(a), this.#homeOf(b)];
    const bridge = new BridgeClient({ a: one.port, b: other.port, path: options.path ?? 'engine' });
    await bridge.open(one.worker === other.worker ? undefined : () => this.#pipe(one, other.worker));
    return bridge;
  }

  room(_: RoomOptions): MediaRoom {
    if (this.#closed) throw unavailable('the server is closing');
    const id = `r${++this.#lastRoom}`;
    const room = new RoomClient({
      id,
      now: () => this.#options.clock.now(),
      homeOf: (port) => this.#homeOf(port),
      pipe: (leg, to) => this.#pipe(leg, to),
      forget: () => this.#rooms.delete(id),
    });
    this.#rooms.set(id, room);
    return room;
  }

  async copy(from: MediaPort, side: CopySide, to: MediaPort): Promise<MediaCopy> {
    const [one, other] = [this.#homeOf(from), this.#homeOf(to)];
    if (one.worker !== other.worker)
      throw new Fault('copy-worker', 'the copy must be of the same group as its original');
    const copy = new CopyClient({ from: one.port, side, to: other.port });
    await copy.open();
    return copy;
  }

  stats(): MediaStats {
    const sum: MediaStats = { ports: 0, packetsSent: 0, packetsReceived: 0, packetsLate: 0, loopDelayP99Ms: 0 };
    for (const { ports, counts } of this.#workers) {
      sum.ports += ports.size;
      sum.packetsSent += counts.packetsSent;
      sum.packetsReceived += counts.packetsReceived;
      sum.packetsLate += counts.packetsLate;
      sum.loopDelayP99Ms = Math.max(sum.loopDelayP99Ms, counts.loopDelayP99Ms);
    }
    return sum;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const rooms = [...this.#rooms.values()].map((room) => room.close());
    await Promise.all([...rooms, ...this.#workers.map((worker) => worker.close())]);
  }

  #workerOf(port: MediaPort): { worker: Worker; port: PortClient } | undefined {
    for (const worker of this.#workers) {
      const found = worker.ports.get(port.id);
      if (found && found === port && !found.closed) return { worker, port: found };
    }
    return undefined;
  }

  #homeOf(port: MediaPort): { worker: Worker; port: PortClient } {
    const home = this.#workerOf(port);
    if (!home) throw new Fault('media-port-closed', 'the media port is closed');
    return home;
  }

  /** Joins a leg to another worker. */
  #pipe(leg: { worker: Worker; port: PortClient }, to: Worker): Promise<Pipe> {
    return Pipe.open({
      leg,
      to,
      open: async (worker, { callSid, ptimeMs }) => {
        const group = `pipe ${++this.#lastPipe}`;
        worker.enter(group);
        try {
          await worker.whenUp();
          const local = { advertise: this.#options.localHost ?? '127.0.0.1', ptimeMs };
          return await this.#openOn(worker, { callSid, group, inactivityMs: 0 }, local);
        } catch (error) {
          worker.leave(group);
          throw error;
        }
      },
    });
  }

  /** The group's worker, else the one with the fewest ports among those that run. */
  #place(group: string): Worker {
    const home = this.#workers.find((worker) => worker.has(group));
    if (home) return home;
    const load = (worker: Worker): number => worker.load + (worker.up ? 0 : 1_000_000);
    return this.#workers.reduce((best, one) => (load(one) < load(best) ? one : best));
  }

  async #openOn(worker: Worker, options: PortOptions, wish: PortWish = {}): Promise<PortClient> {
    const rtpPort = this.#closed ? undefined : this.#numbers.take();
    if (rtpPort === undefined) throw unavailable(this.#closed ? 'the server is closing' : 'no RTP port is free');
    const port = this.#makePort(worker, { rtpPort, options, ...wish });
    try {
      port.rtpPort = (await worker.ask('open', port.state())).rtpPort;
    } catch (error) {
      this.#numbers.release(rtpPort);
      throw error;
    }
    worker.ports.set(port.id, port);
    return port;
  }

  #makePort(worker: Worker, wish: PortWish & { rtpPort: number; options: PortOptions }): PortClient {
    const { clock, random, advertise, log } = this.#options;
    return new PortClient({
      id: `m${++this.#lastId}`,
      advertise,
      ...wish,
      session: newSdpSession({ sessionId: String(randomUint32(random)) }),
      output: newOutput(random),
      host: {
        now: () => clock.now(),
        ask: (name, body) => worker.ask(name, body),
        forget: (port) => {
          if (!worker.ports.delete(port.id)) return;
          worker.leave(port.group);
          this.#numbers.release(port.rtpPort);
        },
        onBug: (error) => log.error('media port callback failed', { error: errorText(error) }),
      },
    });
  }
}

/** What a port of our own has otherwise than a leg's. */
interface PortWish {
  advertise?: string;
  ptimeMs?: number;
}

const unavailable = (reason: string, cause?: unknown): Fault =>
  isFault(cause) && cause.code === 'media-unavailable'
    ? cause
    : new Fault('media-unavailable', `no media: ${reason}`, { retryable: true, sip: 480, http: 503, cause });
