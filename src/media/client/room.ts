// A room as the main process sees it: who is in it, what plays and what streams; told to the next worker when one dies.
import { Fault, isFault } from '../../base/index.ts';
import type { Answer, Ask, AskName, NoticeFrame, RecordOrder, RoomCheckpoint, StreamOrder } from '../channel.ts';
import { unpackFault } from '../channel.ts';
import type { MediaRoom, MemberOptions, RoomMember } from '../joined-types.ts';
import { maxRoomPlaybacks, maxSources } from '../limits.ts';
import type { MediaRecording, MediaStream, RecordOptions, StreamOptions } from '../tap-types.ts';
import type { AudioSource, MediaPort, Playback } from '../types.ts';
import type { Pipe } from './pipe.ts';
import { PlaybackClient } from './playback.ts';
import type { PortClient } from './port.ts';
import { RecordingClients } from './recording.ts';
import { MemberClient } from './room-member.ts';
import { StreamClients } from './stream.ts';
import type { Worker } from './worker-slot.ts';

/** A port, and where it lives. */
export interface Home {
  worker: Worker;
  port: PortClient;
}

export interface RoomClientOptions {
  id: string;
  now(): number;
  /** Throws the Fault of a port that is gone. */
  homeOf(port: MediaPort): Home;
  /** Joins a leg to the room's worker. */
  pipe(leg: Home, to: Worker): Promise<Pipe>;
  /** The room is closed. */
  forget(): void;
}

export class RoomClient implements MediaRoom {
  readonly id: string;
  readonly #options: RoomClientOptions;
  readonly #members = new Set<MemberClient>();
  readonly #plays = new Map<number, PlaybackClient>();
  readonly #streams: StreamClients;
  readonly #recordings: RecordingClients;
  /** Of the first member. */
  #worker: Worker | undefined;
  readonly #settled = Promise.withResolvers<void>();
  #restoring: Promise<void> | undefined;
  #lastPlayback = 0;
  #closed = false;

  constructor(options: RoomClientOptions) {
    this.id = options.id;
    this.#options = options;
    this.#streams = new StreamClients({
      port: options.id,
      ask: (name, body) => ('order' in body ? this.#stream(body.order) : this.#ask(name, body)),
    });
    this.#recordings = new RecordingClients({
      port: options.id,
      now: options.now,
      ask: (name, body) => ('order' in body ? this.#record(body.order) : this.#ask(name, body)),
    });
  }

  async join(port: MediaPort, options: MemberOptions): Promise<RoomMember> {
    if (this.#closed) throw closedFault();
    const home = this.#options.homeOf(port);
    const member: MemberClient = new MemberClient({
      room: this.id,
      port: home.port,
      options,
      onGone: () => this.#members.delete(member),
    });
    this.#members.add(member);
    const worker = this.#settle(home.worker);
    await member.enter(worker === home.worker ? undefined : () => this.#options.pipe(home, worker));
    return member;
  }

  play(sources: AudioSource[], { loop, gainDb }: { loop: number; gainDb?: number }): Playback {
    const options = { layer: 'prompt', loop, ...(gainDb === undefined ? {} : { gainDb }) } as const;
    const playback = new PlaybackClient({
      order: { playback: ++this.#lastPlayback, sources, options },
      at: this.#options.now(),
      stop: (one) => void this.#stop(one),
    });
    const problem = this.#whyNot(sources);
    if (problem) playback.fail(problem);
    else {
      this.#plays.set(playback.order.playback, playback);
      void this.#order(playback, playback.order);
    }
    return playback;
  }

  stream(options: StreamOptions): MediaStream {
    return this.#streams.open(options);
  }

  record(options: RecordOptions): MediaRecording {
    return this.#recordings.start(options);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#settled.resolve();
    for (const member of [...this.#members]) member.gone();
    // A worker that has died has nothing to close, and its successor is told nothing.
    await this.#worker?.ask('roomClose', { room: this.id }).catch(() => {});
    for (const one of [...this.#plays.values()]) this.#finishStopped(one);
    this.#streams.abandon();
    this.#recordings.abandon();
    this.#worker?.rooms.delete(this.id);
    this.#options.forget();
  }

  // --- what its worker does with it

  notice({ name, body }: NoticeFrame): void {
    if (name === 'stream') return this.#streams.heard(body);
    if (name === 'streamEnded') return this.#streams.finished(body);
    if (name === 'recorded') return this.#recordings.finished(body);
    if (name === 'roomPlayback') return this.#plays.get(body.playback)?.heard(body.event);
    if (name !== 'roomFinished') return;
    const { fault, ...rest } = body.result;
    const playback = this.#plays.get(body.playback);
    this.#plays.delete(body.playback);
    playback?.finish(fault ? { ...rest, fault: unpackFault(fault) } : rest);
  }

  checked({ plays }: RoomCheckpoint, at: number): void {
    for (const { playback, ...where } of plays) this.#plays.get(playback)?.checked({ ...where, at });
  }

  /** The worker died. Its ports bring their places along; what plays and streams is ordered again. */
  lost(up: Promise<void>, diedAt: number): void {
    for (const one of [...this.#plays.values()]) if (one.stopping) this.#finishStopped(one);
    this.#streams.workerLost();
    const again = (): void => {
      if (this.#restoring !== restoring) return;
      this.#restoring = undefined;
      for (const one of this.#plays.values()) void this.#order(one, one.resume(diedAt, this.#options.now()));
      // One that cannot begin again says so itself.
      for (const order of this.#streams.orders) void this.#stream(order).catch(() => {});
      for (const order of this.#recordings.orders) void this.#record(order).catch(() => {});
    };
    const restoring = up.then(again, again);
    this.#restoring = restoring;
  }

  // --- inside

  /** The first member's worker is the room's. */
  #settle(worker: Worker): Worker {
    if (!this.#worker) {
      this.#worker = worker;
      worker.rooms.set(this.id, this);
      // One that is being replaced just now takes orders when it is there; when it does not come, they fail.
      if (!worker.up) this.lost(worker.whenUp(), this.#options.now());
      this.#settled.resolve();
    }
    return this.#worker;
  }

  #whyNot(sources: AudioSource[]): Fault | undefined {
    if (this.#closed) return closedFault();
    if (sources.length > maxSources) {
      return new Fault('play-too-many', `at most ${maxSources} sources may be played as one`);
    }
    if (this.#plays.size < maxRoomPlaybacks) return undefined;
    return new Fault('play-too-many', `at most ${maxRoomPlaybacks} things may be played to a room at once`);
  }

  #stream(order: StreamOrder): Promise<{ at: number }> {
    return this.#ask('roomStream', { room: this.id, order });
  }

  #record(order: RecordOrder): Promise<{ at: number }> {
    return this.#ask('roomRecord', { room: this.id, order });
  }

  /** An order that the worker knows already does no harm. */
  async #order(playback: PlaybackClient, order: PlaybackClient['order']): Promise<void> {
    try {
      await this.#ask('roomPlay', { room: this.id, order });
    } catch (error) {
      this.#plays.delete(playback.order.playback);
      if (this.#closed) return playback.finish({ reason: 'stopped', ...playback.heardSoFar() });
      playback.fail(isFault(error) ? error : new Fault('media-failed', 'the audio cannot be played', { cause: error }));
    }
  }

  async #stop(playback: PlaybackClient): Promise<void> {
    if (this.#restoring || !this.#worker) this.#finishStopped(playback);
    try {
      await this.#ask('roomStop', { room: this.id, playback: playback.order.playback });
    } catch {
      this.#finishStopped(playback);
    }
  }

  #finishStopped(playback: PlaybackClient): void {
    this.#plays.delete(playback.order.playback);
    playback.finish({ reason: 'stopped', ...playback.heardSoFar() });
  }

  /** Asks the worker once there is one, and its successor when it dies meanwhile: for what may be asked twice. */
  async #ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>> {
    for (;;) {
      await (this.#restoring ?? this.#settled.promise);
      if (this.#closed || !this.#worker) throw closedFault();
      try {
        return await this.#worker.ask(name, body);
      } catch (error) {
        const again = isFault(error) && error.code === 'media-worker-lost' && this.#restoring !== undefined;
        if (!again) throw error;
      }
    }
  }
}

const closedFault = (): Fault => new Fault('room-closed', 'the room is closed');
