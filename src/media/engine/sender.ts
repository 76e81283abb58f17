// Sender: what leaves a port. Its own frames and other streams' packets go through one output, and are handed on to who copies them.
import type { Address } from '../../base/index.ts';
import { makeRtpView, type RtpView, readRtp, rtpHeaderBytes, type StreamStatistics } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import type { Meaning, PacketTaker } from './ear.ts';
import type { Output } from './output.ts';
import type { EngineCounts } from './world.ts';

export interface SenderOptions {
  output: Output;
  statistics: StreamStatistics;
  counts: EngineCounts;
  /** Where it goes; undefined while that is not known. */
  remote(): Address | undefined;
  send(packet: Uint8Array, to: Address): void;
}

export class Sender {
  readonly output: Output;
  readonly #options: SenderOptions;
  readonly #takers: PacketTaker[] = [];
  readonly #view = makeRtpView();
  #media: AgreedMedia | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.output = options.output;
  }

  setFormat(media: AgreedMedia): void {
    this.#media = media;
    this.output.setFormat(media);
  }

  send(packet: Uint8Array): void {
    const { remote, statistics, counts, send } = this.#options;
    const to = remote();
    if (!to) return;
    send(packet, to);
    statistics.sent(packet.length - rtpHeaderBytes);
    counts.packetsSent++;
    if (this.#takers.length > 0) this.#handOn(packet);
  }

  /** Another stream's packet as ours, within the callback that received it. */
  pass(datagram: Uint8Array, view: RtpView, as: Parameters<Output['pass']>[2]): void {
    this.send(this.output.pass(datagram, view, as));
  }

  /** Hands on what is sent, as it is sent, until the returned function is called. */
  hand(taker: PacketTaker): () => void {
    this.#takers.push(taker);
    return () => {
      const at = this.#takers.indexOf(taker);
      if (at >= 0) this.#takers.splice(at, 1);
    };
  }

  #handOn(packet: Uint8Array): void {
    const view = this.#view;
    if (!readRtp(packet, view)) return;
    const meaning = this.#meaningOf(view.payloadType);
    for (const taker of [...this.#takers]) taker.onPacket(packet, view, meaning);
  }

  #meaningOf(payloadType: number): Meaning {
    if (payloadType === this.#media?.dtmfPayloadType) return 'dtmf';
    return payloadType === this.#media?.comfortNoisePayloadType ? 'noise' : 'audio';
  }
}
