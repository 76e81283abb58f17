// What happened on one leg's stream, both ways: the source of its RTCP reports and of the figures in the call's event log.
import { jitterBreakMs, maxRoundTripMs } from './limits.ts';
import type { RtpView } from './packet.ts';
import { ntpMiddle, ntpOf, type ReportBlock, type RtcpPacket, type SenderInfo } from './rtcp.ts';
import { SequenceTracker, type SequenceVerdict } from './sequence.ts';

/** Totals of a stream. Times in ms. Concealment and late packets are the jitter buffer's `counts`. */
export interface StreamTotals {
  packetsSent: number;
  /** Payload bytes. */
  bytesSent: number;
  packetsReceived: number;
  bytesReceived: number;
  packetsLost: number;
  /** Reordered or repeated on the way. */
  packetsMisordered: number;
  jitterMs: number;
  /** From our last report that the far end answered. */
  roundTripMs: number | undefined;
  /** From the far end's reports about us. */
  remoteLost: number | undefined;
  remoteFractionLost: number | undefined;
  remoteJitterMs: number | undefined;
}

export interface StreamStatisticsOptions {
  /** Our own SSRC: reports about others' streams are not ours. */
  ssrc: number;
  clockRate: number;
}

export class StreamStatistics {
  readonly #ssrc: number;
  readonly #unitsPerMs: number;
  readonly #tracker = new SequenceTracker({ probation: 0 });
  #remoteSsrc = -1;
  /** Of sources before the present one. */
  #lostBefore = 0;
  #totals: StreamTotals = {
    packetsSent: 0,
    bytesSent: 0,
    packetsReceived: 0,
    bytesReceived: 0,
    packetsLost: 0,
    packetsMisordered: 0,
    jitterMs: 0,
    roundTripMs: undefined,
    remoteLost: undefined,
    remoteFractionLost: undefined,
    remoteJitterMs: undefined,
  };
  /** RFC 3550 A.8, in units of the clock; the last packet's transit time, NaN for none. */
  #jitter = 0;
  #transit = Number.NaN;
  #expectedAtReport = 0;
  #receivedAtReport = 0;
  #lastSenderReport = 0;
  #lastSenderReportAtMs = 0;
  #sentAtReport = 0;

  constructor(options: StreamStatisticsOptions) {
    this.#ssrc = options.ssrc;
    this.#unitsPerMs = options.clockRate / 1000;
  }

  sent(payloadBytes: number): void {
    this.#totals.packetsSent++;
    this.#totals.bytesSent += payloadBytes;
  }

  /** `timed` false for packets whose timestamp is not their own time, such as telephone events: they say nothing about jitter. */
  received(view: RtpView, arrivalMs: number, timed = true): SequenceVerdict {
    if (view.ssrc !== this.#remoteSsrc) this.#newSource(view.ssrc);
    const lostBefore = this.#tracker.lost;
    const verdict = this.#tracker.update(view.sequence);
    if (verdict === 'suspect') return verdict;
    if (verdict === 'restart') this.#forgetReports(lostBefore);
    if (verdict === 'late') this.#totals.packetsMisordered++;
    this.#totals.packetsReceived++;
    this.#totals.bytesReceived += view.payloadEnd - view.payloadStart;
    if (timed) this.#time(view.timestamp, arrivalMs);
    return verdict;
  }

  /** What the far end reports: about our stream, and its sender's clock. */
  report(packets: readonly RtcpPacket[], nowMs: number): void {
    for (const packet of packets) {
      if (packet.type !== 'sender-report' && packet.type !== 'receiver-report') continue;
      if (packet.type === 'sender-report' && packet.ssrc === this.#remoteSsrc) {
        this.#lastSenderReport = ntpMiddle(packet.sender.ntpSeconds, packet.sender.ntpFraction);
        this.#lastSenderReportAtMs = nowMs;
      }
      for (const block of packet.blocks) if (block.ssrc === this.#ssrc) this.#hear(block, nowMs);
    }
  }

  /** Our block about the far end; none before its first packet. The share lost counts from one call to the next. */
  reportBlocks(nowMs: number): ReportBlock[] {
    if (!this.#tracker.valid) return [];
    const { expected, received, highest } = this.#tracker;
    const expectedNow = expected - this.#expectedAtReport;
    const lostNow = expectedNow - (received - this.#receivedAtReport);
    this.#expectedAtReport = expected;
    this.#receivedAtReport = received;
    const heard = this.#lastSenderReport !== 0;
    return [
      {
        ssrc: this.#remoteSsrc,
        fractionLost: lostNow > 0 && expectedNow > 0 ? Math.min(Math.floor((lostNow * 256) / expectedNow), 255) : 0,
        cumulativeLost: this.#tracker.lost,
        highestSequence: highest >>> 0,
        jitter: Math.floor(this.#jitter),
        lastSenderReport: this.#lastSenderReport,
        delaySinceSenderReport: heard ? Math.round(((nowMs - this.#lastSenderReportAtMs) * 65_536) / 1000) >>> 0 : 0,
      },
    ];
  }

  /** For a sender report; undefined when nothing was sent since the last call. `rtpTimestamp`: our stream's at `nowMs`. */
  senderInfo(nowMs: number, rtpTimestamp: number): SenderInfo | undefined {
    const { packetsSent: packets, bytesSent: octets } = this.#totals;
    if (packets === this.#sentAtReport) return undefined;
    this.#sentAtReport = packets;
    const { seconds: ntpSeconds, fraction: ntpFraction } = ntpOf(nowMs);
    return { ntpSeconds, ntpFraction, rtpTimestamp: rtpTimestamp >>> 0, packets: packets >>> 0, octets: octets >>> 0 };
  }

  totals(): StreamTotals {
    const packetsLost = Math.max(0, this.#lostBefore + Math.max(0, this.#tracker.lost));
    return { ...this.#totals, packetsLost, jitterMs: this.#jitter / this.#unitsPerMs };
  }

  #newSource(ssrc: number): void {
    this.#forgetReports(this.#tracker.lost);
    this.#tracker.reset();
    this.#remoteSsrc = ssrc;
    this.#lastSenderReport = 0;
    this.#jitter = 0;
  }

  #forgetReports(lost: number): void {
    this.#lostBefore += Math.max(0, lost);
    this.#expectedAtReport = 0;
    this.#receivedAtReport = 0;
    this.#transit = Number.NaN;
  }

  #time(timestamp: number, arrivalMs: number): void {
    // Modulo 2^32, as the timestamp wraps.
    const transit = ((arrivalMs * this.#unitsPerMs) % 2 ** 32) - timestamp;
    if (!Number.isNaN(this.#transit)) {
      let difference = Math.abs(transit - this.#transit);
      if (difference > 2 ** 31) difference = 2 ** 32 - difference;
      // A jump of the sender's clock is no jitter, though RFC 3550 would count it.
      if (difference <= jitterBreakMs * this.#unitsPerMs) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  #hear(block: ReportBlock, nowMs: number): void {
    const totals = this.#totals;
    totals.remoteLost = block.cumulativeLost;
    totals.remoteFractionLost = block.fractionLost / 256;
    totals.remoteJitterMs = block.jitter / this.#unitsPerMs;
    if (block.lastSenderReport === 0) return;
    const { seconds, fraction } = ntpOf(nowMs);
    const units = (ntpMiddle(seconds, fraction) - block.lastSenderReport - block.delaySinceSenderReport) | 0;
    const roundTripMs = (units * 1000) / 65_536;
    if (roundTripMs <= maxRoundTripMs) totals.roundTripMs = Math.max(0, roundTripMs);
  }
}
