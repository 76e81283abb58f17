// Reports: a leg's RTCP (RFC 3550 6). When the next one is due, where it goes, and what came from the far end.
import { type Address, type Random, randomHex, sameAddress } from '../../base/index.ts';
import { parseRtcp, rtcpIntervalMs, type StreamStatistics, writeRtcp } from '../../rtp/index.ts';
import { type AgreedMedia, isZeroAddress } from '../../sdp/index.ts';
import { maxRtcpBytes } from '../limits.ts';
import type { SourceLatch } from './source-latch.ts';

export interface ReportsOptions {
  random: Random;
  ssrc: number;
  statistics: StreamStatistics;
  latch: SourceLatch;
}

/** Payload and headers of one G.711 or G.722 stream, bytes/s; and a usual compound packet with its headers. */
const sessionBandwidth = 2 * 10_000;
const averageBytes = 120;

export class Reports {
  readonly #options: ReportsOptions;
  /** Tells nothing about the host (RFC 7022). */
  readonly #cname: string;
  readonly #packet = new Uint8Array(256);
  #media: AgreedMedia | undefined;
  #nextAt = Number.POSITIVE_INFINITY;
  #sent = 0;
  /** Where the far end's RTCP comes from, when not from where SDP says (NAT). */
  #source: Address | undefined;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#cname = randomHex(options.random, 12);
  }

  configure(media: AgreedMedia, now: number): void {
    if (this.#media && !sameAddress(this.#media.remoteRtcp, media.remoteRtcp)) this.#source = undefined;
    this.#media = media;
    if (this.#nextAt === Number.POSITIVE_INFINITY) this.#nextAt = now + this.#interval();
  }

  isDue(now: number): boolean {
    return now >= this.#nextAt;
  }

  /** Where reports go; undefined while nobody is known, or the far end wants to be sent nothing (0.0.0.0, port 0). */
  get target(): Address | undefined {
    const target = this.#wanted;
    return target && target.port !== 0 && !isZeroAddress(target.host) ? target : undefined;
  }

  get #wanted(): Address | undefined {
    const media = this.#media;
    const { latched, remote } = this.#options.latch;
    if (!media || media.rtcpMux) return media && remote;
    if (this.#source) return this.#source;
    // Behind a NAT: RTCP's port was probably mapped next to RTP's.
    if (latched && latched.host !== media.remote.host) return { host: latched.host, port: latched.port + 1 };
    return media.remoteRtcp;
  }

  get muxed(): boolean {
    return this.#media?.rtcpMux ?? false;
  }

  /** The next compound packet; valid until the next call. `rtpTimestamp`: our stream's at `now`. */
  next(now: number, rtpTimestamp: number, bye: boolean): Uint8Array {
    const { ssrc, statistics } = this.#options;
    const sender = statistics.senderInfo(now, rtpTimestamp);
    const report = { ssrc, cname: this.#cname, sender, blocks: statistics.reportBlocks(now), bye };
    this.#sent++;
    this.#nextAt = now + this.#interval();
    return this.#packet.subarray(0, writeRtcp(this.#packet, report));
  }

  /** A datagram from the RTCP port, or a multiplexed one. Strangers' are not believed. */
  push(datagram: Uint8Array, from: Address, now: number): boolean {
    const media = this.#media;
    const remote = this.#options.latch.remote;
    if (!media || (from.host !== remote?.host && from.host !== media.remoteRtcp.host)) return false;
    const packets = datagram.length <= maxRtcpBytes ? parseRtcp(datagram) : undefined;
    if (!packets) return false;
    if (!media.rtcpMux && !sameAddress(from, media.remoteRtcp)) this.#source = from;
    this.#options.statistics.report(packets, now);
    return true;
  }

  /** Has any report gone out? A stream without one needs no BYE (RFC 3550 6.3.7). */
  get spoken(): boolean {
    return this.#sent > 0;
  }

  #interval(): number {
    return rtcpIntervalMs({
      members: 2,
      senders: 2,
      weSent: true,
      sessionBandwidth,
      averageBytes,
      initial: this.#sent === 0,
      random: this.#options.random,
    });
  }
}
