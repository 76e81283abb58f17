// Output: what a leg sends. It owns SSRC, sequence and timestamps, whatever makes the audio (house law 4).
import { type Codec, codecByName, type Encoder } from '../../audio/index.ts';
import { bug } from '../../base/index.ts';
import { type RtpHeader, type RtpOutput, rtpHeaderBytes, writeRtpHeader } from '../../rtp/index.ts';
import type { OutputState } from '../channel.ts';

export interface OutputFormat {
  codec: string;
  payloadType: number;
  clockRate: number;
  ptimeMs: number;
}

export class Output implements RtpOutput {
  readonly ssrc: number;
  sequence: number;
  timestamp: number;
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
  readonly #header: RtpHeader = { marker: true, payloadType: 0, sequence: 0, timestamp: 0, ssrc: 0 };

  constructor(state: OutputState) {
    this.ssrc = state.ssrc;
    this.sequence = state.sequence;
    this.timestamp = state.timestamp;
    this.#header.ssrc = this.ssrc;
  }

  get state(): OutputState {
    return { ssrc: this.ssrc, sequence: this.sequence, timestamp: this.timestamp };
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
    if (pcm) this.#encoder!.encode(pcm, this.#payload);
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

  /** One frame time has passed, sent or not. */
  advance(): void {
    this.timestamp = (this.timestamp + this.#units) >>> 0;
  }

  /** Time in which nothing was sent; the next packet begins a talk spurt. */
  skip(ms: number): void {
    if (ms > 0 && this.#format)
      this.timestamp = (this.timestamp + Math.round((this.#format.clockRate * ms) / 1000)) >>> 0;
    this.#header.marker = true;
  }
}
