// A room as the main process sees it: who is in it, with which flags, and what plays; told to the next worker when one dies.
import { Fault, isFault } from '../base/index.ts';
import type { Answer, Ask, AskName, Notices, RoomCheckpoint, RoomPlace } from './channel.ts';
import { unpackFault } from './channel.ts';
import type { MediaRoom, MemberFlags, MemberOptions, RoomMember } from './joined-types.ts';
import { maxRoomPlaybacks, maxSources } from './limits.ts';
import { PlaybackClient } from './playback-client.ts';
import type { PortClient } from './port-client.ts';
import type { AudioSource, Effect, MediaPort, Playback } from './types.ts';
import type { Worker } from './worker-slot.ts';

export interface RoomClientOptions {
  id: string;
  now(): number;
  /** Where a port lives; undefined when it is gone. */
  workerOf(port: MediaPort): { worker: Worker; port: PortClient } | undefined;
  /** The room is closed. */
  forget(): void;
}

export class RoomClient implements MediaRoom {
  readonly id: string;
  readonly #options: RoomClientOptions;
  readonly #members = new Map<PortClient, Member>();
  readonly #plays = new Map<number, PlaybackClient>();
  /** Of the first member; the others live there too. */
  #worker: Worker | undefined;
  #restoring: Promise<void> | undefined;
  #lastPlayback = 0;
  #closed = false;

  constructor(options: RoomClientOptions) {
    this.id = options.id;
    this.#options = options;
  }

  async join(port: MediaPort, options: MemberOptions): Promise<RoomMember> {
    if (this.#closed) throw new Fault('room-closed', 'the room is closed');
    const home = this.#options.workerOf(port);
    if (!home) throw new Fault('media-port-closed', 'the media port is closed');
    if (home.port.joined) throw new Fault('bridge-busy', 'the leg is in a bridge or a room already');
    this.#settle(home.worker);
    const member = new Member(this, home.port, options);
    this.#members.set(home.port, member);
    try {
      await home.port.ask('roomJoin', { port: port.id, ...member.place });
    } catch (error) {
      member.gone();
      throw error;
    }
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
    else void this.#play(playback);
    return playback;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const member of [...this.#members.values()]) member.gone();
    await this.#ask('roomClose', { room: this.id }).catch(() => {});
    for (const one of [...this.#plays.values()]) this.#finishStopped(one);
    this.#worker?.rooms.delete(this.id);
    this.#options.forget();
  }

  // --- what its members and its worker do with it

  left(port: PortClient): void {
    this.#members.delete(port);
  }

  notice(name: 'roomPlayback' | 'roomFinished', body: Notices['roomPlayback'] | Notices['roomFinished']): void {
    const playback = this.#plays.get(body.playback);
    if (name === 'roomPlayback') return playback?.heard((body as Notices['roomPlayback']).event);
    const { fault, ...rest } = (body as Notices['roomFinished']).result;
    this.#plays.delete(body.playback);
    playback?.finish(fault ? { ...rest, fault: unpackFault(fault) } : rest);
  }

  checked({ plays }: RoomCheckpoint, at: number): void {
    for (const { playback, ...where } of plays) this.#plays.get(playback)?.checked({ ...where, at });
  }

  /** The worker died. Its ports bring their places along; what plays is ordered again. */
  lost(up: Promise<void>, diedAt: number): void {
    for (const one of [...this.#plays.values()]) if (one.stopping) this.#finishStopped(one);
    const restoring = up.then(() => {
      if (this.#restoring !== restoring) return;
      this.#restoring = undefined;
      for (const one of this.#plays.values()) {
        void this.#order(one, one.resume(diedAt, this.#options.now()));
      }
    });
    this.#restoring = restoring;
  }

  // --- inside

  #settle(worker: Worker): void {
    if (this.#worker && this.#worker !== worker) {
      throw new Fault('room-worker', 'the leg lives on another media worker than the room');
    }
    if (this.#worker) return;
    this.#worker = worker;
    worker.rooms.set(this.id, this);
    // What was to be played before anybody was here.
    for (const one of this.#plays.values()) void this.#order(one, one.order);
  }

  #whyNot(sources: AudioSource[]): Fault | undefined {
    if (this.#closed) return new Fault('room-closed', 'the room is closed');
    if (sources.length > maxSources) {
      return new Fault('play-too-many', `at most ${maxSources} sources may be played as one`);
    }
    if (this.#plays.size < maxRoomPlaybacks) return undefined;
    return new Fault('play-too-many', `at most ${maxRoomPlaybacks} things may be played to a room at once`);
  }

  async #play(playback: PlaybackClient): Promise<void> {
    this.#plays.set(playback.order.playback, playback);
    if (this.#worker) await this.#order(playback, playback.order);
  }

  async #order(playback: PlaybackClient, order: PlaybackClient['order']): Promise<void> {
    try {
      await this.#ask('roomPlay', { room: this.id, order });
    } catch (error) {
      // The next worker is told once it is there.
      if (this.#restoring && isFault(error) && error.code === 'media-worker-lost') return;
      this.#plays.delete(playback.order.playback);
      playback.fail(isFault(error) ? error : new Fault('media-failed', 'the audio cannot be played', { cause: error }));
    }
  }

  async #stop(playback: PlaybackClient): Promise<void> {
    if (this.#restoring || !this.#worker) return this.#finishStopped(playback);
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

  #ask<N extends AskName>(name: N, body: Ask<N>): Promise<Answer<N>> {
    return this.#worker?.ask(name, body) ?? Promise.reject(new Fault('room-empty', 'nobody has joined the room'));
  }
}

/** A port's place in a room. */
class Member implements RoomMember {
  readonly port: PortClient;
  readonly #room: RoomClient;
  readonly #onTalking: ((talking: boolean) => void) | undefined;
  #flags: MemberFlags;
  #unwatch: (() => void) | undefined;
  #speaks = false;
  #told = false;
  #left = false;

  constructor(room: RoomClient, port: PortClient, { onTalking, ...flags }: MemberOptions) {
    this.port = port;
    this.#room = room;
    this.#flags = flags;
    this.#onTalking = onTalking;
    port.joined = this;
    if (!onTalking) return;
    this.#unwatch = port.talk.watch((talking) => {
      this.#speaks = talking;
      this.#tell();
    });
  }

  get place(): RoomPlace {
    return { room: this.#room.id, flags: this.#flags };
  }

  async set(flags: Partial<MemberFlags>): Effect {
    if (this.#left) throw new Fault('room-left', 'the member has left the room');
    this.#flags = { ...this.#flags, ...flags };
    this.#tell();
    return this.port.ask('roomSet', { port: this.port.id, ...this.place });
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    this.gone();
    await this.port.ask('roomLeave', { port: this.port.id, room: this.#room.id }).catch(() => {});
  }

  /** The port has closed, or the room. */
  gone(): void {
    if (this.#left) return;
    this.#left = true;
    this.port.joined = undefined;
    this.#room.left(this.port);
    this.#unwatch?.();
    this.#speaks = false;
    this.#tell();
  }

  /** One who is muted does not talk to anybody. */
  #tell(): void {
    const talking = this.#speaks && !this.#flags.muted;
    if (talking === this.#told) return;
    this.#told = talking;
    this.#onTalking?.(talking);
  }
}
