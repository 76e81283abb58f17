// A phone's audio: speaks every 20 ms, PCMU unless told otherwise, keeps what it hears with the times it came, and presses keys (RFC 4733).
import { type Codec, codecByName, codecByPayloadType, type Decoder, type Encoder } from '../audio/index.ts';
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

export type PhoneCodec = 'PCMU' | 'PCMA' | 'G722';

/** One packet that came: when, its sequence number and timestamp, and its 20 ms of sound at `phoneRate`. */
export interface HeardPacket {
  at: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  pcm: Int16Array;
}

/** What the phone says: the samples of frame `index`, or undefined for silence. */
export type Voice = (index: number) => Int16Array | undefined;

export interface PhoneAudioOptions {
  clock: Clock;
  random: Random;
  network: Network;
  host: string;
  /** PCMU when absent. */
  codecs?: readonly PhoneCodec[];
}

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
  /** What it knows, the dearest first. */
  readonly #codecs: readonly Codec[];
  readonly #decoders = new Map<Codec, Decoder>();
  #codec: Codec;
  #encoder: Encoder;
  readonly #packet = new Uint8Array(12 + frameSamples);
  readonly #silence = new Int16Array(frameSamples);
  readonly #ticker: { cancel(): void };
  readonly #output: RtpOutput & { timestamp: number };
  readonly #view = makeRtpView();
  #remote: Address | undefined;
  #frame = 0;

  static async open(options: PhoneAudioOptions): Promise<PhoneAudio> {
    const socket = await options.network.udp({ host: options.host, port: 0 });
    return new PhoneAudio(options, socket);
  }

  private constructor({ clock, random, codecs = ['PCMU'] }: PhoneAudioOptions, socket: UdpSocket) {
    this.#clock = clock;
    this.#codecs = codecs.map((name) => codecByName(name)!);
    this.#codec = this.#codecs[0]!;
    this.#encoder = this.#codec.makeEncoder();
    this.#socket = socket;
    this.#output = {
      ssrc: randomUint32(random),
      sequence: randomUint32(random) & 0xffff,
      timestamp: randomUint32(random),
    };
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

  /** Our session description: our codecs and telephone-event. */
  sdp(direction = 'sendrecv'): string {
    const { host, port } = this.local;
    const family = host.includes(':') ? 'IP6' : 'IP4';
    return [
      'v=0',
      `o=phone 1 1 IN ${family} ${host}`,
      's=-',
      `c=IN ${family} ${host}`,
      't=0 0',
      `m=audio ${port} RTP/AVP ${this.#codecs.map((c) => c.payloadType).join(' ')} ${dtmfPayloadType}`,
      ...this.#codecs.map(({ name, payloadType }) => `a=rtpmap:${payloadType} ${name}/8000`),
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
    const types = /^m=audio \d+ \S+ (.*)/m.exec(remoteSdp)?.[1]?.trim().split(' ').map(Number);
    const codec = types && this.#codecs.find(({ payloadType }) => types.includes(payloadType));
    if (!codec || codec === this.#codec) return;
    this.#codec = codec;
    this.#encoder = codec.makeEncoder();
  }

  press(digits: string, durationMs = 100): void {
    for (const digit of digits) this.#dtmf.send(digit, durationMs);
  }

  /** All samples heard between two times, gaps filled with silence by their time stamps. Another source begins where the last one ended. */
  between(from: number, to: number): Int16Array {
    const placed: { offset: number; pcm: Int16Array }[] = [];
    let first: HeardPacket | undefined;
    let base = 0;
    let end = 0;
    for (const packet of this.heard) {
      if (packet.at < from || packet.at >= to) continue;
      if (packet.ssrc !== first?.ssrc) {
        first = packet;
        base = end;
      }
      const offset = base + ((packet.timestamp - first.timestamp) | 0);
      if (offset < base) continue;
      placed.push({ offset, pcm: packet.pcm });
      end = Math.max(end, offset + packet.pcm.length);
    }
    const pcm = new Int16Array(end);
    for (const one of placed) pcm.set(one.pcm, one.offset);
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
    const codec = codecByPayloadType(view.payloadType);
    if (!codec || !this.#codecs.includes(codec)) return;
    const decoder = this.#decoders.get(codec) ?? codec.makeDecoder();
    this.#decoders.set(codec, decoder);
    const wide = codec.sampleRate / phoneRate;
    const decoded = new Int16Array((view.payloadEnd - view.payloadStart) * wide);
    decoder.decode(data.subarray(view.payloadStart, view.payloadEnd), decoded);
    const pcm = wide === 1 ? decoded : narrowed(decoded);
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
      const { payloadType, sampleRate } = this.#codec;
      const at = writeRtpHeader(this.#packet, { marker: frame === 0, payloadType, sequence, timestamp, ssrc });
      output.sequence = (sequence + 1) & 0xffff;
      const said = this.voice(frame) ?? this.#silence;
      size = at + this.#encoder.encode(sampleRate === phoneRate ? said : widened(said), this.#packet.subarray(at));
    }
    output.timestamp = (output.timestamp + frameSamples) >>> 0;
    this.#socket.send(this.#packet.subarray(0, size), remote.port, remote.host);
  }
}

/** 16 kHz to 8 kHz and back, as plainly as a rehearsal's tones allow: G.722 is 8000 on the wire's clock (RFC 3551 4.5.2). */
function narrowed(pcm: Int16Array): Int16Array {
  const narrow = new Int16Array(pcm.length / 2);
  for (let i = 0; i < narrow.length; i++) narrow[i] = (pcm[2 * i]! + pcm[2 * i + 1]!) >> 1;
  return narrow;
}

function widened(pcm: Int16Array): Int16Array {
  const wide = new Int16Array(pcm.length * 2);
  for (let i = 0; i < wide.length; i++) wide[i] = pcm[i >> 1]!;
  return wide;
}
