// Sequence numbers (RFC 3550 A.1): serial arithmetic, and the extended highest number of one source.
import { maxDropout, maxMisorder, minSequential } from './limits.ts';

/** How far `a` is after `b`, modulo 2^16: -32768..32767. */
export const sequenceDistance = (a: number, b: number): number => ((a - b) << 16) >> 16;

/** How far timestamp `a` is after `b`, modulo 2^32: -2^31..2^31-1. */
export const timestampDistance = (a: number, b: number): number => (a - b) | 0;

/**
 * 'next': in order, perhaps after a gap. 'probation': the source is not valid yet. 'late': reordered or a duplicate.
 * 'suspect': a very large jump, which counts only if the next packet follows it. 'restart': it did; counting began anew.
 */
export type SequenceVerdict = 'next' | 'probation' | 'late' | 'suspect' | 'restart';

/** Follows one source. Make a new one (or `reset`) when the SSRC changes. */
export class SequenceTracker {
  readonly #probationPackets: number;
  #highest = 0;
  /** Wraps seen, times 2^16. */
  #cycles = 0;
  #base = 0;
  #suspect = -1;
  #probation: number;
  #started = false;
  #received = 0;

  /** `probation`: packets in sequence before the source is valid; 0 where signalling already vouches for it. */
  constructor(options: { probation?: number } = {}) {
    this.#probationPackets = options.probation ?? minSequential;
    this.#probation = this.#probationPackets;
  }

  /** Extended highest sequence number received: wraps in the upper bits. */
  get highest(): number {
    return this.#cycles + this.#highest;
  }

  /** Packets counted, duplicates and late ones included, as RFC 3550 wants. */
  get received(): number {
    return this.#received;
  }

  get expected(): number {
    return this.valid ? this.highest - this.#base + 1 : 0;
  }

  /** Expected less received; negative when there are duplicates. */
  get lost(): number {
    return this.expected - this.#received;
  }

  get valid(): boolean {
    return this.#started && this.#probation === 0;
  }

  reset(): void {
    this.#started = false;
    this.#probation = this.#probationPackets;
    this.#received = 0;
    this.#cycles = 0;
    this.#suspect = -1;
  }

  /** The extended number of a sequence number that is near the highest. */
  extend(sequence: number): number {
    return this.highest + sequenceDistance(sequence, this.#highest);
  }

  update(sequence: number): SequenceVerdict {
    if (!this.#started) {
      this.#begin(sequence);
      this.#started = true;
      if (this.#probation > 0) this.#probation--;
      if (this.#probation > 0) return 'probation';
      this.#received = 1;
      return 'next';
    }
    if (this.#probation > 0) return this.#prove(sequence);
    const ahead = (sequence - this.#highest) & 0xffff;
    if (ahead !== 0 && ahead < maxDropout) {
      if (sequence < this.#highest) this.#cycles += 0x10000;
      this.#highest = sequence;
      this.#suspect = -1;
    } else if (ahead !== 0 && ahead <= 0x10000 - maxMisorder) {
      if (sequence !== this.#suspect) {
        this.#suspect = (sequence + 1) & 0xffff;
        return 'suspect';
      }
      this.#begin(sequence);
      this.#received = 1;
      return 'restart';
    } else {
      this.#received++;
      return 'late';
    }
    this.#received++;
    return 'next';
  }

  #prove(sequence: number): SequenceVerdict {
    if (sequence !== ((this.#highest + 1) & 0xffff)) {
      this.#probation = this.#probationPackets - 1;
      this.#begin(sequence);
      return 'probation';
    }
    this.#highest = sequence;
    if (--this.#probation > 0) return 'probation';
    this.#begin(sequence);
    this.#received = 1;
    return 'next';
  }

  #begin(sequence: number): void {
    this.#base = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#suspect = -1;
  }
}
