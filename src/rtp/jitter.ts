// Adaptive jitter buffer: packets in as they come, one frame out per frame time, in order, with as little delay as the network allows.
import { ArrivalWindow } from './arrival-window.ts';
import type { JitterCounts, JitterFrame, JitterOptions, JitterVerdict } from './jitter-types.ts';
import {
  jitterAdjustMs,
  jitterAdjustQuietMs,
  jitterBreakMs,
  jitterDeficitMs,
  jitterDeficitQuietMs,
  jitterExcessMs,
  jitterExcessQuietMs,
  jitterInitialDelayMs,
  jitterLateRun,
  jitterMaxConcealMs,
  jitterMaxDelayMs,
  jitterMaxPayload,
  jitterMinDelayMs,
  jitterSlots,
  jitterStepMs,
  maxDropout,
  maxMisorder,
} from './limits.ts';
import type { RtpView } from './packet.ts';
import { PacketRing } from './packet-ring.ts';
import { sequenceDistance, timestampDistance } from './sequence.ts';

const never = (): boolean => false;

/** Marks a slot whose packet is no audio. */
const noAudio = -1;

/**
 * Time is one line per stream: a packet belongs at its timestamp plus the fastest transit seen lately, plus the target delay.
 * The target follows how late packets come (ArrivalWindow). Playout follows the target by whole frames, mostly in silence;
 * a late packet with nothing behind it is waited for with concealment, which is how the delay grows at once when it must.
 */
export class JitterBuffer {
  readonly counts: JitterCounts = {
    stored: 0,
    late: 0,
    duplicate: 0,
    concealed: 0,
    concealedUnits: 0,
    dropped: 0,
    inserted: 0,
    restarts: 0,
  };
  readonly #unitsOf: JitterOptions['unitsOf'];
  readonly #unitsPerMs: number;
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #arrivals = new ArrivalWindow();
  readonly #ring = new PacketRing();
  readonly #frame: JitterFrame;
  /** Length of the last frame; length of a step while there is none. */
  #frameUnits: number;
  #stepUnits: number;
  #ssrc = -1;
  /** Highest extended sequence number stored, and the last timestamp, from which the next ones are extended. */
  #highest = 0;
  #lastTimestamp = 0;
  /** What is played next. */
  #nextSequence = 0;
  #nextTimestamp = 0;
  /** Units concealed while nothing was there: the delay grows by them unless what was missing is lost. */
  #owed = 0;
  /** Between talk spurts: the next packet waits for its time. */
  #waiting = true;
  #begun = false;
  #afterEvent = false;
  #adjustedAtMs = Number.NEGATIVE_INFINITY;
  #suspectSsrc = -1;
  #suspectSequence = -1;
  #lateRun = 0;
  #lateSequence = -1;
  #delayMs = 0;

  constructor(options: JitterOptions) {
    this.#unitsOf = options.unitsOf;
    this.#unitsPerMs = options.clockRate / 1000;
    this.#minDelayMs = options.minDelayMs ?? jitterMinDelayMs;
    this.#maxDelayMs = options.maxDelayMs ?? jitterMaxDelayMs;
    this.#frameUnits = options.ptimeMs * this.#unitsPerMs;
    this.#stepUnits = Math.min(this.#frameUnits, jitterStepMs * this.#unitsPerMs);
    const payload = new Uint8Array(0);
    this.#frame = { kind: 'empty', payload, payloadType: 0, units: 0, timestamp: 0, spliced: false };
  }

  /** The delay (ms, after the fastest packet's) that is aimed at. */
  get targetMs(): number {
    const needed = this.#arrivals.neededMs ?? jitterInitialDelayMs;
    return Math.min(Math.max(needed, this.#minDelayMs), this.#maxDelayMs);
  }

  /** The delay of the frame played last, ms, counted as the target is. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** A packet of audio or comfort noise; its payload is copied. */
  push(datagram: Uint8Array, view: RtpView, arrivalMs: number): JitterVerdict {
    const { payloadStart: start, payloadEnd: end, payloadType } = view;
    if (end - start > jitterMaxPayload) return 'oversize';
    if (end === start) return this.skip(datagram, view);
    const sequence = this.#place(view);
    if (typeof sequence === 'string') return sequence;
    const timestamp = this.#lastTimestamp + timestampDistance(view.timestamp, this.#lastTimestamp % 2 ** 32);
    const transitMs = arrivalMs - timestamp / this.#unitsPerMs;
    if (!this.#arrivals.empty && Math.abs(transitMs - this.#arrivals.base) > jitterBreakMs)
      return this.#admit(view) ? this.push(datagram, view, arrivalMs) : 'suspect';
    this.#arrivals.add(transitMs);
    this.#lastTimestamp = timestamp;
    const units = this.#unitsOf(datagram, view);
    this.#ring.put(sequence, { timestamp, units, payloadType, from: datagram, start, end });
    this.counts.stored++;
    return 'stored';
  }

  /** A packet of the same stream that is no audio, such as a telephone event: its sequence number is not missing. */
  skip(datagram: Uint8Array, view: RtpView): JitterVerdict {
    const sequence = this.#place(view);
    if (typeof sequence === 'string') return sequence;
    const packet = { timestamp: 0, units: 0, payloadType: noAudio, from: datagram, start: 0, end: 0 };
    this.#ring.put(sequence, packet);
    return 'stored';
  }

  /**
   * A packet of the stream that was sent on as it came, events included: the time line goes on behind it, and playout, when it is
   * asked for, begins there with what is known of the network. `event`: it is no audio.
   */
  pass(datagram: Uint8Array, view: RtpView, arrivalMs: number, event = false): JitterVerdict {
    if (this.#ring.held > 0) this.#ring.clear();
    const sequence = this.#place(view);
    if (typeof sequence === 'string') return sequence;
    this.#nextSequence = sequence + 1;
    this.#owed = 0;
    this.#begun = true;
    if (event) {
      this.#waiting = true;
      return 'stored';
    }
    const timestamp = this.#lastTimestamp + timestampDistance(view.timestamp, this.#lastTimestamp % 2 ** 32);
    const transitMs = arrivalMs - timestamp / this.#unitsPerMs;
    if (!this.#arrivals.empty && Math.abs(transitMs - this.#arrivals.base) > jitterBreakMs) {
      this.#restart(view);
      return this.pass(datagram, view, arrivalMs);
    }
    this.#arrivals.add(transitMs);
    this.#lastTimestamp = timestamp;
    const units = this.#unitsOf(datagram, view);
    if (units > 0) this.#frameUnits = units;
    this.#nextTimestamp = timestamp + units;
    this.#waiting = units === 0;
    return 'stored';
  }

  /** Who begins to listen now misses nothing yet: the next packet waits for its time. */
  wait(): void {
    this.#waiting = true;
  }

  /** All that is here was played elsewhere: playout goes on behind it. */
  settle(): void {
    const last = this.#highest;
    if (this.#ssrc === -1 || last < this.#nextSequence) return;
    const isAudio = this.#ring.has(last) && this.#ring.units(last) > 0;
    if (isAudio) this.#nextTimestamp = this.#ring.timestamp(last) + this.#ring.units(last);
    this.#ring.clear();
    this.#nextSequence = last + 1;
    this.#owed = 0;
    this.#begun = true;
    this.#waiting = !isAudio;
  }

  /** Transit (arrival less timestamp, ms) of the fastest packet of late, against which time is counted; undefined before the first. */
  get baseMs(): number | undefined {
    return this.#arrivals.empty ? undefined : this.#arrivals.base;
  }

  /** When what is played next should be, or undefined while that is not known: a talk spurt has not begun. */
  get nextAtMs(): number | undefined {
    if (this.#waiting || this.#arrivals.empty) return undefined;
    return this.#nextTimestamp / this.#unitsPerMs + this.#arrivals.base + this.targetMs;
  }

  /** RTP timestamp (modulo 2^32) of what is played next, once something is. */
  get nextTimestamp(): number {
    return this.#nextTimestamp % 2 ** 32;
  }

  /**
   * The next frame. Call it once per frame time with that frame's deadline; the object is reused. `isQuiet`, asked only when it
   * matters: the last frame was silence, so that one may be left out or put in unheard.
   */
  pull(nowMs: number, isQuiet: () => boolean = never): JitterFrame {
    this.#frame.spliced = false;
    this.#passEvents();
    const head = this.#head();
    if (head < 0) return this.#nothing();
    if (!this.#waiting) {
      const gap = this.#ring.timestamp(head) - this.#nextTimestamp - this.#owed;
      if (gap < this.#stepUnits / 2) return this.#playOrAdjust(head, nowMs, isQuiet);
      if (head > this.#nextSequence && this.#owed < this.#maxConcealUnits) {
        // Lost, or too late to wait for, since something newer is here.
        this.#nextSequence++;
        return this.#conceal(Math.min(gap, this.#frameUnits));
      }
      this.#waiting = true;
    }
    if (this.#delayOf(head, nowMs) < this.targetMs) return this.#give('empty', this.#stepUnits);
    return this.#play(this.#trim(head, nowMs), nowMs);
  }

  get #maxConcealUnits(): number {
    return jitterMaxConcealMs * this.#unitsPerMs;
  }

  /** The slot's extended sequence number, or why the packet gets none. */
  #place(view: RtpView): number | Exclude<JitterVerdict, 'stored'> {
    if (view.ssrc !== this.#ssrc && !this.#admit(view)) return 'suspect';
    const sequence = this.#highest + sequenceDistance(view.sequence, this.#highest & 0xffff);
    const ahead = sequence - this.#nextSequence;
    if (ahead >= maxDropout || ahead < -maxMisorder) {
      if (!this.#admit(view)) return 'suspect';
      return this.#place(view);
    }
    if (ahead < 0 && (this.#begun || this.#highest - sequence >= jitterSlots)) return this.#tooLate(view);
    if (this.#ring.has(sequence)) {
      this.counts.duplicate++;
      return 'duplicate';
    }
    this.#lateRun = 0;
    if (ahead < 0) this.#nextSequence = sequence;
    if (ahead >= jitterSlots) this.#makeRoom(sequence);
    this.#highest = Math.max(this.#highest, sequence);
    return sequence;
  }

  /** A new time line counts when nothing else is being played, or when a second packet confirms it. */
  #admit(view: RtpView): boolean {
    const confirmed = view.ssrc === this.#suspectSsrc && view.sequence === this.#suspectSequence;
    this.#suspectSsrc = view.ssrc;
    this.#suspectSequence = (view.sequence + 1) & 0xffff;
    const idle = this.#waiting && this.#ring.held === 0;
    if (!confirmed && !idle) return false;
    this.#restart(view);
    return true;
  }

  #tooLate(view: RtpView): 'late' {
    this.counts.late++;
    this.#lateRun = view.sequence === this.#lateSequence ? this.#lateRun + 1 : 1;
    this.#lateSequence = (view.sequence + 1) & 0xffff;
    if (this.#lateRun >= jitterLateRun && this.#ring.held === 0) this.#restart(view);
    return 'late';
  }

  #restart(view: RtpView): void {
    if (this.#ssrc !== -1) this.counts.restarts++;
    this.#ring.clear();
    this.#arrivals.reset();
    this.#ssrc = view.ssrc;
    // A whole cycle up, so that what was reordered before it is not negative.
    this.#highest = 0x10000 + view.sequence;
    this.#nextSequence = this.#highest;
    this.#lastTimestamp = 2 ** 32 + view.timestamp;
    this.#owed = 0;
    this.#waiting = true;
    this.#begun = false;
    this.#lateRun = 0;
    this.#suspectSsrc = -1;
  }

  #makeRoom(sequence: number): void {
    const first = sequence - jitterSlots + 1;
    for (let s = this.#nextSequence; s < first && s <= this.#highest; s++) this.#ring.remove(s);
    this.#nextSequence = first;
    this.#waiting = true;
  }

  /** Steps over packets that are no audio. */
  #passEvents(): void {
    while (this.#ring.has(this.#nextSequence) && this.#ring.payloadType(this.#nextSequence) === noAudio) {
      this.#ring.remove(this.#nextSequence++);
      this.#afterEvent = true;
    }
  }

  /** The oldest audio that is here, or -1. */
  #head(): number {
    if (this.#ring.held === 0) return -1;
    for (let s = this.#nextSequence; s <= this.#highest; s++)
      if (this.#ring.has(s) && this.#ring.payloadType(s) !== noAudio) return s;
    return -1;
  }

  /** How long after the fastest packet's moment this one would be played. */
  #delayOf(sequence: number, nowMs: number): number {
    return nowMs - this.#ring.timestamp(sequence) / this.#unitsPerMs - this.#arrivals.base;
  }

  #playOrAdjust(head: number, nowMs: number, isQuiet: () => boolean): JitterFrame {
    const excessMs = this.#delayOf(head, nowMs) - this.targetMs;
    // Nearly always there is nothing to adjust, in silence neither.
    const isOff = excessMs < -jitterDeficitQuietMs || excessMs > jitterStepMs + jitterExcessQuietMs;
    const quiet = isOff && isQuiet();
    const mayAdjust = nowMs - this.#adjustedAtMs >= (quiet ? jitterAdjustQuietMs : jitterAdjustMs);
    if (mayAdjust && excessMs < -(quiet ? jitterDeficitQuietMs : jitterDeficitMs)) {
      this.#adjustedAtMs = nowMs;
      this.counts.inserted++;
      return this.#give('lost', this.#stepUnits);
    }
    const next = this.#trim(head, nowMs);
    const frameMs = Math.max(this.#ring.units(head) / this.#unitsPerMs, jitterStepMs);
    const mostMs = frameMs + (quiet ? jitterExcessQuietMs : jitterExcessMs);
    if (next === head && mayAdjust && excessMs > mostMs && this.#isFrame(head + 1)) {
      this.#adjustedAtMs = nowMs;
      return this.#play(this.#drop(head), nowMs);
    }
    return this.#play(next, nowMs);
  }

  #isFrame(sequence: number): boolean {
    return this.#ring.has(sequence) && this.#ring.units(sequence) > 0;
  }

  /** Leaves a frame out; gives the one after it. */
  #drop(sequence: number): number {
    this.#ring.remove(sequence);
    this.#frame.spliced = true;
    this.counts.dropped++;
    return sequence + 1;
  }

  /** After a stall a burst comes: what would stretch the delay over its limit is left out, never the newest part. */
  #trim(head: number, nowMs: number): number {
    const targetMs = this.targetMs;
    let at = head;
    while (
      this.#delayOf(at, nowMs) > this.#maxDelayMs + jitterExcessMs &&
      (this.#lastTimestamp - this.#ring.timestamp(at)) / this.#unitsPerMs > targetMs &&
      this.#isFrame(at + 1)
    )
      at = this.#drop(at);
    return at;
  }

  #play(sequence: number, nowMs: number): JitterFrame {
    const ring = this.#ring;
    const frame = this.#frame;
    const timestamp = ring.timestamp(sequence);
    const units = ring.units(sequence);
    const isNoise = units === 0;
    if (!isNoise) this.#frameUnits = units;
    frame.units = isNoise ? this.#stepUnits : units;
    frame.kind = isNoise ? 'noise' : 'frame';
    frame.payload = ring.payload(sequence);
    frame.payloadType = ring.payloadType(sequence);
    frame.timestamp = timestamp % 2 ** 32;
    this.#delayMs = this.#delayOf(sequence, nowMs);
    for (let s = this.#nextSequence; s <= sequence; s++) ring.remove(s);
    this.#nextSequence = sequence + 1;
    this.#nextTimestamp = timestamp + units;
    this.#owed = 0;
    this.#begun = true;
    this.#afterEvent = false;
    // After comfort noise comes silence of unknown length.
    this.#waiting = isNoise;
    return frame;
  }

  #nothing(): JitterFrame {
    if (this.#afterEvent || this.#owed >= this.#maxConcealUnits) this.#waiting = true;
    return this.#waiting ? this.#give('empty', this.#stepUnits) : this.#conceal(this.#stepUnits);
  }

  #conceal(units: number): JitterFrame {
    this.#owed += units;
    this.counts.concealed++;
    this.counts.concealedUnits += units;
    return this.#give('lost', units);
  }

  #give(kind: 'lost' | 'empty', units: number): JitterFrame {
    this.#frame.kind = kind;
    this.#frame.units = units;
    return this.#frame;
  }
}
