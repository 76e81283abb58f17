// Sender: what leaves a port. Its own frames and other streams' packets go through one output, and are handed on to who copies them.
import type { Address } from '../../base/index.ts';
import { makeRtpView, type RtpView, readRtp, rtpHeaderBytes, type StreamStatistics } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import type { Meaning, PacketTaker } from './ear.ts';
import type { Output, PassedAs } from './output.ts';
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
  /** Another array with each change: packets are being handed on when one comes or goes. */
  #takers: readonly PacketTaker[] = [];
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
  pass(datagram: Uint8Array, view: RtpView, as: PassedAs): void {
    this.send(this.output.pass(datagram, view, as));
  }

  /** Hands on what is sent, as it is sent, until the returned function is called. */
  hand(taker: PacketTaker): () => void {
    this.#takers = [...this.#takers, taker];
    return () => {
      this.#takers = this.#takers.filter((one) => one !== taker);
    };
  }

  #handOn(packet: Uint8Array): void {
    const view = this.#view;
    if (!readRtp(packet, view)) return;
    const meaning = this.#meaningOf(view.payloadType);
    const takers = this.#takers;
    for (let i = 0; i < takers.length; i++) takers[i]!.onPacket(packet, view, meaning);
  }

  #meaningOf(payloadType: number): Meaning {
    if (payloadType === this.#media?.dtmfPayloadType) return 'dtmf';
    return payloadType === this.#media?.comfortNoisePayloadType ? 'noise' : 'audio';
  }
}
