// Telephone events (RFC 4733): digits out of packets, each exactly once, and packets out of digits.
import {
  dtmfEndPackets,
  dtmfGapMs,
  dtmfMaxDurationMs,
  dtmfMinDurationMs,
  dtmfQueueLimit,
  dtmfRemembered,
  dtmfReorderMs,
  dtmfSegmentMaxUnits,
  dtmfSegmentMinUnits,
  dtmfSilenceMs,
} from './limits.ts';
import { type RtpHeader, type RtpView, writeRtpHeader } from './packet.ts';
import { timestampDistance } from './sequence.ts';

/** Event codes 0..15 (RFC 4733 3.2). */
export const dtmfDigits = '0123456789*#ABCD';

export interface DtmfReceiverOptions {
  /** Clock of the telephone-event payload type, Hz. */
  clockRate: number;
  /** A digit has ended: once per event. */
  onDigit: (digit: string, durationMs: number) => void;
  /** A digit has begun to sound; the same event's onDigit follows. */
  onStart?: (digit: string) => void;
}

/**
 * An event is known by its RTP timestamp. It ends with an E bit, with a newer event, or when nothing more comes of it
 * (`tick`), so any one of its packets is enough to hear it.
 */
export class DtmfReceiver {
  readonly #options: DtmfReceiverOptions;
  #active = false;
  #code = 0;
  #timestamp = 0;
  /** Units of the segments before this one (RFC 4733 2.5.1.3), and of this one. */
  #earlierUnits = 0;
  #units = 0;
  #lastAtMs = 0;
  #ssrc = -1;
  /** Timestamps of events already reported; -1 for none. */
  readonly #ended = new Float64Array(dtmfRemembered).fill(-1);
  #endedAt = 0;

  constructor(options: DtmfReceiverOptions) {
    this.#options = options;
  }

  /** A packet of the telephone-event payload type. Malformed ones and events that are no digits are ignored. */
  push(datagram: Uint8Array, view: RtpView, nowMs: number): void {
    const at = view.payloadStart;
    if (view.payloadEnd - at < 4) return;
    const code = datagram[at]!;
    if (code >= dtmfDigits.length) return;
    if (view.ssrc !== this.#ssrc) this.#newSource(view.ssrc);
    const end = (datagram[at + 1]! & 0x80) !== 0;
    const units = (datagram[at + 2]! << 8) | datagram[at + 3]!;
    const timestamp = view.timestamp;
    if (this.#active && timestamp === this.#timestamp) {
      this.#units = Math.max(this.#units, units);
    } else if (this.#ended.includes(timestamp)) {
      return;
    } else if (this.#active && this.#continues(code, view)) {
      this.#remember();
      this.#earlierUnits += timestampDistance(timestamp, this.#timestamp);
      this.#timestamp = timestamp;
      this.#units = units;
    } else if (this.#active && this.#isOlder(timestamp)) {
      // It was overtaken by the event that sounds now, so it is over, whatever its packet says.
      this.#options.onStart?.(dtmfDigits[code]!);
      this.#options.onDigit(dtmfDigits[code]!, this.#ms(units));
      this.#ended[this.#endedAt++ % dtmfRemembered] = timestamp;
      return;
    } else {
      this.#finish();
      this.#begin(code, timestamp, units);
    }
    this.#lastAtMs = nowMs;
    if (end) this.#finish();
  }

  /** Ends an event whose end packets were lost. Call it now and then (each frame will do). */
  tick(nowMs: number): void {
    if (this.#active && nowMs - this.#lastAtMs >= dtmfSilenceMs) this.#finish();
  }

  /** Ends what sounds, as when the leg goes. */
  close(): void {
    this.#finish();
  }

  #begin(code: number, timestamp: number, units: number): void {
    this.#active = true;
    this.#code = code;
    this.#timestamp = timestamp;
    this.#earlierUnits = 0;
    this.#units = units;
    this.#options.onStart?.(dtmfDigits[code]!);
  }

  #finish(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#remember();
    this.#options.onDigit(dtmfDigits[this.#code]!, this.#ms(this.#earlierUnits + this.#units));
  }

  #remember(): void {
    this.#ended[this.#endedAt++ % dtmfRemembered] = this.#timestamp;
  }

  #newSource(ssrc: number): void {
    this.#finish();
    this.#ended.fill(-1);
    this.#ssrc = ssrc;
  }

  /** The next segment of an event longer than the duration field can say. */
  #continues(code: number, view: RtpView): boolean {
    if (view.marker || code !== this.#code) return false;
    const ahead = timestampDistance(view.timestamp, this.#timestamp);
    return ahead >= dtmfSegmentMinUnits && ahead <= 0xffff;
  }

  #isOlder(timestamp: number): boolean {
    const behind = timestampDistance(this.#timestamp, timestamp);
    return behind > 0 && this.#ms(behind) <= dtmfReorderMs;
  }

  #ms(units: number): number {
    return Math.round((units * 1000) / this.#options.clockRate);
  }
}

export interface DtmfSenderOptions {
  /** Clock of the telephone-event payload type, Hz. */
  clockRate: number;
  /** What the far end called it. */
  payloadType: number;
  /** Time between two calls of `next`. */
  ptimeMs: number;
}

/** Where a leg's output stands: its SSRC, the sequence number of the next packet, the timestamp of the next frame. */
export interface RtpOutput {
  readonly ssrc: number;
  sequence: number;
  readonly timestamp: number;
}

type Queued = { code: number; ms: number; begins?: () => void };
/** Not an event code: a pause. */
const pauseCode = -1;

/**
 * Sends digits in place of audio, on the leg's own SSRC and sequence numbers. Each frame time the leg calls `next`; when it
 * gives 0 the time belongs to audio.
 */
export class DtmfSender {
  readonly #options: DtmfSenderOptions;
  readonly #header: RtpHeader;
  readonly #queue: Queued[] = [];
  #code = pauseCode;
  #startTimestamp = 0;
  /** Units of the event's whole length, and sent so far. */
  #totalUnits = 0;
  #sentUnits = 0;
  #endsLeft = 0;
  #waitMs = 0;

  constructor(options: DtmfSenderOptions) {
    this.#options = options;
    this.#header = { marker: false, payloadType: options.payloadType, sequence: 0, timestamp: 0, ssrc: 0 };
  }

  /** Something is being sent or waits to be. */
  get busy(): boolean {
    return this.#endsLeft > 0 || this.#waitMs > 0 || this.#queue.length > 0;
  }

  /** Queues a digit (0-9 * # A-D, any case). False when it is none, or when too much waits. `begins` with its first packet. */
  send(digit: string, durationMs: number, begins?: () => void): boolean {
    const code = digit.length === 1 ? dtmfDigits.indexOf(digit.toUpperCase()) : -1;
    if (code < 0 || this.#queue.length >= dtmfQueueLimit) return false;
    const ms = Math.min(Math.max(durationMs, dtmfMinDurationMs), dtmfMaxDurationMs);
    this.#queue.push({ code, ms, ...(begins && { begins }) });
    return true;
  }

  /** Queues a pause between digits. */
  pause(ms: number): boolean {
    if (this.#queue.length >= dtmfQueueLimit) return false;
    this.#queue.push({ code: pauseCode, ms });
    return true;
  }

  /** Drops what waits; the event that sounds gets its end packets. */
  cancel(): void {
    this.#queue.length = 0;
    this.#totalUnits = this.#sentUnits;
  }

  /**
   * Writes this frame time's packet (16 bytes) into `packet` and takes a sequence number, or gives 0. The leg advances its
   * timestamp by one frame after each call either way.
   */
  next(output: RtpOutput, packet: Uint8Array): number {
    if (this.#endsLeft === 0 && !this.#startNext(output.timestamp)) return 0;
    const step = (this.#options.clockRate * this.#options.ptimeMs) / 1000;
    const first = this.#sentUnits === 0;
    const full = this.#sentUnits + step > dtmfSegmentMaxUnits;
    if (full && this.#sentUnits < this.#totalUnits) this.#nextSegment();
    this.#sentUnits = Math.min(this.#sentUnits + step, this.#totalUnits);
    const end = this.#sentUnits >= this.#totalUnits;
    const header = this.#header;
    header.marker = first;
    header.timestamp = this.#startTimestamp;
    header.sequence = output.sequence;
    header.ssrc = output.ssrc;
    output.sequence = (output.sequence + 1) & 0xffff;
    const at = writeRtpHeader(packet, header);
    packet[at] = this.#code;
    packet[at + 1] = (end ? 0x80 : 0) | dtmfVolume;
    packet[at + 2] = this.#sentUnits >>> 8;
    packet[at + 3] = this.#sentUnits;
    if (end && --this.#endsLeft === 0) this.#waitMs = dtmfGapMs;
    return at + 4;
  }

  /** RFC 4733 2.5.1.3: the duration field is full. The timestamp goes on; no marker and no end stand between. */
  #nextSegment(): void {
    this.#startTimestamp = (this.#startTimestamp + this.#sentUnits) >>> 0;
    this.#totalUnits -= this.#sentUnits;
    this.#sentUnits = 0;
  }

  /** True when a digit begins with this frame. */
  #startNext(timestamp: number): boolean {
    if (this.#waitMs > 0) {
      this.#waitMs -= this.#options.ptimeMs;
      return false;
    }
    const queued = this.#queue.shift();
    if (!queued) return false;
    if (queued.code === pauseCode) {
      this.#waitMs = queued.ms - this.#options.ptimeMs;
      return false;
    }
    this.#code = queued.code;
    this.#startTimestamp = timestamp;
    this.#totalUnits = Math.round((queued.ms * this.#options.clockRate) / 1000);
    this.#sentUnits = 0;
    this.#endsLeft = dtmfEndPackets;
    queued.begins?.();
    return true;
  }
}

/** -10 dBm0, as most phones send (RFC 4733 2.3.3: dBm0 with the sign dropped). */
const dtmfVolume = 10;
