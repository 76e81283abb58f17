// Tally: how far an output's time has run ahead of the wall's by switching, so that what one switch put in the next takes out.
import { type RtpView, timestampDistance } from '../../../rtp/index.ts';
import { tallyBreakMs } from '../../limits.ts';

const unitsPerMs = 8;

export class Tally {
  #ssrc = -1;
  #offset = 0;
  #baseMs = 0;

  /**
   * Milliseconds ahead (behind: negative), as this packet is about to get the output's `timestamp`. `baseMs`: the source's time line,
   * which is against the wall's: a clock that drifts is no switch. A new line counts from here.
   */
  aheadMs(view: RtpView, timestamp: number, baseMs: number | undefined): number {
    const offset = (timestamp - view.timestamp) >>> 0;
    if (baseMs === undefined) return 0;
    const ahead = timestampDistance(offset, this.#offset) / unitsPerMs - (baseMs - this.#baseMs);
    if (view.ssrc === this.#ssrc && Math.abs(ahead) < tallyBreakMs) return ahead;
    this.#ssrc = view.ssrc;
    this.#offset = offset;
    this.#baseMs = baseMs;
    return 0;
  }
}
