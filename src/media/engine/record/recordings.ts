// A port's recordings: begun, paused, stopped, and closed with the port.
import { bug } from '../../../base/index.ts';
import type { Ask, RecordOrder, Responder } from '../../channel.ts';
import { maxRecordings } from '../../limits.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';
import type { EngineWorld } from '../world.ts';
import { Recorder } from './recorder.ts';

export interface PortRecordingsParts {
  port: string;
  world: EngineWorld;
  notify: Responder['notify'];
  ear: Pick<Ear, 'listen'>;
  mouth: Pick<Mouth, 'listen'>;
}

export class PortRecordings {
  readonly #parts: PortRecordingsParts;
  readonly #running = new Map<number, Recorder>();
  #ended: Promise<unknown> | undefined;

  constructor(parts: PortRecordingsParts) {
    this.#parts = parts;
  }

  /** An order known already is not begun anew. */
  start(order: RecordOrder): void {
    const { port, world, notify, ear, mouth } = this.#parts;
    if (this.#running.has(order.recording)) return;
    if (this.#running.size >= maxRecordings) bug(`more than ${maxRecordings} recordings of one leg`);
    const recorder = new Recorder({
      clock: world.clock,
      files: world.recordings ?? bug('a recording, and no folder for it'),
      order,
      ear,
      mouth,
      onEnd: (end) => {
        this.#running.delete(order.recording);
        notify('recorded', { port, recording: order.recording, end });
      },
    });
    this.#running.set(order.recording, recorder);
  }

  setState({ recording, state }: Ask<'recordState'>): void {
    this.#running.get(recording)?.setState(state);
  }

  stop(recording: number): void {
    void this.#running.get(recording)?.stop();
  }

  skip(ms: number): void {
    for (const recorder of this.#running.values()) recorder.skip(ms);
  }

  describe(): string {
    return [...this.#running.values()].map((recorder) => recorder.describe()).join(', ');
  }

  /** When every file is whole, the port having closed; undefined when nothing was recorded. */
  get ended(): Promise<unknown> | undefined {
    return this.#ended;
  }

  close(): void {
    const all = [...this.#running.values()];
    if (this.#parts.world.aborted) for (const recorder of all) recorder.abandon();
    else if (all.length > 0) this.#ended = Promise.all(all.map((recorder) => recorder.stop()));
  }
}
