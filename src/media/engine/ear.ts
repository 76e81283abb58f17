// Ear: what the far end says. Packets are counted and searched for digits; they are decoded only while somebody listens.
import type { Address, Clock } from '../../base/index.ts';
import { DtmfReceiver, makeRtpView, readRtp, SequenceTracker } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { maxRtpBytes } from '../limits.ts';
import type { DigitEvent } from '../types.ts';
import { SourceLatch } from './source-latch.ts';

export interface EarEvents {
  onDigit(event: DigitEvent): void;
  /** The first packet of the far end. */
  onHeard(): void;
}

type Meaning = 'audio' | 'dtmf' | 'noise';

export class Ear {
  readonly latch: SourceLatch;
  packets = 0;
  octets = 0;
  /** Not RTP, or of a payload type that was not agreed on. */
  malformed = 0;
  /** Clock time of the far end's last packet; 0 for none. */
  heardAt = 0;
  readonly #clock: Clock;
  readonly #events: EarEvents;
  readonly #view = makeRtpView();
  readonly #tracker = new SequenceTracker({ probation: 0 });
  #ssrc = -1;
  #lostBefore = 0;
  #meanings = new Map<number, Meaning>();
  #dtmf: DtmfReceiver | undefined;
  #dtmfClockRate = 0;

  constructor(clock: Clock, events: EarEvents, latched?: Address) {
    this.#clock = clock;
    this.#events = events;
    this.latch = new SourceLatch(latched);
  }

  configure(media: AgreedMedia): void {
    this.latch.expect(media.remote, this.#clock.now());
    this.#meanings = new Map(media.receive.map((format) => [format.payloadType, meaningOf(format.codec)]));
    const rate = media.dtmfClockRate ?? media.receive.find((f) => meaningOf(f.codec) === 'dtmf')?.clockRate;
    if (rate === undefined || rate === this.#dtmfClockRate) return;
    this.#dtmf?.close();
    this.#dtmfClockRate = rate;
    this.#dtmf = new DtmfReceiver({
      clockRate: rate,
      onDigit: (digit, durationMs) => this.#events.onDigit({ digit, durationMs, source: 'rfc4733' }),
    });
  }

  get lost(): number {
    return Math.max(0, this.#lostBefore + this.#tracker.lost);
  }

  /** A datagram of the RTP socket. */
  push(datagram: Uint8Array, from: Address): void {
    const view = this.#view;
    if (datagram.length > maxRtpBytes || !readRtp(datagram, view)) {
      this.malformed++;
      return;
    }
    const meaning = this.#meanings.get(view.payloadType);
    if (meaning === undefined) {
      this.malformed++;
      return;
    }
    const now = this.#clock.now();
    if (!this.latch.admit(from, view, now)) return;
    const first = this.heardAt === 0;
    this.heardAt = now;
    this.packets++;
    this.octets += datagram.length;
    this.#count(view.ssrc, view.sequence);
    if (meaning === 'dtmf') this.#dtmf?.push(datagram, view, now);
    if (first) this.#events.onHeard();
  }

  /** One frame time has passed: ends a digit whose last packets were lost. */
  tick(now: number): void {
    this.#dtmf?.tick(now);
  }

  close(): void {
    this.#dtmf?.close();
  }

  #count(ssrc: number, sequence: number): void {
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#lostBefore += this.#tracker.lost;
      this.#tracker.reset();
    }
    this.#tracker.update(sequence);
  }
}

const meaningOf = (codec: string): Meaning => {
  const name = codec.toLowerCase();
  return name === 'telephone-event' ? 'dtmf' : name === 'cn' ? 'noise' : 'audio';
};
