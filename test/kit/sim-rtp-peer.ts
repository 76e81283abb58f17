// A simulated far end for tests: it speaks SDP and RTP on a SimNet host, and keeps what it hears as packets and as samples.
import { type Codec, codecByName } from '../../src/audio/index.ts';
import type { Address, UdpSocket } from '../../src/base/index.ts';
import type { SimHost } from '../../src/base/sim/index.ts';
import { makeRtpView, readRtp, rtpHeaderBytes, writeRtpHeader } from '../../src/rtp/index.ts';

export interface HeardPacket {
  at: number;
  from: Address;
  marker: boolean;
  payloadType: number;
  sequence: number;
  timestamp: number;
  ssrc: number;
  payload: Uint8Array;
}

export class SimPeer {
  readonly heard: HeardPacket[] = [];
  readonly rtcp: Uint8Array[] = [];
  onRtcp: (data: Uint8Array) => void = () => {};
  readonly socket: UdpSocket;
  readonly codec: Codec;
  readonly #host: SimHost;
  readonly #streams = new Set<() => void>();
  #control: UdpSocket | undefined;
  #sequence = 1000;
  #timestamp = 160_000;
  ssrc = 0x1234_5678;

  private constructor(host: SimHost, socket: UdpSocket, codec: Codec) {
    this.#host = host;
    this.socket = socket;
    this.codec = codec;
    const view = makeRtpView();
    socket.onMessage = (data, from) => {
      if (!readRtp(data, view)) return;
      const { marker, payloadType, sequence, timestamp, ssrc } = view;
      const payload = Uint8Array.prototype.slice.call(data, view.payloadStart, view.payloadEnd);
      this.heard.push({ at: host.net.clock.now(), from, marker, payloadType, sequence, timestamp, ssrc, payload });
    };
  }

  static async open(host: SimHost, codec = 'PCMU', port = 20_000): Promise<SimPeer> {
    const socket = await host.udp({ host: host.ip, port });
    const peer = new SimPeer(host, socket, codecByName(codec)!);
    peer.#control = await host.udp({ host: host.ip, port: port + 1 });
    peer.#control.onMessage = (data) => {
      peer.rtcp.push(new Uint8Array(data));
      peer.onRtcp(data);
    };
    return peer;
  }

  /** An offer or an answer. */
  sdp(
    options: {
      direction?: string;
      ptime?: number;
      port?: number;
      dtmf?: boolean;
      dtmfType?: number;
      extra?: string[];
    } = {},
  ): string {
    const { direction = 'sendrecv', ptime = 20, dtmf = true, dtmfType = 101, port = this.socket.local.port } = options;
    const { payloadType, name, clockRate } = this.codec;
    return [
      'v=0',
      `o=- 1 ${this.heard.length + 1} IN IP4 ${this.#host.ip}`,
      's=-',
      `c=IN IP4 ${this.#host.ip}`,
      't=0 0',
      `m=audio ${port} RTP/AVP ${payloadType}${dtmf ? ` ${dtmfType}` : ''}`,
      `a=rtpmap:${payloadType} ${name}/${clockRate}`,
      ...(dtmf ? [`a=rtpmap:${dtmfType} telephone-event/8000`, `a=fmtp:${dtmfType} 0-15`] : []),
      `a=ptime:${ptime}`,
      `a=${direction}`,
      ...(options.extra ?? []),
      '',
    ].join('\r\n');
  }

  /** One packet to `to`; the next one follows in sequence. */
  send(
    to: Address,
    payload: Uint8Array,
    options: { payloadType?: number; advance?: number; marker?: boolean } = {},
  ): void {
    const packet = new Uint8Array(rtpHeaderBytes + payload.length);
    const { payloadType = this.codec.payloadType, advance = payload.length, marker = false } = options;
    const header = { marker, payloadType, sequence: this.#sequence, timestamp: this.#timestamp, ssrc: this.ssrc };
    packet.set(payload, writeRtpHeader(packet, header));
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + advance) >>> 0;
    this.socket.send(packet, to.port, to.host);
  }

  /** The next packet's numbers are further on by these. */
  jump({ sequence = 0, timestamp = 0 }: { sequence?: number; timestamp?: number }): void {
    this.#sequence = (this.#sequence + sequence) & 0xffff;
    this.#timestamp = (this.#timestamp + timestamp) >>> 0;
  }

  sendRtcp(to: Address, data: Uint8Array): void {
    this.#control?.send(data, to.port, to.host);
  }

  /** Ends every stream. */
  stop(): void {
    for (const end of this.#streams) end();
    this.#streams.clear();
  }

  /** Packets of `ptimeMs` from now on, of silence when there is no `pcm`, until the returned function is called. */
  stream(to: Address, pcm?: (n: number) => Int16Array, ptimeMs = 20): () => void {
    const { clock } = this.#host.net;
    const encoder = this.codec.makeEncoder();
    const samples = (this.codec.sampleRate * ptimeMs) / 1000;
    let n = 0;
    let stopped = false;
    const tick = (): void => {
      if (stopped) return;
      const payload = new Uint8Array(this.codec.bytesPerMs * ptimeMs);
      encoder.encode(pcm?.(n++) ?? new Int16Array(samples), payload);
      this.send(to, payload);
      clock.after(ptimeMs, tick);
    };
    tick();
    const end = (): void => {
      stopped = true;
    };
    this.#streams.add(end);
    return end;
  }

  /** The audio of what was heard from packet `from` on; gaps in the timestamps are silence. */
  audio(from = 0): Int16Array {
    const decoder = this.codec.makeDecoder();
    const perUnit = this.codec.sampleRate / this.codec.clockRate;
    const packets = this.heard.slice(from).filter(({ payloadType }) => payloadType === this.codec.payloadType);
    const first = packets[0];
    const last = packets.at(-1);
    if (!first || !last) return new Int16Array(0);
    const all = new Int16Array((((last.timestamp - first.timestamp) >>> 0) + last.payload.length) * perUnit);
    for (const { payload, timestamp } of packets) {
      const at = ((timestamp - first.timestamp) >>> 0) * perUnit;
      decoder.decode(payload, all.subarray(at, at + payload.length * perUnit));
    }
    return all;
  }

  close(): void {
    this.stop();
    this.socket.close();
    this.#control?.close();
  }
}
