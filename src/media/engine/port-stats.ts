// Port statistics: the figures of a leg's media, from where each is counted.
import type { StreamTotals } from '../../rtp/index.ts';
import type { PortStats } from '../types.ts';

export const portStats = (totals: StreamTotals, more: { packetsLate: number; concealedMs: number }): PortStats => ({
  packetsSent: totals.packetsSent,
  packetsReceived: totals.packetsReceived,
  packetsLost: totals.packetsLost,
  jitterMs: totals.jitterMs,
  roundTripMs: totals.roundTripMs,
  remoteLost: totals.remoteLost,
  bytesSent: totals.bytesSent,
  bytesReceived: totals.bytesReceived,
  ...more,
});
