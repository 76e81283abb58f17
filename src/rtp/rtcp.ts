// RTCP (RFC 3550 6): compound packets read and written, clock arithmetic, and when to send the next one.
import type { Random } from '../base/index.ts';
import { maxReportBlocks, maxRtcpPackets, maxRtcpText, rtcpBandwidthShare, rtcpMinIntervalMs } from './limits.ts';

/** What a receiver says about one source (RFC 3550 6.4.1). */
export interface ReportBlock {
  ssrc: number;
  /** Share lost since the last report, in 1/256. */
  fractionLost: number;
  /** Packets lost in all; negative with duplicates. 24 bits, signed. */
  cumulativeLost: number;
  /** Extended highest sequence number, 32 bits. */
  highestSequence: number;
  /** In clock units. */
  jitter: number;
  /** Middle 32 bits of the NTP time in the last sender report, and the time since it, in 1/65536 s; 0 and 0 when there was none. */
  lastSenderReport: number;
  delaySinceSenderReport: number;
}

export interface SenderInfo {
  /** NTP time: seconds since 1900 and their 2^-32 fractions. */
  ntpSeconds: number;
  ntpFraction: number;
  rtpTimestamp: number;
  packets: number;
  octets: number;
}

export type RtcpPacket =
  | { type: 'sender-report'; ssrc: number; sender: SenderInfo; blocks: ReportBlock[] }
  | { type: 'receiver-report'; ssrc: number; blocks: ReportBlock[] }
  | { type: 'description'; chunks: { ssrc: number; cname: string | undefined }[] }
  | { type: 'goodbye'; ssrcs: number[]; reason: string | undefined };

const senderReport = 200;
const receiverReport = 201;
const sourceDescription = 202;
const goodbye = 203;
const cnameItem = 1;
const blockBytes = 24;

const text = new TextDecoder();
const encoder = new TextEncoder();

/** The packets of a compound, others than these four left out; undefined when any part is malformed (RFC 3550 A.2). A lone report without SDES is taken (RFC 5506). */
export function parseRtcp(datagram: Uint8Array): RtcpPacket[] | undefined {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const packets: RtcpPacket[] = [];
  let at = 0;
  for (let count = 0; at < datagram.length; count++) {
    if (count === maxRtcpPackets || at + 4 > datagram.length) return undefined;
    const first = view.getUint8(at);
    const type = view.getUint8(at + 1);
    const next = at + 4 + 4 * view.getUint16(at + 2);
    if (first >>> 6 !== 2 || type < 192 || type > 223 || next > datagram.length) return undefined;
    let end = next;
    if ((first & 0x20) !== 0) {
      // Only the last packet may be padded.
      const padding = view.getUint8(next - 1);
      if (next !== datagram.length || padding === 0 || padding % 4 !== 0 || padding > next - at - 4) return undefined;
      end -= padding;
    }
    const packet = readPacket(new DataView(view.buffer, view.byteOffset + at, end - at), type, first & 0x1f);
    if (packet === undefined) return undefined;
    if (packet !== 'other') packets.push(packet);
    at = next;
  }
  return datagram.length === 0 ? undefined : packets;
}

/** One packet, header included, padding not. */
function readPacket(view: DataView, type: number, count: number): RtcpPacket | 'other' | undefined {
  const bytes = view.byteLength;
  switch (type) {
    case senderReport: {
      if (bytes < 28 + count * blockBytes) return undefined;
      const sender: SenderInfo = {
        ntpSeconds: view.getUint32(8),
        ntpFraction: view.getUint32(12),
        rtpTimestamp: view.getUint32(16),
        packets: view.getUint32(20),
        octets: view.getUint32(24),
      };
      return { type: 'sender-report', ssrc: view.getUint32(4), sender, blocks: readBlocks(view, 28, count) };
    }
    case receiverReport:
      if (bytes < 8 + count * blockBytes) return undefined;
      return { type: 'receiver-report', ssrc: view.getUint32(4), blocks: readBlocks(view, 8, count) };
    case sourceDescription:
      return readDescription(view, count);
    case goodbye: {
      if (bytes < 4 + 4 * count) return undefined;
      const ssrcs = Array.from({ length: count }, (_, i) => view.getUint32(4 + 4 * i));
      const at = 4 + 4 * count;
      const length = bytes > at ? view.getUint8(at) : 0;
      if (length > 0 && at + 1 + length > bytes) return undefined;
      return { type: 'goodbye', ssrcs, reason: length > 0 ? textAt(view, at + 1, length) : undefined };
    }
    default:
      return 'other';
  }
}

const readBlocks = (view: DataView, from: number, count: number): ReportBlock[] =>
  Array.from({ length: count }, (_, i) => {
    const at = from + i * blockBytes;
    return {
      ssrc: view.getUint32(at),
      fractionLost: view.getUint8(at + 4),
      cumulativeLost: (view.getInt32(at + 4) << 8) >> 8,
      highestSequence: view.getUint32(at + 8),
      jitter: view.getUint32(at + 12),
      lastSenderReport: view.getUint32(at + 16),
      delaySinceSenderReport: view.getUint32(at + 20),
    };
  });

const textAt = (view: DataView, at: number, length: number): string =>
  text.decode(new Uint8Array(view.buffer, view.byteOffset + at, length));

/** Chunks of items, each chunk ended by a zero and padded to four bytes (RFC 3550 6.5). */
function readDescription(view: DataView, count: number): RtcpPacket | undefined {
  const chunks: { ssrc: number; cname: string | undefined }[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 4 > view.byteLength) return undefined;
    const chunk = { ssrc: view.getUint32(at), cname: undefined as string | undefined };
    at += 4;
    for (;;) {
      if (at >= view.byteLength) return undefined;
      const item = view.getUint8(at);
      if (item === 0) break;
      const length = at + 1 < view.byteLength ? view.getUint8(at + 1) : 256;
      if (at + 2 + length > view.byteLength) return undefined;
      if (item === cnameItem) chunk.cname = textAt(view, at + 2, length);
      at += 2 + length;
    }
    at = (at + 4) & ~3;
    chunks.push(chunk);
  }
  return { type: 'description', chunks };
}

export interface RtcpReport {
  ssrc: number;
  /** Who we are, the same for all our streams of a session (RFC 7022 gives names that tell nothing). */
  cname: string;
  /** Present when we sent since the last two reports: makes it a sender report. */
  sender: SenderInfo | undefined;
  blocks: readonly ReportBlock[];
  /** Ends with BYE. */
  bye?: boolean;
}

/** Writes a compound: SR or RR, SDES with the CNAME, and BYE when we go. Gives its length; `buffer` needs 128 bytes plus 24 for each block and the CNAME's. */
export function writeRtcp(buffer: Uint8Array, report: RtcpReport): number {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const blocks = report.blocks.slice(0, maxReportBlocks);
  let at = 8;
  view.setUint32(4, report.ssrc);
  if (report.sender) {
    view.setUint32(8, report.sender.ntpSeconds);
    view.setUint32(12, report.sender.ntpFraction);
    view.setUint32(16, report.sender.rtpTimestamp);
    view.setUint32(20, report.sender.packets);
    view.setUint32(24, report.sender.octets);
    at = 28;
  }
  for (const block of blocks) {
    writeBlock(view, at, block);
    at += blockBytes;
  }
  writeHeader(view, 0, { type: report.sender ? senderReport : receiverReport, count: blocks.length, end: at });
  at = writeDescription(buffer, view, at, report);
  if (!report.bye) return at;
  view.setUint32(at + 4, report.ssrc);
  writeHeader(view, at, { type: goodbye, count: 1, end: at + 8 });
  return at + 8;
}

function writeHeader(view: DataView, at: number, header: { type: number; count: number; end: number }): void {
  view.setUint8(at, 0x80 | header.count);
  view.setUint8(at + 1, header.type);
  view.setUint16(at + 2, (header.end - at) / 4 - 1);
}

function writeBlock(view: DataView, at: number, block: ReportBlock): void {
  const lost = Math.min(Math.max(block.cumulativeLost, -0x800000), 0x7fffff);
  view.setUint32(at, block.ssrc);
  view.setUint32(at + 4, (block.fractionLost << 24) | (lost & 0xffffff));
  view.setUint32(at + 8, block.highestSequence);
  view.setUint32(at + 12, block.jitter);
  view.setUint32(at + 16, block.lastSenderReport);
  view.setUint32(at + 20, block.delaySinceSenderReport);
}

function writeDescription(buffer: Uint8Array, view: DataView, start: number, report: RtcpReport): number {
  const { written } = encoder.encodeInto(report.cname, buffer.subarray(start + 10, start + 10 + maxRtcpText));
  view.setUint32(start + 4, report.ssrc);
  view.setUint8(start + 8, cnameItem);
  view.setUint8(start + 9, written);
  const end = (start + 10 + written + 4) & ~3;
  buffer.fill(0, start + 10 + written, end);
  writeHeader(view, start, { type: sourceDescription, count: 1, end });
  return end;
}

/** Seconds from 1900 (NTP) to 1970 (Unix). */
const ntpOffset = 2_208_988_800;

/** NTP time of a clock reading in Unix ms. */
export function ntpOf(unixMs: number): { seconds: number; fraction: number } {
  const seconds = Math.floor(unixMs / 1000);
  return {
    seconds: (seconds + ntpOffset) >>> 0,
    fraction: Math.floor(((unixMs - seconds * 1000) / 1000) * 2 ** 32) >>> 0,
  };
}

/** The middle 32 bits of an NTP time: 1/65536 s, wrapping every 18 hours. */
export const ntpMiddle = (seconds: number, fraction: number): number => ((seconds << 16) | (fraction >>> 16)) >>> 0;

export interface RtcpIntervalOptions {
  /** Participants, and those that send; two-party calls: 2 and 1 or 2. */
  members: number;
  senders: number;
  weSent: boolean;
  /** Bandwidth of the session, bytes/s. */
  sessionBandwidth: number;
  /** Running average of compound packets, IP and UDP headers included. */
  averageBytes: number;
  /** No report sent yet. */
  initial: boolean;
  random: Random;
}

/** Milliseconds to the next report (RFC 3550 6.3.1, A.7): half to one and a half times the calculated interval, over e - 3/2. */
export function rtcpIntervalMs(o: RtcpIntervalOptions): number {
  let bandwidth = o.sessionBandwidth * rtcpBandwidthShare;
  let members = o.members;
  if (o.senders <= o.members / 4) {
    bandwidth *= o.weSent ? 0.25 : 0.75;
    members = o.weSent ? o.senders : o.members - o.senders;
  }
  const least = o.initial ? rtcpMinIntervalMs / 2 : rtcpMinIntervalMs;
  const calculated = Math.max(bandwidth > 0 ? (1000 * o.averageBytes * members) / bandwidth : 0, least);
  return (calculated * (0.5 + o.random.next())) / (Math.E - 1.5);
}
