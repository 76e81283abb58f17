// Pipe: one direction of a simulated stream. Keeps order, delays, cuts, and sends again while the link is dead.
import type { Timer } from '../clock.ts';
import { type Random, randomInt } from '../random.ts';
import type { SimHost } from './host.ts';

/** First wait before bytes are sent again, doubled each time (RFC 6298 with Linux' floor). */
const retransmitMs = 200;
/** Waits before the connection counts as dead: 924.6 s with the above, as Linux has it (tcp_retries2). */
const retransmitTries = 16;
const retransmitLimitMs = 120_000;

export interface PipeEvents {
  onBytes(bytes: Uint8Array): void;
  onEnd(): void;
  onGivenUp(): void;
  /** The sender is gone: nothing more is tried when the link is dead. */
  orphaned(): boolean;
}

export class Pipe {
  readonly #host: SimHost;
  readonly #to: string;
  readonly #events: PipeEvents;
  readonly #random: Random;
  #queue: { bytes: Uint8Array; at: number }[] = [];
  #queuedBytes = 0;
  #ended = false;
  #killed = false;
  #endAt = 0;
  #lastAt = 0;
  #timer: Timer | undefined;
  #tries = 0;

  constructor(host: SimHost, to: string, events: PipeEvents) {
    this.#host = host;
    this.#to = to;
    this.#events = events;
    this.#random = host.net.chance(`tcp ${host.ip}>${to}`);
  }

  /** Bytes not yet handed to the peer. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.#queue.push({ bytes, at: this.#arrival() });
    this.#queuedBytes += bytes.length;
    this.#schedule();
  }

  /** The peer is told after the last byte. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#endAt = this.#arrival();
    this.#schedule();
  }

  /** Drops what has not arrived. */
  discard(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  /** Nothing of this arrives any more, not even the end. */
  kill(): void {
    this.discard();
    this.#ended = true;
    this.#killed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arrival(): number {
    const link = this.#host.net.links.between(this.#host.ip, this.#to);
    let delayMs = link.delayMs;
    if (link.jitterMs > 0) delayMs += this.#random.next() * link.jitterMs;
    if (link.lossRate > 0 && this.#random.next() < link.lossRate) delayMs += retransmitMs;
    this.#lastAt = Math.max(this.#lastAt, this.#host.net.clock.now() + delayMs);
    return this.#lastAt;
  }

  #schedule(at = this.#queue[0]?.at ?? (this.#ended ? this.#endAt : undefined)): void {
    if (this.#timer || this.#killed || at === undefined) return;
    const { clock } = this.#host.net;
    this.#timer = clock.after(at - clock.now(), () => {
      this.#timer = undefined;
      this.#deliver();
    });
  }

  #deliver(): void {
    const link = this.#host.net.links.between(this.#host.ip, this.#to);
    if (link.blackhole) {
      this.#tryAgain();
      return;
    }
    this.#tries = 0;
    const due = this.#takeDue();
    if (due.length > 1 && this.#random.next() < link.segmentRate) this.#deliverPart(due);
    else if (due.length > 0) this.#events.onBytes(due);
    const { clock } = this.#host.net;
    if (this.#queue.length === 0 && this.#ended && this.#endAt <= clock.now()) this.#events.onEnd();
    else this.#schedule();
  }

  #deliverPart(due: Uint8Array): void {
    const cut = 1 + randomInt(this.#random, due.length - 1);
    // Within a millisecond, with whatever follows until then.
    this.#queue.unshift({ bytes: due.subarray(cut), at: this.#host.net.clock.now() + this.#random.next() });
    this.#queuedBytes += due.length - cut;
    this.#events.onBytes(due.subarray(0, cut));
  }

  /** What has arrived by now, as one run of bytes: a stream knows no message borders. */
  #takeDue(): Uint8Array {
    const now = this.#host.net.clock.now();
    let count = 0;
    while (count < this.#queue.length && this.#queue[count]!.at <= now) count++;
    const due = this.#queue.splice(0, count).map((entry) => entry.bytes);
    const bytes = due.length === 1 ? due[0]! : Buffer.concat(due);
    this.#queuedBytes -= bytes.length;
    return bytes;
  }

  #tryAgain(): void {
    const orphaned = this.#events.orphaned();
    if (!orphaned && this.#tries < retransmitTries) {
      const waitMs = Math.min(retransmitMs * 2 ** this.#tries++, retransmitLimitMs);
      this.#schedule(this.#host.net.clock.now() + waitMs);
      return;
    }
    this.kill();
    if (!orphaned) this.#events.onGivenUp();
  }
}
