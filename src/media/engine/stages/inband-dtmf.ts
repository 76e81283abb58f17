// In-band DTMF: finds digits in what the far end says, for those that send neither telephone events nor INFO. Changes nothing.
import { DtmfDetector } from '../../../audio/index.ts';
import type { DigitEvent } from '../../types.ts';
import type { Stage } from './types.ts';

export class InbandDtmf implements Stage {
  readonly #detector: DtmfDetector;

  constructor(sampleRate: number, onDigit: (event: DigitEvent) => void) {
    this.#detector = new DtmfDetector(sampleRate);
    this.#detector.onDigit = ({ digit, durationMs }) => onDigit({ digit, durationMs, source: 'inband' });
  }

  describe(): string {
    return 'dtmf?';
  }

  process(frame: Int16Array): void {
    this.#detector.process(frame);
  }
}
