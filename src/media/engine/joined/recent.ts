// Recent packets: the last payloads of a stream that is forwarded without being decoded, to go on from when it must be.
import type { RtpView } from '../../../rtp/index.ts';
import { recentPackets } from '../../limits.ts';
import type { HeardPayload } from '../hearing.ts';

const nothing = new Uint8Array(0);

export class RecentPackets {
  /** Each with a buffer of its own, which grows to the longest payload. */
  readonly #slots: HeardPayload[] = Array.from({ length: recentPackets }, () => ({
    bytes: nothing,
    start: 0,
    end: 0,
    payloadType: 0,
  }));
  #at = 0;
  held = 0;

  add(datagram: Uint8Array, { payloadStart, payloadEnd, payloadType }: RtpView): void {
    const slot = this.#slots[this.#at]!;
    const length = payloadEnd - payloadStart;
    if (slot.bytes.length < length) slot.bytes = new Uint8Array(length);
    const { bytes } = slot;
    for (let i = 0; i < length; i++) bytes[i] = datagram[payloadStart + i]!;
    slot.end = length;
    slot.payloadType = payloadType;
    this.#at = (this.#at + 1) % recentPackets;
    if (this.held < recentPackets) this.held++;
  }

  /** Oldest first; valid until the next is added. */
  packets(): HeardPayload[] {
    return Array.from(
      { length: this.held },
      (_, i) => this.#slots[(this.#at - this.held + i + recentPackets) % recentPackets]!,
    );
  }

  clear(): void {
    this.held = 0;
  }
}
