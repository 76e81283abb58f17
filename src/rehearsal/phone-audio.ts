// A phone's audio: speaks PCMU every 20 ms, keeps what it hears with the times it came, and presses keys (RFC 4733).
import { codecByName, type Decoder } from '../audio/index.ts';
import {
  type Address,
  type Clock,
  every,
  type Network,
  type Random,
  randomUint32,
  type UdpSocket,
} from '../base/index.ts';
import { DtmfReceiver, DtmfSender, makeRtpView, type RtpOutput, readRtp, writeRtpHeader } from '../rtp/index.ts';

export const frameMs = 20;
export const frameSamples = 160;
export const phoneRate = 8_000;
const dtmfPayloadType = 101;

/** One packet that came: when, its sequence number and timestamp, and its 20 ms of sound. */
export interface HeardPacket {
  at: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  pcm: Int16Array;
}

/** What the phone says: the samples of frame `index`, or undefined for silence. */
export type Voice = (index: number) => Int16Array | undefined;

export class PhoneAudio {
  /** Everything heard, in the order it came. */
  readonly heard: HeardPacket[] = [];
  readonly digits: string[] = [];
  voice: Voice = () => undefined;
  /** False: nothing is sent at all. */
  speaking = true;
  readonly #clock: Clock;
  readonly #socket: UdpSocket;
  readonly #dtmf: DtmfSender;
  readonly #dtmfIn: DtmfReceiver;
  readonly #decoder: Decoder;
  readonly #encoder = codecByName('PCMU')!.makeEncoder();
  readonly #packet = new Uint8Array(12 + frameSamples);
  readonly #silence = new Int16Array(frameSamples);
  readonly #ticker: { cancel(): void };
  readonly #output: RtpOutput & { timestamp: number };
  readonly #view = makeRtpView();
  #remote: Address | undefined;
  #frame = 0;

  static async open(options: { clock: Clock; random: Random; network: Network; host: string }): Promise<PhoneAudio> {
    const socket = await options.network.udp({ host: options.host, port: 0 });
    return new PhoneAudio(options, socket);
  }

  private constructor({ clock, random }: { clock: Clock; random: Random }, socket: UdpSocket) {
    this.#clock = clock;
    this.#socket = socket;
    this.#output = {
      ssrc: randomUint32(random),
      sequence: randomUint32(random) & 0xffff,
      timestamp: randomUint32(random),
    };
    this.#decoder = codecByName('PCMU')!.makeDecoder();
    this.#dtmf = new DtmfSender({ payloadType: dtmfPayloadType, clockRate: phoneRate, ptimeMs: frameMs });
    this.#dtmfIn = new DtmfReceiver({ clockRate: phoneRate, onDigit: (digit) => this.digits.push(digit) });
    socket.onMessage = (data) => this.#take(data);
    socket.onError = () => {};
    this.#ticker = every(clock, frameMs, () => this.#tick());
  }

  /** Of what it says. */
  get ssrc(): number {
    return this.#output.ssrc;
  }

  get local(): Address {
    return this.#socket.local;
  }

  /** Where it sends. */
  get remote(): Address | undefined {
    return this.#remote;
  }

  /** Our session description: PCMU and telephone-event. */
  sdp(direction = 'sendrecv'): string {
    const { host, port } = this.local;
    const family = host.includes(':') ? 'IP6' : 'IP4';
    return [
      'v=0',
      `o=phone 1 1 IN ${family} ${host}`,
      's=-',
      `c=IN ${family} ${host}`,
      't=0 0',
      `m=audio ${port} RTP/AVP 0 ${dtmfPayloadType}`,
      'a=rtpmap:0 PCMU/8000',
      `a=rtpmap:${dtmfPayloadType} telephone-event/8000`,
      `a=fmtp:${dtmfPayloadType} 0-15`,
      `a=ptime:${frameMs}`,
      `a=${direction}`,
      '',
    ].join('\r\n');
  }

  /** Where to send: from the far end's description. */
  aim(remoteSdp: string): void {
    const host = /^c=IN IP[46] (\S+)/m.exec(remoteSdp)?.[1];
    const port = /^m=audio (\d+)/m.exec(remoteSdp)?.[1];
    if (host !== undefined && port !== undefined) this.#remote = { host, port: Number(port) };
  }

  press(digits: string, durationMs = 100): void {
    for (const digit of digits) this.#dtmf.send(digit, durationMs);
  }

  /** All samples heard between two times, gaps filled with silence by their time stamps. */
  between(from: number, to: number): Int16Array {
    const packets = this.heard.filter((p) => p.at >= from && p.at < to);
    const first = packets[0];
    if (!first) return new Int16Array(0);
    const last = packets.at(-1)!;
    const pcm = new Int16Array(((last.timestamp - first.timestamp) >>> 0) + last.pcm.length);
    for (const packet of packets) {
      const offset = (packet.timestamp - first.timestamp) >>> 0;
      if (offset + packet.pcm.length <= pcm.length) pcm.set(packet.pcm, offset);
    }
    return pcm;
  }

  close(): void {
    this.#ticker.cancel();
    this.#socket.close();
  }

  #take(data: Uint8Array): void {
    const view = this.#view;
    if (!readRtp(data, view)) return;
    if (view.payloadType === dtmfPayloadType) return void this.#dtmfIn.push(data, view, this.#clock.now());
    if (view.payloadType !== 0) return;
    const pcm = new Int16Array(view.payloadEnd - view.payloadStart);
    this.#decoder.decode(data.subarray(view.payloadStart, view.payloadEnd), pcm);
    this.heard.push({
      at: this.#clock.now(),
      sequence: view.sequence,
      timestamp: view.timestamp,
      ssrc: view.ssrc,
      pcm,
    });
  }

  #tick(): void {
    const remote = this.#remote;
    if (!remote || !this.speaking) return;
    const frame = this.#frame++;
    const output = this.#output;
    let size = this.#dtmf.next(output, this.#packet);
    if (size === 0) {
      const { ssrc, sequence, timestamp } = output;
      const at = writeRtpHeader(this.#packet, { marker: frame === 0, payloadType: 0, sequence, timestamp, ssrc });
      output.sequence = (sequence + 1) & 0xffff;
      size = at + this.#encoder.encode(this.voice(frame) ?? this.#silence, this.#packet.subarray(at));
    }
    output.timestamp = (output.timestamp + frameSamples) >>> 0;
    this.#socket.send(this.#packet.subarray(0, size), remote.port, remote.host);
  }
}
