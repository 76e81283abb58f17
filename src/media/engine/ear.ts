// Ear: what the far end says. Packets are counted, searched for digits and handed on; they are decoded only while somebody listens.
import { type Codec, codecByName } from '../../audio/index.ts';
import type { Address, Clock, Random } from '../../base/index.ts';
import {
  DtmfReceiver,
  JitterBuffer,
  makeRtpView,
  type RtpView,
  readRtp,
  type StreamStatistics,
} from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { leaderLapseMs, maxRtpBytes } from '../limits.ts';
import type { DigitEvent } from '../types.ts';
import { type HeardPayload, Hearing } from './hearing.ts';
import { Isolating } from './isolating.ts';
import { RecentPackets } from './joined/recent.ts';
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
  /** A telephone event has begun; `onDigit` follows. */
  onDigitStart?: (digit: string) => void;
  /** The first packet of the far end. */
  onHeard: () => void;
}

/** Hears one frame (reused: copy what is kept) at the ear's rate, every packet time of the leg. */
export type EarListener = (frame: Int16Array, sampleRate: number) => void;

export type Meaning = 'audio' | 'dtmf' | 'noise';

/**
 * Takes packets as they come, within the receive callback. The datagram's header may be overwritten, its payload may not; both are
 * valid until the call returns.
 */
export interface PacketTaker {
  onPacket(datagram: Uint8Array, view: RtpView, meaning: Meaning): void;
}

/** What a payload type means, and its codec when that is audio. */
interface Format {
  meaning: Meaning;
  codec: Codec | undefined;
}

export class Ear {
  readonly latch: SourceLatch;
  /** Datagrams that are no RTP, or of a payload type that was not agreed on. */
  malformed = 0;
  /** Clock time of the far end's last packet; 0 for none. */
  heardAt = 0;
  readonly #options: EarOptions;
  readonly #view = makeRtpView();
  readonly #listeners = new Set<EarListener>();
  readonly #signalListeners = new Set<EarListener>();
  /** Another array with each change: a packet may be on its way through them. */
  #takers: readonly PacketTaker[] = [];
  /** Who pulls frames at a time of its own. */
  #pullers = 0;
  #pulledAt = Number.NEGATIVE_INFINITY;
  readonly recent = new RecentPackets();
  #formats = new Map<number, Format>();
  #jitter: JitterBuffer | undefined;
  #dtmf: DtmfReceiver | undefined;
  #dtmfClockRate = 0;
  #inband: InbandDtmf | undefined;
  #wantsInband: boolean;
  /** Noise suppression of what the far end says. */
  readonly isolating = new Isolating();
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
    this.#formats = new Map(media.receive.map(({ payloadType, codec }) => [payloadType, formatOf(codec)]));
    // Comfort noise has its number for good (RFC 3551); some send it without having said so.
    if (!this.#formats.has(comfortNoise)) this.#formats.set(comfortNoise, { meaning: 'noise', codec: undefined });
    this.#configureDtmf(media);
    const same = old?.sampleRate === frame.sampleRate && old.ptimeMs === frame.ptimeMs && sameVoices(old.media, media);
    if (!same) {
      this.#close();
      this.#forgetStream();
    }
    this.#attend();
  }

  get concealedMs(): number {
    return this.#concealedBefore + this.#concealed;
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** What comes in is what listeners hear: nothing on the way changes it. */
  get plain(): boolean {
    return !this.#muted && (this.#mute?.open ?? true) && !this.isolating.active;
  }

  /** Somebody hears frames, apart from those who pull them. */
  get listened(): boolean {
    return this.#listeners.size > 0 || this.#signalListeners.size > 0 || this.#wantsInband;
  }

  /** The codec of a payload type; undefined when it is no audio. */
  codecOf(payloadType: number): string | undefined {
    return this.#formats.get(payloadType)?.codec?.name;
  }

  /** A packet's audio at the ear's rate, decoded as if what came just before it had been; undefined when it is none. */
  decode(datagram: Uint8Array, view: RtpView): Int16Array | undefined {
    const { payloadStart: start, payloadEnd: end, payloadType } = view;
    return this.#decoded([...this.recent.packets(), { bytes: datagram, start, end, payloadType }]).at(-1);
  }

  /** The audio of the last packets that were handed on, one after the other. */
  recentAudio(): Int16Array[] {
    return this.#decoded(this.recent.packets());
  }

  /** Nothing unless all are of one codec at the ear's rate. */
  #decoded(packets: readonly HeardPayload[]): Int16Array[] {
    const payloadType = packets.at(-1)?.payloadType ?? -1;
    const codec = this.#formats.get(payloadType)?.codec;
    if (!codec || codec.sampleRate !== this.sampleRate) return [];
    const decoder = codec.makeDecoder();
    return packets
      .filter((packet) => packet.payloadType === payloadType)
      .map(({ bytes, start, end }) => {
        const pcm = new Int16Array(Math.ceil(((end - start) / codec.bytesPerMs) * (codec.sampleRate / 1000)));
        return pcm.subarray(0, decoder.decode(bytes.subarray(start, end), pcm));
      });
  }

  /** Arrival less timestamp of the source's fastest packets, ms: its time line; undefined while that is not known. */
  get baseMs(): number | undefined {
    return this.#jitter?.baseMs;
  }

  /** When the next frame should be pulled, for the least delay; undefined while that is not known. */
  get nextAt(): number | undefined {
    return this.#jitter?.nextAtMs;
  }

  /** RTP timestamp that the next frame begins with; undefined while that cannot be said. */
  get position(): number | undefined {
    return this.#hearing?.level ? this.#jitter?.nextTimestamp : undefined;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#mute?.set(muted);
  }

  /** Frames from the next packet time on, until the returned function is called. */
  listen(listener: EarListener): () => void {
    return this.#join(this.#listeners, listener);
  }

  /** The same for who looks for signals, not voices: before noise suppression, which takes them for noise. Nothing while muted. */
  listenForSignals(listener: EarListener): () => void {
    return this.#join(this.#signalListeners, listener);
  }

  #join(listeners: Set<EarListener>, listener: EarListener): () => void {
    listeners.add(listener);
    this.#attend();
    return () => {
      listeners.delete(listener);
      this.#attend();
    };
  }

  /** Hands on what comes, as it comes, until the returned function is called. */
  hand(taker: PacketTaker): () => void {
    this.#takers = [...this.#takers, taker];
    this.#attend();
    return () => {
      this.#takers = this.#takers.filter((one) => one !== taker);
      this.#attend();
    };
  }

  /**
   * Makes frames to be had by `pull`, until the returned function is called: the puller's time is then the ear's, for listeners too.
   * What was heard as packets up to now is where they begin.
   */
  lead(): () => void {
    this.#pullers++;
    this.#pulledAt = this.#options.clock.now();
    this.#attend();
    return () => {
      if (--this.#pullers === 0) this.release();
      this.#attend();
    };
  }

  /** Nobody pulls any more: who still listens gets the next frame at the leg's own time, and not when a leader would have lapsed. */
  release(): void {
    this.#pulledAt = Number.NEGATIVE_INFINITY;
  }

  /** The next frame, at `sampleRate`, for who leads (and everybody who listens); reused. Undefined is silence. */
  pull(now: number): Int16Array | undefined {
    this.#pulledAt = now;
    const hearing = this.#hearing;
    if (!hearing) return undefined;
    this.#advance(hearing, now);
    return hearing.silent && !this.isolating.active ? undefined : hearing.frame;
  }

  /** Of frames; 0 before the codec is known. */
  get sampleRate(): number {
    return this.#format?.sampleRate ?? 0;
  }

  get frameMs(): number {
    return this.#format?.ptimeMs ?? 0;
  }

  /** A datagram of the RTP socket. */
  push(datagram: Uint8Array, from: Address): void {
    const view = this.#view;
    const format =
      datagram.length <= maxRtpBytes && readRtp(datagram, view) ? this.#formats.get(view.payloadType) : undefined;
    if (format === undefined) {
      this.malformed++;
      return;
    }
    const now = this.#options.clock.now();
    if (!this.latch.admit(from, view, now)) return;
    const { meaning } = format;
    this.#options.statistics.received(view, now, meaning === 'audio');
    if (this.heardAt === 0) this.#options.onHeard();
    this.heardAt = now;
    if (meaning === 'dtmf') this.#event(datagram, view, now);
    else if (this.#hearing) this.#hearing.push(datagram, view, now);
    else this.#jitter?.pass(datagram, view, now);
    const takers = this.#takers;
    if (takers.length === 0) return;
    for (let i = 0; i < takers.length; i++) takers[i]!.onPacket(datagram, view, meaning);
    if (meaning === 'audio') this.recent.add(datagram, view);
  }

  /**
   * One frame time of the leg has passed: listeners get their frame, unless somebody leads, and a digit whose last packets were lost
   * ends.
   */
  tick(now: number): void {
    this.#dtmf?.tick(now);
    if (this.#hearing && now - this.#pulledAt >= leaderLapseMs) this.#advance(this.#hearing, now);
  }

  #advance(hearing: Hearing, now: number): void {
    hearing.next(now);
    this.#inband?.process(hearing.frame);
    if (!this.#muted) for (const listener of this.#signalListeners) listener(hearing.frame, hearing.sampleRate);
    if (!this.plain) hearing.weigh();
    this.isolating.process(hearing.frame);
    this.#mute?.process(hearing.frame);
    for (const listener of this.#listeners) listener(hearing.frame, hearing.sampleRate);
  }

  describe(): string {
    if (!this.#hearing) return 'nobody listens';
    const stages = [this.#inband, this.isolating, this.#mute].filter((stage) => stage !== undefined);
    return [describeStages(stages), `${this.#listeners.size + this.#signalListeners.size} listeners`]
      .filter((text) => text !== '')
      .join(' > ');
  }

  close(): void {
    this.#dtmf?.close();
    this.#listeners.clear();
    this.#signalListeners.clear();
    this.#takers = [];
    this.#wantsInband = false;
    this.#close();
    this.#forgetStream();
  }

  #event(datagram: Uint8Array, view: RtpView, now: number): void {
    if (this.#hearing) this.#hearing.skip(datagram, view);
    else this.#jitter?.pass(datagram, view, now, true);
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
      onStart: (digit) => this.#options.onDigitStart?.(digit),
    });
  }

  /** Opens or closes the decoding path, as somebody listens or nobody does. */
  #attend(): void {
    if (this.#takers.length > 0) this.#timeLine();
    if (!this.listened && this.#pullers === 0) {
      this.#close();
      if (this.#takers.length === 0) this.#forgetStream();
      return;
    }
    if (this.#hearing || !this.#format) return;
    const { sampleRate } = this.#format;
    const jitter = this.#timeLine()!;
    this.#hearing = new Hearing({ ...this.#format, jitter, random: this.#options.random });
    // Packets were handed on until now: what is made goes on from them, and a mute ramps.
    const goesOn = this.#pullers > 0 && this.recent.held > 0;
    if (!goesOn) jitter.wait();
    if (goesOn) for (const packet of this.recent.packets()) this.#hearing.prime(packet);
    this.isolating.setFormat({ sampleRate, frameMs: this.#format.ptimeMs });
    this.#mute = new Mute(sampleRate, this.#muted && !goesOn);
    this.#mute.set(this.#muted);
    if (this.#wantsInband) this.#inband = new InbandDtmf(sampleRate, this.#options.onDigit);
  }

  #close(): void {
    if (this.#hearing) this.#jitter?.settle();
    this.#hearing = undefined;
    this.#inband = undefined;
    this.#mute = undefined;
    this.isolating.setFormat(undefined);
  }

  /** The stream's time line, for as long as frames are made or packets handed on. */
  #timeLine(): JitterBuffer | undefined {
    if (this.#jitter || !this.#format) return this.#jitter;
    const { media, ptimeMs } = this.#format;
    this.#jitter = new JitterBuffer({
      clockRate: media.clockRate,
      ptimeMs,
      unitsOf: (_, view) => {
        const codec = this.#formats.get(view.payloadType)?.codec;
        if (!codec) return 0;
        return Math.round(((view.payloadEnd - view.payloadStart) / codec.bytesPerMs) * (codec.clockRate / 1000));
      },
    });
    return this.#jitter;
  }

  get #concealed(): number {
    const clockRate = this.#format?.media.clockRate ?? 8000;
    return ((this.#jitter?.counts.concealedUnits ?? 0) * 1000) / clockRate;
  }

  #forgetStream(): void {
    this.#concealedBefore += this.#concealed;
    this.#jitter = undefined;
    this.recent.clear();
  }
}

const comfortNoise = 13;

const meaningOf = (codec: string): Meaning => {
  const name = codec.toLowerCase();
  return name === 'telephone-event' ? 'dtmf' : name === 'cn' ? 'noise' : 'audio';
};

function formatOf(name: string): Format {
  const meaning = meaningOf(name);
  return { meaning, codec: meaning === 'audio' ? codecByName(name) : undefined };
}

const sameVoices = (a: AgreedMedia, b: AgreedMedia): boolean =>
  a.clockRate === b.clockRate && JSON.stringify(a.receive) === JSON.stringify(b.receive);
