// A room's recordings: a guest hears the mix for them, as long as there are any.
import type { Ask, RecordOrder, Responder } from '../../channel.ts';
import { PortRecordings } from '../record/recordings.ts';
import type { EngineWorld } from '../world.ts';
import type { Guest } from './guest.ts';

export interface RoomRecordingsOptions {
  room: string;
  world: EngineWorld;
  notify: Responder['notify'];
  invite(sampleRate: number, onBroken: (error: unknown) => void): Guest;
}

export class RoomRecordings {
  readonly #options: RoomRecordingsOptions;
  readonly #running = new Set<number>();
  #open: { guest: Guest; recordings: PortRecordings } | undefined;

  constructor(options: RoomRecordingsOptions) {
    this.#options = options;
  }

  /** One that is known already is not begun anew. */
  begin(order: RecordOrder): { at: number } {
    // Voices at the telephone's rate lose nothing at it.
    this.#open ??= this.#make(order.options.sampleRate > 8000 ? 16_000 : 8000);
    this.#open.recordings.start(order);
    this.#running.add(order.recording);
    return this.#now();
  }

  setRecording(change: Ask<'recordState'>): { at: number } {
    this.#open?.recordings.setState(change);
    return this.#now();
  }

  stopRecording(recording: number): { at: number } {
    this.#open?.recordings.stop(recording);
    return this.#now();
  }

  /** Resolves when every file is whole; undefined when there is none. */
  close(): Promise<unknown> | undefined {
    const open = this.#open;
    open?.recordings.close();
    open?.guest.close();
    return open?.recordings.ended;
  }

  #make(sampleRate: number): { guest: Guest; recordings: PortRecordings } {
    const { room: port, world, notify, invite } = this.#options;
    const guest = invite(sampleRate, (error) => this.#broken(error));
    const recordings = new PortRecordings({
      port,
      world,
      ear: guest.ear,
      mouth: guest.mouth,
      notify: (name, body) => {
        if (name === 'recorded') this.#ended((body as { recording: number }).recording);
        notify(name, body);
      },
    });
    guest.onSkipped = (ms) => recordings.skip(ms);
    return { guest, recordings };
  }

  #ended(recording: number): void {
    this.#running.delete(recording);
    if (this.#running.size > 0) return;
    this.#open?.guest.close();
    this.#open = undefined;
  }

  #broken(error: unknown): void {
    const { room, world } = this.#options;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    world.log.error('room recording failed', { room, error: reason });
    for (const recording of this.#running) this.stopRecording(recording);
  }

  #now(): { at: number } {
    return { at: this.#options.world.clock.now() };
  }
}
