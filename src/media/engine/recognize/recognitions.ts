// The recognitions of one port.

import { Fault } from '../../../base/index.ts';
import type { RecognizeOrder, Responder } from '../../channel.ts';
import { maxRecognitions } from '../../limits.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';
import type { EngineWorld } from '../world.ts';
import { type Listen, Recognition } from './recognition.ts';

export interface RecognitionsParts {
  world: EngineWorld;
  notify: Responder['notify'];
  port: string;
  ear: Ear;
  mouth: Mouth;
  ptimeMs(): number;
}

export class Recognitions {
  readonly #parts: RecognitionsParts;
  readonly #running = new Map<number, Recognition>();

  constructor(parts: RecognitionsParts) {
    this.#parts = parts;
  }

  /** An order known already is not begun anew. */
  begin(order: RecognizeOrder): { at: number } {
    const { ear, mouth, ...parts } = this.#parts;
    const at = parts.world.clock.now();
    const { recognition } = order;
    if (this.#running.has(recognition)) return { at };
    if (this.#running.size >= maxRecognitions)
      throw new Fault('stt-too-many', `at most ${maxRecognitions} recognizers may listen to one leg`);
    const listen: Listen =
      order.options.side === 'ear' ? (listener) => ear.listen(listener) : (listener) => mouth.listen(listener);
    let over = false;
    const onOver = (): void => {
      over = true;
      this.#running.delete(recognition);
    };
    const begun = new Recognition({ ...parts, order, listen, onOver });
    if (!over) this.#running.set(recognition, begun);
    return { at };
  }

  end(recognition: number): { at: number } {
    return this.#running.get(recognition)?.stop() ?? { at: this.#parts.world.clock.now() };
  }

  /** The port is over; what was said last is still recognized. */
  endAll(): void {
    for (const recognition of [...this.#running.values()]) recognition.stop();
  }
}
