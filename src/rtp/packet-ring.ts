// The packets a jitter buffer holds: slots found by extended sequence number, and payloads whose memory is used again at once.
import { jitterSlots } from './limits.ts';

const free = -1;
const none = new Uint8Array(0);

export class PacketRing {
  readonly #sequences = new Float64Array(jitterSlots).fill(free);
  readonly #timestamps = new Float64Array(jitterSlots);
  readonly #units = new Int32Array(jitterSlots);
  readonly #payloadTypes = new Int16Array(jitterSlots);
  readonly #payloads: Uint8Array[] = new Array(jitterSlots).fill(none);
  /** Given back, the last on top: payloads of a stream are of one length, and of all slots two or three are in use. */
  readonly #spare: Uint8Array[] = [];
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

  /** Valid until the next `put`. */
  payload(sequence: number): Uint8Array {
    return this.#payloads[sequence % jitterSlots]!;
  }

  /** Copies `from[start..end)` in. The slot must be free or hold something older. */
  put(
    sequence: number,
    packet: { timestamp: number; units: number; payloadType: number; from: Uint8Array; start: number; end: number },
  ): void {
    const slot = sequence % jitterSlots;
    const { from, start, end } = packet;
    const length = end - start;
    if (this.#sequences[slot] === free) this.#held++;
    else this.#giveBack(slot);
    this.#sequences[slot] = sequence;
    this.#timestamps[slot] = packet.timestamp;
    this.#units[slot] = packet.units;
    this.#payloadTypes[slot] = packet.payloadType;
    const payload = this.#room(length);
    this.#payloads[slot] = payload;
    for (let i = 0; i < length; i++) payload[i] = from[start + i]!;
  }

  remove(sequence: number): void {
    if (!this.has(sequence)) return;
    const slot = sequence % jitterSlots;
    this.#sequences[slot] = free;
    this.#giveBack(slot);
    this.#held--;
  }

  clear(): void {
    for (let slot = 0; slot < jitterSlots; slot++) if (this.#sequences[slot] !== free) this.#giveBack(slot);
    this.#sequences.fill(free);
    this.#held = 0;
  }

  #room(length: number): Uint8Array {
    if (length === 0) return none;
    const spare = this.#spare.pop();
    return spare?.length === length ? spare : new Uint8Array(length);
  }

  #giveBack(slot: number): void {
    const payload = this.#payloads[slot]!;
    if (payload !== none) this.#spare.push(payload);
  }
}
