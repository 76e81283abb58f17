// The ears and mouth of the independent UA: RTP over node:dgram, PCMU and RFC 4733 digits, bytes written by hand.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encodeSample, silenceByte } from './g711.ts';
import { sinePcm } from './sine.ts';

const frame = 160;
const frameMs = 20;
/** A timer of half a frame that comes this late was kept waiting. */
const stallMs = 25;
export const digitPayload = 101;

export interface Packet {
  seq: number;
  timestamp: number;
  ssrc: number;
  payload: number;
  marker: boolean;
  bytes: Buffer;
  /** Arrival, ms of performance.now(). */
  at: number;
}

/** What becomes of a packet that is about to be sent. */
export type Fate = 'sent' | 'dropped' | 'doubled';

export class RtpPeer {
  readonly received: Packet[] = [];
  /** When this process did not get the processor: what came then is seen late. */
  readonly stalls: { at: number; ms: number }[] = [];
  /** Digits whose end came, in order. */
  readonly digits: string[] = [];
  fate: () => Fate = () => 'sent';
  /** Frames of 160 bytes to send in place of silence. */
  readonly speech: Uint8Array[] = [];
  /** A second that is said over and over while there is no other speech. */
  #song: Uint8Array | undefined;
  #songAt = 0;
  /** Audio of each packet, ms: 20 unless set before it is aimed; then `speech` has frames of that length. */
  ptimeMs = frameMs;
  readonly #socket: Socket;
  #target: { host: string; port: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #seq = 4711;
  #timestamp = 90_000;
  readonly #ssrc = 0x1badcafe;
  readonly #events: Buffer[] = [];
  #sent = 0;
  #from = 0;
  #lastDigitAt = -1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => this.#take(bytes));
  }

  static async open(host = '127.0.0.1'): Promise<RtpPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, host);
    await once(socket, 'listening');
    return new RtpPeer(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Says this tone from now on, without a seam; 0 Hz for silence. A whole number of hertz. */
  sing(hz: number, db = -16): void {
    this.#song = hz === 0 ? undefined : Uint8Array.from(sinePcm({ hz, db, seconds: 1 }), encodeSample);
  }

  /** Sends there from now on, a packet every 20 ms; a late timer is made up for. */
  aim(host: string, port: number): void {
    this.#target = { host, port };
    if (this.#timer) return;
    this.#from = performance.now();
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (now - before > stallMs) this.stalls.push({ at: now, ms: now - before });
      before = now;
      const due = Math.floor((performance.now() - this.#from) / this.ptimeMs);
      while (this.#sent < due) this.#send();
    }, frameMs / 2);
  }

  /** RFC 4733: an update every 20 ms, the end three times, all with the timestamp of the beginning; then a pause. */
  press(digits: string, { toneMs = 100, pauseMs = 60 } = {}): void {
    for (const digit of digits) {
      const event = '0123456789*#ABCD'.indexOf(digit);
      const updates = Math.round(toneMs / frameMs);
      for (let i = 1; i <= updates + 3; i++) {
        const ended = i > updates;
        const duration = Math.min(i, updates) * frame;
        this.#events.push(
          Buffer.from([event, (ended ? 0x80 : 0) | 10, duration >> 8, duration & 0xff, i === 1 ? 1 : 0]),
        );
      }
      for (let i = 0; i < pauseMs / frameMs; i++) this.#events.push(Buffer.alloc(0));
    }
  }

  /** Everything asked for by `press` has left. */
  get pressed(): boolean {
    return this.#events.length === 0;
  }

  #eventTimestamp = 0;

  #send(): void {
    this.#sent += 1;
    const event = this.#events.shift();
    const packet = event?.length ? this.#eventPacket(event) : this.#audioPacket();
    this.#timestamp = (this.#timestamp + 8 * this.ptimeMs) >>> 0;
    const fate = this.fate();
    const { host, port } = this.#target!;
    for (let i = 0; i < { sent: 1, dropped: 0, doubled: 2 }[fate]; i++) this.#socket.send(packet, port, host);
  }

  #audioPacket(): Buffer {
    return Buffer.concat([
      this.#header(0, false, this.#timestamp),
      this.speech.shift() ?? this.#sung(8 * this.ptimeMs),
    ]);
  }

  #sung(bytes: number): Uint8Array {
    const song = this.#song;
    if (!song) return Buffer.alloc(bytes, silenceByte);
    const from = this.#songAt;
    this.#songAt = (from + bytes) % song.length;
    return Uint8Array.from({ length: bytes }, (_, i) => song[(from + i) % song.length]!);
  }

  #eventPacket(event: Buffer): Buffer {
    const first = event[4] === 1;
    if (first) this.#eventTimestamp = this.#timestamp;
    return Buffer.concat([this.#header(digitPayload, first, this.#eventTimestamp), event.subarray(0, 4)]);
  }

  #header(payload: number, marker: boolean, timestamp: number): Buffer {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = (marker ? 0x80 : 0) | payload;
    header.writeUInt16BE(this.#seq, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#seq = (this.#seq + 1) & 0xffff;
    return header;
  }

  #take(bytes: Buffer): void {
    if (bytes.length < 12 || bytes[0]! >> 6 !== 2 || (bytes[1]! >= 200 && bytes[1]! <= 204)) return;
    const packet: Packet = {
      seq: bytes.readUInt16BE(2),
      timestamp: bytes.readUInt32BE(4),
      ssrc: bytes.readUInt32BE(8),
      payload: bytes[1]! & 0x7f,
      marker: (bytes[1]! & 0x80) !== 0,
      bytes: bytes.subarray(12),
      at: performance.now(),
    };
    this.received.push(packet);
    const isEnd = packet.payload === digitPayload && (packet.bytes[1]! & 0x80) !== 0;
    if (!isEnd || packet.timestamp === this.#lastDigitAt) return;
    this.#lastDigitAt = packet.timestamp;
    this.digits.push('0123456789*#ABCD'[packet.bytes[0]!] ?? '?');
  }

  /** Voice packets from the n-th received on, or of a stretch. */
  voice(from = 0, to = this.received.length): Packet[] {
    return this.received.slice(from, to).filter((packet) => packet.payload === 0);
  }

  /** Samples of the voice received from the n-th packet on, in the order of their numbers. */
  pcm(from = 0, to = this.received.length): Int16Array {
    const packets = this.voice(from, to);
    const pcm = new Int16Array(packets.reduce((sum, packet) => sum + packet.bytes.length, 0));
    let at = 0;
    for (const { bytes } of packets) {
      pcm.set(decode(bytes), at);
      at += bytes.length;
    }
    return pcm;
  }

  /**
   * Where the stream breaks: a number that does not follow, another source, a timestamp that jumps. A sender that did not get
   * the processor in time may leave time out: then its clock is no further ahead of ours after the jump than before it.
   */
  breaks(from = 0, to = this.received.length): string[] {
    const packets = this.received.slice(from, to);
    return packets.slice(1).flatMap((packet, i) => {
      const before = packets[i]!;
      const sequence = (packet.seq - before.seq) & 0xffff;
      const timestamp = (packet.timestamp - before.timestamp) | 0;
      // A digit's packets share the timestamp of its beginning.
      const isVoice = packet.payload === 0 && before.payload === 0;
      const follows = !isVoice || timestamp === before.bytes.length;
      const honest = timestamp > before.bytes.length && this.#ahead(from + i + 1) < frameMs / 2;
      if (sequence === 1 && packet.ssrc === before.ssrc && (follows || honest)) return [];
      return [`packet ${from + i + 1}: sequence +${sequence}, timestamp +${timestamp}`];
    });
  }

  /**
   * How much further the media clock is ahead of the arrivals from the n-th packet on than ever before it, ms. Few packets tell
   * nothing, and of a machine that was busy for a while even many: all that came of this source is looked at.
   */
  #ahead(at: number): number {
    const { ssrc } = this.received[at]!;
    const delays = (packets: readonly Packet[]): number[] =>
      packets.filter((p) => p.payload === 0 && p.ssrc === ssrc).map((p) => p.at - p.timestamp / 8);
    const [before, after] = [delays(this.received.slice(0, at)), delays(this.received.slice(at))];
    return Math.min(before.length, after.length) < 10 ? 0 : Math.min(...before) - Math.min(...after);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}
