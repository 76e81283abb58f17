// The packets a jitter buffer holds: slots in one preallocated block, found by extended sequence number.
import { jitterSlots } from './limits.ts';

const free = -1;

export class PacketRing {
  readonly #sequences = new Float64Array(jitterSlots).fill(free);
  readonly #timestamps = new Float64Array(jitterSlots);
  readonly #units = new Int32Array(jitterSlots);
  readonly #lengths = new Uint16Array(jitterSlots);
  readonly #payloadTypes = new Int16Array(jitterSlots);
  /** The payloads, each as one view: made once, as payloads of a stream are of one length. */
  #payloads: (Uint8Array | undefined)[] = [];
  #slotBytes = 0;
  #bytes = new Uint8Array(0);
  #held = 0;

  get held(): number {
    return this.#held;
  }

  has(sequence: number): boolean {
    return this.#sequences[sequence % jitterSlots] === sequence;
  }

  timestamp(sequence: number): number {
    return this.#timestamps[sequence % jitterSlots]!;
  }

  units(sequence: number): number {
    return this.#units[sequence % jitterSlots]!;
  }

  payloadType(sequence: number): number {
    return this.#payloadTypes[sequence % jitterSlots]!;
  }

  /** Valid until the slot is filled anew. */
  payload(sequence: number): Uint8Array {
    const slot = sequence % jitterSlots;
    const length = this.#lengths[slot]!;
    const known = this.#payloads[slot];
    if (known?.length === length) return known;
    const start = slot * this.#slotBytes;
    const view = this.#bytes.subarray(start, start + length);
    this.#payloads[slot] = view;
    return view;
  }

  /** Copies `from[start..end)` in. The slot must be free or hold something older. */
  put(
    sequence: number,
    packet: { timestamp: number; units: number; payloadType: number; from: Uint8Array; start: number; end: number },
  ): void {
    const slot = sequence % jitterSlots;
    const length = packet.end - packet.start;
    if (length > this.#slotBytes) this.#grow(length);
    if (this.#sequences[slot] === free) this.#held++;
    this.#sequences[slot] = sequence;
    this.#timestamps[slot] = packet.timestamp;
    this.#units[slot] = packet.units;
    this.#payloadTypes[slot] = packet.payloadType;
    this.#lengths[slot] = length;
    const { from, start } = packet;
    const bytes = this.#bytes;
    const at = slot * this.#slotBytes;
    for (let i = 0; i < length; i++) bytes[at + i] = from[start + i]!;
  }

  remove(sequence: number): void {
    if (!this.has(sequence)) return;
    this.#sequences[sequence % jitterSlots] = free;
    this.#held--;
  }

  clear(): void {
    this.#sequences.fill(free);
    this.#held = 0;
  }

  #grow(length: number): void {
    const slotBytes = Math.ceil(length / 16) * 16;
    const bytes = new Uint8Array(slotBytes * jitterSlots);
    for (let slot = 0; slot < jitterSlots; slot++) {
      const at = slot * this.#slotBytes;
      bytes.set(this.#bytes.subarray(at, at + this.#lengths[slot]!), slot * slotBytes);
    }
    this.#bytes = bytes;
    this.#slotBytes = slotBytes;
    this.#payloads = new Array(jitterSlots).fill(undefined);
  }
}
