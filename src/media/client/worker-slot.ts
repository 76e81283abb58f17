// One worker's place in the pool: the process that fills it may die and be replaced; its ports then carry on in the next one.
import { type Clock, errorText, every, Fault, isFault, type Log, type Timer } from '../../base/index.ts';
import {
  type Answer,
  type Ask,
  type AskName,
  Caller,
  type NoticeFrame,
  type WorkerCounts,
  workerLost,
} from '../channel.ts';
import {
  beatMs,
  closeTimeoutMs,
  maxRestores,
  missedBeats,
  openWaitMs,
  restartCalmMs,
  restartDelayMaxMs,
  restartDelayMs,
} from '../limits.ts';
import type { StartWorker, WorkerLink } from '../link.ts';
import type { PortClient } from './port.ts';
import type { PortNumbers } from './port-numbers.ts';
import type { RoomClient } from './room.ts';

export interface WorkerOptions {
  index: number;
  clock: Clock;
  log: Log;
  startWorker: StartWorker;
  numbers: PortNumbers;
}

type Outcome = 'restored' | 'moved' | 'lost';

const noCounts: WorkerCounts = { packetsSent: 0, packetsReceived: 0, packetsLate: 0, loopDelayP99Ms: 0 };

export class Worker {
  readonly ports = new Map<string, PortClient>();
  readonly rooms = new Map<string, RoomClient>();
  readonly #options: WorkerOptions;
  readonly #log: Log;
  readonly #groups = new Map<string, number>();
  #link: WorkerLink | undefined;
  #caller: Caller | undefined;
  #counts = noCounts;
  /** Of the processes before this one. */
  #countsBefore = noCounts;
  #deaths: number[] = [];
  #missed = 0;
  #watch: Timer | undefined;
  #restart: Timer | undefined;
  #comingUp: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#log = options.log.with({ worker: options.index });
    this.#start();
  }

  get pid(): number | undefined {
    return this.#link?.pid;
  }

  get up(): boolean {
    return this.#link !== undefined;
  }

  get counts(): WorkerCounts {
    const { packetsSent, packetsReceived, packetsLate } = this.#countsBefore;
    const now = this.#counts;
    return {
      packetsSent: packetsSent + now.packetsSent,
      packetsReceived: packetsReceived + now.packetsReceived,
      packetsLate: packetsLate + now.packetsLate,
      loopDelayP99Ms: now.loopDelayP99Ms,
    };
  }

  /** Ports of all groups, those just being opened included. */
  get load(): number {
    let sum = 0;
    for (const members of this.#groups.values()) sum += members;
    return sum;
  }

  /** At once when it runs; while it is being replaced a short wait. Rejects with `media-unavailable`. */
  async whenUp(): Promise<void> {
    if (this.#link) return;
    const limit = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(openWaitMs, limit.resolve);
    await Promise.race([this.#comingUp, limit.promise]);
    timer.cancel();
    if (!this.#link) throw unavailable();
  }

  has(group: string): boolean {
    return this.#groups.has(group);
  }

  enter(group: string): void {
    this.#groups.set(group, (this.#groups.get(group) ?? 0) + 1);
  }

  leave(group: string): void {
    const left = (this.#groups.get(group) ?? 1) - 1;
    if (left > 0) this.#groups.set(group, left);
    else this.#groups.delete(group);
  }

  ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>> {
    return this.#caller?.ask(name, body) ?? Promise.reject(workerLost());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#restart?.cancel();
    this.#watch?.cancel();
    // Good-byes of all ports; a worker that hangs does not hold us up.
    const closed = Promise.all([...this.ports.values()].map((port) => port.close()));
    const limit = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(closeTimeoutMs, limit.resolve);
    await Promise.race([closed, limit.promise]);
    timer.cancel();
    const link = this.#link;
    this.#link = undefined;
    this.#caller?.close(workerLost());
    this.#caller = undefined;
    for (const port of [...this.ports.values()]) port.broken();
    await link?.close();
  }

  #start(): void {
    const { clock, index, startWorker } = this.#options;
    let link: WorkerLink;
    try {
      link = startWorker(index);
    } catch (error) {
      // No memory, no process numbers left: as if it had died at once, so that it is tried again, ever more slowly.
      return this.#died(`it could not be started: ${errorText(error)}`);
    }
    const caller = new Caller(link.end, clock);
    this.#link = link;
    this.#caller = caller;
    this.#missed = 0;
    caller.onNotice = (notice) => this.#notice(notice);
    link.onExit = (reason) => {
      if (this.#link === link) this.#died(reason);
    };
    // An inline worker shares our thread: it cannot hang without us.
    if (link.pid !== undefined) this.#watch = every(clock, beatMs, () => this.#watched(link));
  }

  #watched(link: WorkerLink): void {
    if (++this.#missed < missedBeats) return;
    this.#log.error('media worker hangs, it is killed');
    link.kill();
  }

  #notice(notice: NoticeFrame): void {
    switch (notice.name) {
      case 'beat': {
        const { at, counts, checkpoints, rooms } = notice.body;
        this.#missed = 0;
        this.#counts = counts;
        for (const checkpoint of checkpoints) this.ports.get(checkpoint.port)?.checked(checkpoint, at);
        for (const checkpoint of rooms) this.rooms.get(checkpoint.room)?.checked(checkpoint, at);
        return;
      }
      case 'log':
        return this.#log[notice.body.level](notice.body.message, notice.body.fields);
      case 'roomPlayback':
      case 'roomFinished':
        return this.rooms.get(notice.body.room)?.notice(notice);
      case 'stream':
      case 'streamEnded':
      case 'recorded': {
        const room = this.rooms.get(notice.body.port);
        return room ? room.notice(notice) : this.ports.get(notice.body.port)?.notice(notice.name, notice.body);
      }
      case 'broken':
        return this.ports.get(notice.body.port)?.broken();
      default:
        return this.ports.get(notice.body.port)?.notice(notice.name, notice.body);
    }
  }

  #died(reason: string): void {
    const { clock } = this.#options;
    const diedAt = clock.now();
    this.#log.error('media worker died', { reason, ports: this.ports.size });
    this.#watch?.cancel();
    this.#countsBefore = { ...this.counts, loopDelayP99Ms: 0 };
    this.#counts = noCounts;
    this.#link = undefined;
    const caller = this.#caller;
    this.#caller = undefined;
    const { promise: up, resolve } = Promise.withResolvers<void>();
    this.#comingUp = up;
    for (const port of this.ports.values()) {
      const doomed = lossesNear(port, diedAt) >= maxRestores;
      port.lost(doomed ? Promise.resolve('lost') : up.then(() => this.#restore(port, diedAt)));
    }
    for (const room of this.rooms.values()) room.lost(up, diedAt);
    // After the ports know, so that what they had asked waits for the new worker.
    caller?.close(workerLost());
    this.#restart = clock.after(this.#restartDelay(diedAt), () => {
      if (this.#closed) return;
      this.#start();
      resolve();
    });
  }

  /** At once after a calm time, then ever more slowly. */
  #restartDelay(now: number): number {
    this.#deaths = this.#deaths.filter((at) => now - at < restartCalmMs);
    const recent = this.#deaths.push(now) - 1;
    return recent === 0 ? 0 : Math.min(restartDelayMaxMs, restartDelayMs * 2 ** (recent - 1));
  }

  async #restore(port: PortClient, diedAt: number): Promise<Outcome> {
    if (port.closed) return 'lost';
    try {
      await this.#reopen(port, diedAt);
      return 'restored';
    } catch (error) {
      if (!isFault(error) || error.code !== 'media-port-busy') return this.#giveUp(port, error);
    }
    // Closed meanwhile: its number has been given back.
    if (port.closed) return 'lost';
    const { numbers } = this.#options;
    const rtpPort = numbers.take();
    if (rtpPort === undefined) return 'lost';
    numbers.release(port.rtpPort);
    port.rtpPort = rtpPort;
    try {
      port.rtpPort = await this.#reopen(port, diedAt);
      return 'moved';
    } catch (error) {
      return this.#giveUp(port, error);
    }
  }

  /** A port that is closed meanwhile could not tell the worker so: it knows of the port only now. */
  async #reopen(port: PortClient, diedAt: number): Promise<number> {
    const { rtpPort } = await this.ask('open', port.state(diedAt));
    if (port.closed) await this.ask('close', { port: port.id });
    return rtpPort;
  }

  #giveUp(port: PortClient, error: unknown): Outcome {
    this.#log.error('media port is lost', { port: port.id, error: errorText(error) });
    return 'lost';
  }
}

/** How many of the port's workers have died of late. */
const lossesNear = (port: PortClient, now: number): number =>
  port.losses.filter((at) => now - at < restartCalmMs).length;

const unavailable = (): Fault =>
  new Fault('media-unavailable', 'no media worker runs', { retryable: true, sip: 480, http: 503 });
