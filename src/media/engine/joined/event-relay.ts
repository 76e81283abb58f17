// Event relay: telephone events go out as they come, however the audio goes: with the target's number, in its own numbers and time.
import { type RtpView, timestampDistance } from '../../../rtp/index.ts';
import { eventLapseMs } from '../../limits.ts';
import type { Port } from '../port.ts';
import type { Follower, Place } from './follower.ts';

/** Event, flags and volume, duration (RFC 4733 2.3). */
const eventBytes = 4;
/** A packet of an event that began so much before the last one is late; further back the source's time has jumped. Two seconds. */
const lateEventUnits = 16_000;

export interface RelayPorts {
  from: Port;
  to: Port;
}

export class EventRelay {
  readonly #from: Port;
  readonly #to: Port;
  /** The event that sounds, by its source, and ours. */
  #ssrc = -1;
  #timestamp = 0;
  #ours = 0;
  /** Until then it holds the audio back. */
  #until = Number.NEGATIVE_INFINITY;

  constructor({ from, to }: RelayPorts) {
    this.#from = from;
    this.#to = to;
  }

  /** Events have a number there too, and the same clock. */
  get possible(): boolean {
    const [from, to] = [this.#from.media, this.#to.media];
    return to?.dtmfPayloadType !== undefined && from?.dtmfClockRate === to.dtmfClockRate;
  }

  /** No audio goes out now. */
  holds(now: number): boolean {
    return now < this.#until;
  }

  /** `follower`: of the stream while it is forwarded. True when the packet went out. */
  relay(
    datagram: Uint8Array,
    view: RtpView,
    { now, follower }: { now: number; follower: Follower | undefined },
  ): boolean {
    if (!this.possible || this.#from.ear.muted || view.payloadEnd - view.payloadStart < eventBytes) return false;
    const forwarded = follower?.knows(view, now, false) ?? false;
    const place = forwarded ? follower?.follow(view, now, false) : this.#place(view);
    if (!place) return false;
    this.#ssrc = view.ssrc;
    this.#timestamp = view.timestamp;
    this.#ours = place.timestamp;
    const ended = (datagram[view.payloadStart + 1]! & 0x80) !== 0;
    if (!forwarded) this.#until = ended ? now : now + eventLapseMs;
    this.#to.sender.pass(datagram, view, { place, payloadType: this.#to.media!.dtmfPayloadType!, units: 0, now });
    return true;
  }

  /** Where the target stands; an event keeps the time at which it began. Undefined for the end of one that is over, come late. */
  #place(view: RtpView): Place | undefined {
    const { sequence, timestamp } = this.#to.output;
    if (view.ssrc !== this.#ssrc) return { sequence, timestamp };
    const behind = timestampDistance(this.#timestamp, view.timestamp);
    if (behind === 0) return { sequence, timestamp: this.#ours };
    return behind > 0 && behind < lateEventUnits ? undefined : { sequence, timestamp };
  }
}
