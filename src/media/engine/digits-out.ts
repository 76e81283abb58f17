// Digits out: RFC 4733 when agreed, tones in the audio otherwise; strings of digits go out in the order they were given.
import { isDeepStrictEqual } from 'node:util';
import { type Clock, Fault } from '../../base/index.ts';
import { DtmfSender, type DtmfSenderOptions, type RtpOutput } from '../../rtp/index.ts';
import type { AgreedMedia } from '../../sdp/index.ts';
import { maxDigits } from '../limits.ts';

/** A string of digits on its way. */
export class Sending {
  readonly #clock: Clock;
  readonly #begun = Promise.withResolvers<{ at: number }>();
  readonly #sent = Promise.withResolvers<{ at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    // Whoever asks hears of it.
    this.sent.catch(() => {});
  }

  /** The time of the first packet that carries one. Rejects with a Fault when none was. */
  get begun(): Promise<{ at: number }> {
    return this.#begun.promise;
  }

  /** When the last has been sent. Rejects with a Fault when some were not. */
  get sent(): Promise<{ at: number }> {
    return this.#sent.promise;
  }

  begin(): void {
    this.#begun.resolve({ at: this.#clock.now() });
  }

  end(): void {
    this.begin();
    this.#sent.resolve({ at: this.#clock.now() });
  }

  /** The rest is not sent. */
  cut(): void {
    this.#begun.reject(notSending());
    this.#sent.reject(notSending());
  }
}

export const notSending = (): Fault =>
  new Fault('media-not-sending', 'the leg sends no audio now, so no digits either', { retryable: true });

/** Sends tones in the audio. */
export type SendTones = (digits: string, durationMs: number, sending: Sending) => void;

const pausesMs: Record<string, number> = { w: 500, W: 1000 };

interface Digits {
  digits: string;
  durationMs: number;
  sending: Sending;
}

export class DigitsOut {
  /** One event packet: header and 4 bytes. */
  readonly packet = new Uint8Array(16);
  readonly #clock: Clock;
  readonly #tones: SendTones;
  #format: DtmfSenderOptions | undefined;
  #sender: DtmfSender | undefined;
  /** What the event sender has of them. */
  #waiting: Sending[] = [];
  #last: Sending | undefined;

  constructor(clock: Clock, tones: SendTones) {
    this.#clock = clock;
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
    for (const sending of this.#waiting.splice(0)) sending.cut();
    this.#sender = this.#format && new DtmfSender(this.#format);
  }

  /** Throws a Fault `digits-too-many`. */
  send(digits: string, durationMs: number): Sending {
    if (digits.length > maxDigits)
      throw new Fault('digits-too-many', `at most ${maxDigits} digits may be sent at once`);
    const sending = new Sending(this.#clock);
    if (this.#sender) this.#queue(this.#sender, { digits, durationMs, sending });
    else this.#tones(digits, durationMs, sending);
    this.#last = sending;
    return sending;
  }

  #queue(sender: DtmfSender, { digits, durationMs, sending }: Digits): void {
    for (const digit of digits) {
      const pauseMs = pausesMs[digit];
      const taken =
        pauseMs === undefined ? sender.send(digit, durationMs, () => sending.begin()) : sender.pause(pauseMs);
      if (!taken && pausesMs[digit] === undefined && !/^[0-9*#a-d]$/i.test(digit)) continue;
      if (!taken) throw new Fault('digits-too-many', 'too many digits wait to be sent', { retryable: true });
    }
    if (sender.busy) this.#waiting.push(sending);
    else sending.end();
  }

  /** When the last of all that were given has been sent. */
  sent(): Promise<{ at: number }> {
    return this.#last?.sent ?? Promise.resolve({ at: this.#clock.now() });
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
    for (const sending of this.#waiting.splice(0)) sending.end();
  }
}
