// Ear: what the far end says. Packets are counted and searched for digits; they are decoded only while somebody listens.
import type { Address, Clock, Random } from '../../base/index.ts';
import { DtmfReceiver, makeRtpView, type RtpView, readRtp, type StreamStatistics } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { maxRtpBytes } from '../limits.ts';
import type { DigitEvent } from '../types.ts';
import { Hearing } from './hearing.ts';
import { SourceLatch } from './source-latch.ts';
import { describeStages, InbandDtmf, Mute } from './stages/index.ts';

export interface EarOptions {
  clock: Clock;
  random: Random;
  statistics: StreamStatistics;
  latched: Address | undefined;
  muted: boolean;
  /** Look for digits in the audio until the far end has sent a telephone event. */
  inbandDtmf: boolean;
  onDigit: (event: DigitEvent) => void;
  /** The first packet of the far end. */
  onHeard: () => void;
}

/** Hears one frame (reused: copy what is kept) at the ear's rate, every packet time of the leg. */
export type EarListener = (frame: Int16Array, sampleRate: number) => void;

type Meaning = 'audio' | 'dtmf' | 'noise';

export class Ear {
  readonly latch: SourceLatch;
  /** Datagrams that are no RTP, or of a payload type that was not agreed on. */
  malformed = 0;
  /** Clock time of the far end's last packet; 0 for none. */
  heardAt = 0;
  readonly #options: EarOptions;
  readonly #view = makeRtpView();
  readonly #listeners = new Set<EarListener>();
  #meanings = new Map<number, Meaning>();
  #dtmf: DtmfReceiver | undefined;
  #dtmfClockRate = 0;
  #inband: InbandDtmf | undefined;
  #wantsInband: boolean;
  #mute: Mute | undefined;
  #muted: boolean;
  #hearing: Hearing | undefined;
  #concealedBefore = 0;
  #format: { media: AgreedMedia; sampleRate: number; ptimeMs: number } | undefined;

  constructor(options: EarOptions) {
    this.#options = options;
    this.#muted = options.muted;
    this.#wantsInband = options.inbandDtmf;
    this.latch = new SourceLatch(options.latched);
  }

  configure(media: AgreedMedia, frame: { sampleRate: number; ptimeMs: number }): void {
    this.latch.expect(media.remote, this.#options.clock.now());
    const old = this.#format;
    this.#format = { media, ...frame };
    this.#meanings = new Map(media.receive.map((format) => [format.payloadType, meaningOf(format.codec)]));
    // Comfort noise has its number for good (RFC 3551); some send it without having said so.
    if (!this.#meanings.has(comfortNoise)) this.#meanings.set(comfortNoise, 'noise');
    this.#configureDtmf(media);
    const same = old?.sampleRate === frame.sampleRate && old.ptimeMs === frame.ptimeMs && sameVoices(old.media, media);
    if (!same) this.#close();
    this.#attend();
  }

  get concealedMs(): number {
    return this.#concealedBefore + (this.#hearing?.concealedMs ?? 0);
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#mute?.set(muted);
  }

  /** Frames from the next packet time on, until the returned function is called. */
  listen(listener: EarListener): () => void {
    this.#listeners.add(listener);
    this.#attend();
    return () => {
      this.#listeners.delete(listener);
      this.#attend();
    };
  }

  /** A datagram of the RTP socket. */
  push(datagram: Uint8Array, from: Address): void {
    const view = this.#view;
    const meaning =
      datagram.length <= maxRtpBytes && readRtp(datagram, view) ? this.#meanings.get(view.payloadType) : undefined;
    if (meaning === undefined) {
      this.malformed++;
      return;
    }
    const now = this.#options.clock.now();
    if (!this.latch.admit(from, view, now)) return;
    this.#options.statistics.received(view, now, meaning === 'audio');
    if (this.heardAt === 0) this.#options.onHeard();
    this.heardAt = now;
    if (meaning === 'dtmf') this.#event(datagram, view, now);
    else this.#hearing?.push(datagram, view, now);
  }

  /** One frame time has passed: listeners get their frame, and a digit whose last packets were lost ends. */
  tick(now: number): void {
    this.#dtmf?.tick(now);
    const hearing = this.#hearing;
    if (!hearing) return;
    hearing.next(now);
    this.#inband?.process(hearing.frame);
    this.#mute?.process(hearing.frame);
    for (const listener of this.#listeners) listener(hearing.frame, hearing.sampleRate);
  }

  describe(): string {
    if (!this.#hearing) return 'nobody listens';
    const stages = [this.#inband, this.#mute].filter((stage) => stage !== undefined);
    return [describeStages(stages), `${this.#listeners.size} listeners`].filter((text) => text !== '').join(' > ');
  }

  close(): void {
    this.#dtmf?.close();
    this.#listeners.clear();
    this.#wantsInband = false;
    this.#close();
  }

  #event(datagram: Uint8Array, view: RtpView, now: number): void {
    this.#hearing?.skip(datagram, view);
    if (this.#wantsInband) {
      // This far end sends events: its tones, if any, are the same digits once more.
      this.#wantsInband = false;
      this.#inband = undefined;
      this.#attend();
    }
    this.#dtmf?.push(datagram, view, now);
  }

  #configureDtmf(media: AgreedMedia): void {
    const clockRate = media.receive.find((format) => meaningOf(format.codec) === 'dtmf')?.clockRate;
    if (clockRate === undefined || clockRate === this.#dtmfClockRate) return;
    this.#dtmf?.close();
    this.#dtmfClockRate = clockRate;
    this.#dtmf = new DtmfReceiver({
      clockRate,
      onDigit: (digit, durationMs) => this.#options.onDigit({ digit, durationMs, source: 'rfc4733' }),
    });
  }

  /** Opens or closes the decoding path, as somebody listens or nobody does. */
  #attend(): void {
    const wanted = this.#listeners.size > 0 || this.#wantsInband;
    if (!wanted) return this.#close();
    if (this.#hearing || !this.#format) return;
    const { sampleRate } = this.#format;
    this.#hearing = new Hearing({ ...this.#format, random: this.#options.random });
    this.#mute = new Mute(sampleRate, this.#muted);
    if (this.#wantsInband) this.#inband = new InbandDtmf(sampleRate, this.#options.onDigit);
  }

  #close(): void {
    this.#concealedBefore += this.#hearing?.concealedMs ?? 0;
    this.#hearing = undefined;
    this.#inband = undefined;
    this.#mute = undefined;
  }
}

const comfortNoise = 13;

const meaningOf = (codec: string): Meaning => {
  const name = codec.toLowerCase();
  return name === 'telephone-event' ? 'dtmf' : name === 'cn' ? 'noise' : 'audio';
};

const sameVoices = (a: AgreedMedia, b: AgreedMedia): boolean =>
  a.clockRate === b.clockRate && JSON.stringify(a.receive) === JSON.stringify(b.receive);
