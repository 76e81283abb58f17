// Recent packets: the last payloads of a stream that is forwarded without being decoded, to go on from when it must be.
import type { RtpView } from '../../../rtp/index.ts';
import { recentPackets } from '../../limits.ts';
import type { HeardPayload } from '../hearing.ts';

const nothing = new Uint8Array(0);

/** Keeps the datagrams themselves: whoever received them has let go of them, and only their headers are written to. */
export class RecentPackets {
  readonly #slots: HeardPayload[] = [];
  #at = 0;
  held = 0;

  add(bytes: Uint8Array, { payloadStart: start, payloadEnd: end, payloadType }: RtpView): void {
    this.#slots[this.#at] ??= { bytes, start, end, payloadType };
    const slot = this.#slots[this.#at]!;
    slot.bytes = bytes;
    slot.start = start;
    slot.end = end;
    slot.payloadType = payloadType;
    this.#at = (this.#at + 1) % recentPackets;
    if (this.held < recentPackets) this.held++;
  }

  /** Oldest first. */
  packets(): HeardPayload[] {
    return Array.from(
      { length: this.held },
      (_, i) => this.#slots[(this.#at - this.held + i + recentPackets) % recentPackets]!,
    );
  }

  clear(): void {
    this.held = 0;
    for (const slot of this.#slots) slot.bytes = nothing;
  }
}
