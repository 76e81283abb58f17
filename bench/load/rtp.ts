// The generator's RTP: one packet per call every 20 ms from one socket, and the lateness of what comes back.
import { createSocket, type Socket } from 'node:dgram';

/** A packet this much later than the call's earliest ones is late. */
const lateMs = 10;
/** A tick of ours this late is a stall of ours; packets received in it prove nothing about the server. */
const stallMs = 5;
const ptimeMs = 20;
const slots = 10;
const payloadAt = 12;
/** Packets that came before the answer was read count for a call that is answered this soon after. */
const earlyMs = 300;

/** What was received while a window was open. */
export interface Window {
  seconds: number;
  sent: number;
  received: number;
  late: number;
  /** Of `late`: while this process itself was stalled. */
  lateInOwnStall: number;
  worstLateMs: number;
  /** Missing in the sequence. */
  lost: number;
  /** Missing in time: frames that the server gave up. */
  skipped: number;
  stalls: number;
  worstStallMs: number;
}

const emptyWindow = (): Window => ({
  seconds: 0,
  sent: 0,
  received: 0,
  late: 0,
  lateInOwnStall: 0,
  worstLateMs: 0,
  lost: 0,
  skipped: 0,
  stalls: 0,
  worstStallMs: 0,
});

export class Stream {
  readonly port: number;
  readonly slot: number;
  readonly packet: Buffer;
  /** When the first packet that is no silence came. */
  firstAudioAt: number | undefined;
  onFirstAudio: () => void = () => {};
  #sequence = 0;
  #heard = 0;
  #lastSequence = -1;
  #lastTimestamp = 0;
  #firstTimestamp = 0;
  /** Earliest arrival, as far as packets were heard: arrival time less media time. */
  #earliest = Number.POSITIVE_INFINITY;
  #reference = Buffer.alloc(0);
  #changed: ((at: number) => void) | undefined;

  constructor(port: number, index: number) {
    this.port = port;
    this.slot = index % slots;
    this.packet = Buffer.alloc(172, 0xd5);
    this.packet.writeUInt16BE(0x8000, 0);
    this.packet.writeUInt32BE(0x10000 + index, 8);
  }

  next(): Buffer {
    this.packet.writeUInt16BE(++this.#sequence & 0xffff, 2);
    this.packet.writeUInt32BE((this.#sequence * 160) >>> 0, 4);
    return this.packet;
  }

  /** Resolves with the arrival time of the next packet whose payload is not the present one. */
  change(): Promise<number> {
    this.#reference = Buffer.alloc(0);
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  heard(data: Buffer, at: number, window: Window): number {
    const sequence = data.readUInt16BE(2);
    const timestamp = data.readUInt32BE(4);
    if (this.#heard++ === 0) this.#firstTimestamp = timestamp;
    else this.#noteGap(sequence, timestamp, window);
    this.#lastSequence = sequence;
    this.#lastTimestamp = timestamp;
    if (this.firstAudioAt === undefined && isSound(data)) {
      this.firstAudioAt = at;
      this.onFirstAudio();
    }
    if (this.#changed) this.#compare(data, at);
    const offset = at - ((timestamp - this.#firstTimestamp) >>> 0) / 8;
    if (offset < this.#earliest) this.#earliest = offset;
    window.received++;
    return offset - this.#earliest;
  }

  #noteGap(sequence: number, timestamp: number, window: Window): void {
    const gap = (sequence - this.#lastSequence - 1) & 0xffff;
    if (gap < 1000) window.lost += gap;
    const frames = ((timestamp - this.#lastTimestamp) >>> 0) / 160 - 1;
    if (frames > gap && frames < 1000) window.skipped += Math.round(frames - gap);
  }

  /** The prompts repeat within one packet, so that every packet is the same until something changes it. */
  #compare(data: Buffer, at: number): void {
    if (this.#reference.length === 0) this.#reference = Buffer.from(data);
    else if (this.#reference.compare(data, payloadAt, undefined, payloadAt) !== 0) {
      this.#changed?.(at);
      this.#changed = undefined;
    }
  }
}

/** Some byte is neither of the two zeros of mu-law. */
function isSound(data: Buffer): boolean {
  for (let i = payloadAt; i < data.length; i++) if ((data[i]! & 0x7f) !== 0x7f) return true;
  return false;
}

export class RtpLoad {
  /** Runs every 2 ms. */
  onTick: (now: number) => void = () => {};
  sending = true;
  readonly #socket: Socket;
  readonly #streams = new Map<number, Stream>();
  readonly #lanes: Stream[][] = Array.from({ length: slots }, () => []);
  readonly #early = new Map<number, { at: number; data: Buffer }>();
  #window = emptyWindow();
  #openedAt = 0;
  #slot = 0;
  #due = performance.now();
  #lateSinceTick = 0;
  #stalledUntil = 0;

  constructor() {
    this.#socket = createSocket({ type: 'udp4', recvBufferSize: 8 << 20, lookup: numeric as never });
    this.#socket.on('message', (data, from) => this.#received(data, from.port));
  }

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    this.#due = performance.now();
    this.#tick();
    return this.#socket.address().port;
  }

  add(stream: Stream, now: number): void {
    this.#streams.set(stream.port, stream);
    this.#lanes[stream.slot]!.push(stream);
    const early = this.#early.get(stream.port);
    this.#early.delete(stream.port);
    if (early && now - early.at < earlyMs) stream.heard(early.data, early.at, this.#window);
  }

  remove(stream: Stream): void {
    if (this.#streams.get(stream.port) === stream) this.#streams.delete(stream.port);
    const lane = this.#lanes[stream.slot]!;
    const at = lane.indexOf(stream);
    if (at >= 0) lane.splice(at, 1);
  }

  openWindow(): void {
    this.#window = emptyWindow();
    this.#openedAt = performance.now();
  }

  closeWindow(): Window {
    this.#window.seconds = (performance.now() - this.#openedAt) / 1000;
    return this.#window;
  }

  #received(data: Buffer, port: number): void {
    const at = performance.now();
    const stream = this.#streams.get(port);
    if (!stream) {
      if (this.#early.size > 10_000) this.#early.clear();
      const known = this.#early.get(port);
      if ((!known || at - known.at > earlyMs) && isSound(data)) this.#early.set(port, { at, data });
      return;
    }
    const lateBy = stream.heard(data, at, this.#window);
    if (lateBy <= lateMs) return;
    this.#window.late++;
    if (lateBy > this.#window.worstLateMs) this.#window.worstLateMs = lateBy;
    if (at < this.#stalledUntil) this.#window.lateInOwnStall++;
    else this.#lateSinceTick++;
  }

  #tick(): void {
    const now = performance.now();
    this.#noteStall(now);
    let sent = 0;
    while (this.#due <= now) {
      // What is long overdue is left out, as a phone would; a stall must not become a burst.
      if (now - this.#due > 2 * ptimeMs) this.#due += ptimeMs;
      const lane = this.#lanes[this.#slot]!;
      if (this.sending) {
        for (const stream of lane) this.#socket.send(stream.next(), stream.port, '127.0.0.1');
        sent += lane.length;
      }
      this.#slot = (this.#slot + 1) % slots;
      this.#due += ptimeMs / slots;
    }
    this.#window.sent += sent;
    this.onTick(now);
    setTimeout(() => this.#tick(), Math.max(0, this.#due - performance.now()));
  }

  #noteStall(now: number): void {
    const lateBy = now - this.#due;
    if (lateBy > stallMs) {
      this.#window.stalls++;
      this.#window.worstStallMs = Math.max(this.#window.worstStallMs, lateBy);
      this.#window.lateInOwnStall += this.#lateSinceTick;
      // The backlog is read about as fast as it came.
      this.#stalledUntil = now + lateBy + stallMs;
    }
    this.#lateSinceTick = 0;
  }
}

const numeric = (_host: string, _options: unknown, done: (error: null, address: string, family: number) => void) =>
  done(null, '127.0.0.1', 4);
