// The packets a jitter buffer holds: slots in one preallocated block, found by extended sequence number.
import { jitterSlots } from './limits.ts';

const free = -1;

export class PacketRing {
  readonly #sequences = new Float64Array(jitterSlots).fill(free);
  readonly #timestamps = new Float64Array(jitterSlots);
  readonly #units = new Int32Array(jitterSlots);
  readonly #lengths = new Uint16Array(jitterSlots);
  readonly #payloadTypes = new Int16Array(jitterSlots);
  #slotBytes = 0;
  #bytes = new Uint8Array(0);
  #held = 0;

  /** The block all payloads are in; another one after a `put` that did not fit. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

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

  start(sequence: number): number {
    return (sequence % jitterSlots) * this.#slotBytes;
  }

  end(sequence: number): number {
    return this.start(sequence) + this.#lengths[sequence % jitterSlots]!;
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
    const at = slot * this.#slotBytes;
    for (let i = 0; i < length; i++) this.#bytes[at + i] = packet.from[packet.start + i]!;
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
  }
}
