// Follower: where another stream's packets stand in an output's own sequence and time, with its gaps and its order kept.
import { maxDropout, maxMisorder, type RtpView, sequenceDistance, timestampDistance } from '../../../rtp/index.ts';
import { followBreakMs } from '../../limits.ts';

/** Where an output stands: the sequence number of its next packet, and the time of its next frame. */
export interface Standing {
  readonly sequence: number;
  readonly timestamp: number;
}

/** A packet's numbers in the output. */
export interface Place {
  sequence: number;
  timestamp: number;
}

const unitsPerMs = 8;

export class Follower {
  #ssrc = -1;
  /** What is added to the source's numbers. */
  #sequenceOffset = 0;
  #timestampOffset = 0;
  /** The first packet of the source that is followed, then one not far behind the newest: what is older went out otherwise. */
  #base = 0;
  #highest = 0;
  /** The newest packet's timestamp, and when it came. */
  #timestamp = 0;
  #at = 0;
  readonly #place: Place = { sequence: 0, timestamp: 0 };

  /** The source's packets are followed from this one on, which gets the output's next numbers. */
  anchor(view: RtpView, now: number, standing: Standing): void {
    this.#ssrc = view.ssrc;
    this.#sequenceOffset = standing.sequence - view.sequence;
    this.#timestampOffset = standing.timestamp - view.timestamp;
    this.#base = view.sequence;
    this.#highest = (view.sequence - 1) & 0xffff;
    this.#timestamp = view.timestamp;
    this.#at = now;
  }

  /** Can it be followed with what is known? Another source, or a jump in its numbers or its time, must be anchored anew. */
  knows(view: RtpView, now: number, timed: boolean): boolean {
    if (view.ssrc !== this.#ssrc) return false;
    const ahead = sequenceDistance(view.sequence, this.#highest);
    if (ahead >= maxDropout || ahead < -maxMisorder) return false;
    if (!timed || ahead <= 0) return true;
    const jumpMs = timestampDistance(view.timestamp, this.#timestamp) / unitsPerMs - (now - this.#at);
    return Math.abs(jumpMs) < followBreakMs;
  }

  /** The packet's numbers (reused), or undefined when it is older than what is followed. `timed`: its timestamp is its own time. */
  follow(view: RtpView, now: number, timed: boolean): Place | undefined {
    if (sequenceDistance(view.sequence, this.#base) < 0) return undefined;
    const place = this.#place;
    place.sequence = (view.sequence + this.#sequenceOffset) & 0xffff;
    place.timestamp = (view.timestamp + this.#timestampOffset) >>> 0;
    if (sequenceDistance(view.sequence, this.#highest) <= 0) return place;
    this.#highest = view.sequence;
    if (sequenceDistance(view.sequence, this.#base) > maxMisorder) this.#base = (view.sequence - maxMisorder) & 0xffff;
    if (timed) {
      this.#timestamp = view.timestamp;
      this.#at = now;
    }
    return place;
  }
}
