// Digits out: RFC 4733 when agreed, tones in the audio otherwise; strings of digits go out in the order they were given.
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '../../base/index.ts';
import { DtmfSender, type DtmfSenderOptions, type RtpOutput } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { maxDigits } from '../limits.ts';

/** Sends tones in the audio; `done` when the last has been. */
export type SendTones = (digits: string, durationMs: number, done: () => void) => void;

const pausesMs: Record<string, number> = { w: 500, W: 1000 };

export class DigitsOut {
  /** One event packet: header and 4 bytes. */
  readonly packet = new Uint8Array(16);
  readonly #tones: SendTones;
  #format: DtmfSenderOptions | undefined;
  #sender: DtmfSender | undefined;
  /** Told when the event sender has nothing left. */
  #waiting: (() => void)[] = [];

  constructor(tones: SendTones) {
    this.#tones = tones;
  }

  /** `sends` false: nothing is sent now, digits neither. */
  configure(media: AgreedMedia, sends: boolean): void {
    const { dtmfPayloadType: payloadType, dtmfClockRate, ptimeMs } = media;
    const clockRate = dtmfClockRate ?? media.clockRate;
    const old = this.#format;
    this.#format = sends && payloadType !== undefined ? { clockRate, payloadType, ptimeMs } : undefined;
    // Session timers repeat an offer as it was: the digits under way go on.
    if (old && this.#format && isDeepStrictEqual(old, this.#format)) return;
    // A change of format, or a hold, cuts them short; who waits for them is told.
    this.#finish();
    this.#sender = this.#format && new DtmfSender(this.#format);
  }

  /** `done` when the last has been sent. Throws a Fault `digits-too-many`. */
  send(digits: string, durationMs: number, done: () => void): void {
    if (digits.length > maxDigits)
      throw new Fault('digits-too-many', `at most ${maxDigits} digits may be sent at once`);
    if (!this.#sender) return this.#tones(digits, durationMs, done);
    for (const digit of digits) {
      const pauseMs = pausesMs[digit];
      const taken = pauseMs === undefined ? this.#sender.send(digit, durationMs) : this.#sender.pause(pauseMs);
      if (!taken && pausesMs[digit] === undefined && !/^[0-9*#a-d]$/i.test(digit)) continue;
      if (!taken) throw new Fault('digits-too-many', 'too many digits wait to be sent', { retryable: true });
    }
    if (this.#sender.busy) this.#waiting.push(done);
    else done();
  }

  get busy(): boolean {
    return this.#sender?.busy ?? false;
  }

  /** The event packet of this frame time, or undefined when the time belongs to audio. */
  next(output: RtpOutput): Uint8Array | undefined {
    const bytes = this.#sender?.next(output, this.packet) ?? 0;
    if (bytes > 0) return this.packet;
    if (this.#waiting.length > 0 && !this.busy) this.#finish();
    return undefined;
  }

  close(): void {
    this.#finish();
  }

  #finish(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
