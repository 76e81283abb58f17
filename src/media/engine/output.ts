// Output: what a leg sends. It owns SSRC, sequence and timestamps, whatever makes the audio (house law 4).
import { type Codec, codecByName, type Encoder } from '../../audio/index.ts';
import { bug } from '../../base/index.ts';
import {
  type RtpHeader,
  type RtpOutput,
  type RtpView,
  rtpHeaderBytes,
  sequenceDistance,
  timestampDistance,
  writeRtpHeader,
} from '../../rtp/index.ts';
import type { OutputState } from '../channel.ts';
import { catchUpLeastMs } from '../limits.ts';
import type { Place } from './joined/follower.ts';
import { sharedPayload } from './shared-frames.ts';
import { stretch } from './stages/fade.ts';

export interface OutputFormat {
  codec: string;
  payloadType: number;
  clockRate: number;
  ptimeMs: number;
}

/** How another stream's packet goes out. */
export interface PassedAs {
  /** Its numbers. */
  place: Place;
  payloadType: number;
  /** Its audio's length, 0 for none (an event's time is not the stream's). */
  units: number;
  now: number;
}

export class Output implements RtpOutput {
  readonly ssrc: number;
  sequence: number;
  timestamp: number;
  /** When `timestamp` is due; 0 before anything was. */
  dueAt = 0;
  packets = 0;
  /** Payload bytes, as sender reports count them. */
  octets = 0;
  #codec: Codec | undefined;
  #encoder: Encoder | undefined;
  #format: OutputFormat | undefined;
  /** Timestamp units of one frame. */
  #units = 0;
  /** Header and payload of one frame. */
  #packet: Uint8Array = new Uint8Array(rtpHeaderBytes);
  #payload: Uint8Array = new Uint8Array(0);
  /** The same with silence in it, for codecs that keep no state. */
  #silence: Uint8Array | undefined;
  #zeros = new Int16Array(0);
  /** Sent by others, up to the next frame. */
  #heard: readonly Int16Array[] | undefined;
  /** Of packets that are passed on. */
  readonly #passed: RtpHeader = { marker: false, payloadType: 0, sequence: 0, timestamp: 0, ssrc: 0 };
  readonly #header: RtpHeader = { marker: true, payloadType: 0, sequence: 0, timestamp: 0, ssrc: 0 };

  constructor(state: OutputState) {
    this.ssrc = state.ssrc;
    this.sequence = state.sequence;
    this.timestamp = state.timestamp;
    this.#header.ssrc = this.ssrc;
    this.#passed.ssrc = this.ssrc;
  }

  /** For another worker to go on from. While a key is passed on, packets go out and the stream's own time stands: it is made up for here. */
  stateAt(now: number): OutputState {
    const { ssrc, sequence, timestamp } = this;
    const late = this.#format && this.dueAt > 0 ? Math.floor((now - this.dueAt) / this.#format.ptimeMs) : 0;
    return { ssrc, sequence, timestamp: (timestamp + Math.max(0, late) * this.#units) >>> 0 };
  }

  get sampleRate(): number {
    return this.#codec?.sampleRate ?? 8000;
  }

  /** Codec, payload type or packet time change; SSRC, sequence and timestamps go on. */
  setFormat(format: OutputFormat): void {
    const codec = codecByName(format.codec) ?? bug(`no codec ${format.codec}`);
    const old = this.#format;
    this.#format = format;
    if (codec !== this.#codec) this.#encoder = codec.makeEncoder();
    this.#header.payloadType = format.payloadType;
    if (codec === this.#codec && old?.ptimeMs === format.ptimeMs && old.payloadType === format.payloadType) return;
    this.#codec = codec;
    this.#units = (format.clockRate * format.ptimeMs) / 1000;
    const bytes = Math.round(codec.bytesPerMs * format.ptimeMs);
    this.#packet = new Uint8Array(rtpHeaderBytes + bytes);
    this.#payload = this.#packet.subarray(rtpHeaderBytes);
    this.#zeros = new Int16Array((codec.sampleRate * format.ptimeMs) / 1000);
    // A codec that gives every stream the same encoder keeps no state: its silence is always the same bytes.
    this.#silence = undefined;
    const another = codec.makeEncoder();
    if (this.#encoder === another) {
      this.#silence = new Uint8Array(this.#packet.length);
      another.encode(this.#zeros, this.#silence.subarray(rtpHeaderBytes));
    }
    this.#header.marker = true;
  }

  /** The next packet, ready to be sent; the bytes are reused by the next call. `pcm` undefined is silence. */
  next(pcm: Int16Array | undefined): Uint8Array {
    let packet = this.#packet;
    if (this.#heard) pcm = this.#leadIn(pcm ?? this.#zeros);
    if (pcm) this.#encode(pcm);
    else if (this.#silence) packet = this.#silence;
    else this.#encoder!.encode(this.#zeros, this.#payload);
    const header = this.#header;
    header.sequence = this.sequence;
    header.timestamp = this.timestamp;
    writeRtpHeader(packet, header);
    header.marker = false;
    this.sequence = (this.sequence + 1) & 0xffff;
    this.packets++;
    this.octets += this.#payload.length;
    return packet;
  }

  #encode(pcm: Int16Array): void {
    // An encoder that keeps state is in a state of its own on each leg.
    const same = this.#silence && sharedPayload(pcm, this.#encoder!, this.#payload.length);
    if (same) this.#payload.set(same);
    else this.#encoder!.encode(pcm, this.#payload);
  }

  /** Another stream's packet as ours, its header written in place before the payload. */
  pass(datagram: Uint8Array, view: RtpView, as: PassedAs): Uint8Array {
    const { place, units, now } = as;
    const header = this.#passed;
    header.marker = view.marker || (this.#header.marker && units > 0);
    header.payloadType = as.payloadType;
    header.sequence = place.sequence;
    header.timestamp = place.timestamp;
    const start = view.payloadStart - rtpHeaderBytes;
    const whole = start === 0 && view.payloadEnd === datagram.length;
    const packet = whole ? datagram : datagram.subarray(start, view.payloadEnd);
    writeRtpHeader(packet, header);
    // What comes after the newest; a late packet goes out as it is.
    if (sequenceDistance(place.sequence, this.sequence) >= 0) this.sequence = (place.sequence + 1) & 0xffff;
    if (units > 0) {
      this.#header.marker = false;
      const next = (place.timestamp + units) >>> 0;
      if (timestampDistance(next, this.timestamp) > 0) {
        this.timestamp = next;
        this.dueAt = now + (units * 1000) / this.clockRate;
      }
    }
    this.packets++;
    this.octets += view.payloadEnd - view.payloadStart;
    return packet;
  }

  /** The far end was sent `heard` by others: an encoder that keeps state goes on from it with the next frame. */
  goOn(heard: readonly Int16Array[]): void {
    if (!this.#silence) this.#heard = heard;
  }

  /**
   * What we decode and encode anew is later than what was sent on as it came, by the codec's own delay. The first frame catches up:
   * the encoder has been through its beginning already, and the frame is stretched, from there to its end.
   */
  #leadIn(pcm: Int16Array): Int16Array {
    const encoder = this.#encoder!;
    const lead = this.#codec!.delaySamples;
    const scratch = new Uint8Array(2 * pcm.length);
    for (const heard of this.#heard!) encoder.encode(heard, scratch);
    this.#heard = undefined;
    if (pcm.length < 2 * lead) return pcm;
    encoder.encode(pcm.subarray(0, lead), scratch);
    return stretch(pcm, lead);
  }

  /** Payload bytes and samples of one frame. */
  get frameBytes(): number {
    return this.#payload.length;
  }

  get frameSamples(): number {
    return this.#zeros.length;
  }

  /** Timestamp units of so many payload bytes. */
  unitsOf(bytes: number): number {
    return this.#payload.length === 0 ? 0 : Math.round((bytes * this.#units) / this.#payload.length);
  }

  /** 8000 for all our codecs, G.722 too (RFC 3551 4.5.2). */
  get clockRate(): number {
    return this.#format?.clockRate ?? 8000;
  }

  /** One frame time has passed, sent or not; the next frame is due then. */
  advance(dueAt: number): void {
    this.timestamp = (this.timestamp + this.#units) >>> 0;
    this.dueAt = dueAt;
  }

  /** Moves on by the whole frames for which it is late: nothing was sent in that time. A little late is only jitter. */
  catchUp(now: number): void {
    const format = this.#format;
    if (!format || this.dueAt === 0 || now - this.dueAt < catchUpLeastMs) return;
    this.skip(Math.floor((now - this.dueAt) / format.ptimeMs) * format.ptimeMs);
  }

  /** Time in which nothing was sent; the next packet begins a talk spurt. */
  skip(ms: number): void {
    if (ms > 0 && this.#format)
      this.timestamp = (this.timestamp + Math.round((this.#format.clockRate * ms) / 1000)) >>> 0;
    this.#header.marker = true;
  }
}
