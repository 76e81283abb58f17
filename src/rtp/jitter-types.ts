// What goes into a jitter buffer, what comes out of it, and what it counts.
import type { RtpView } from './packet.ts';

export interface JitterOptions {
  /** RTP clock, Hz. */
  clockRate: number;
  /** Length of a frame until the first packet shows it. */
  ptimeMs: number;
  /** Length of a packet's audio in clock units; 0 for comfort noise (RFC 3389). For G.711 and G.722 it is the payload's bytes. */
  unitsOf: (datagram: Uint8Array, view: RtpView) => number;
  minDelayMs?: number;
  maxDelayMs?: number;
}

/**
 * 'frame': decode `payload`. 'noise': the same, but comfort noise parameters: make `units` of noise. 'lost': conceal
 * `units`. 'empty': the far end is silent or not there: `units` of silence, or of the noise it asked for last.
 */
export interface JitterFrame {
  kind: 'frame' | 'noise' | 'lost' | 'empty';
  /** Valid until the next push. */
  payload: Uint8Array;
  payloadType: number;
  /** Length in clock units. */
  units: number;
  /** RTP timestamp of a frame or of noise, modulo 2^32. */
  timestamp: number;
  /** Frames were left out before this one to save delay: the join may be smoothed. */
  spliced: boolean;
}

export type JitterVerdict = 'stored' | 'late' | 'duplicate' | 'suspect' | 'oversize';

export interface JitterCounts {
  stored: number;
  late: number;
  duplicate: number;
  /** Frames of concealment for packets that did not come in time, and their clock units. */
  concealed: number;
  concealedUnits: number;
  /** Frames left out to save delay, and put in to gain it. */
  dropped: number;
  inserted: number;
  /** New time lines: another SSRC, a jump of sequence or timestamp. */
  restarts: number;
}
