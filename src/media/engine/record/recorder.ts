// Recorder: what a leg says and hears, frame by frame side by side, into one file. The audio path never waits for the file.
import { mixInto } from '../../../audio/index.ts';
import { type Clock, type Files, isFault } from '../../../base/index.ts';
import { type FinishedRecording, packFault, type RecordOrder } from '../../channel.ts';
import { recordCatchUpSeconds, recordLapseMs, recordWaitingSeconds } from '../../limits.ts';
import type { TapState } from '../../tap-types.ts';
import type { EarListener } from '../ear.ts';
import type { MouthListener } from '../mouth.ts';
import { type Container, makeContainer } from './container.ts';
import { Side } from './side.ts';
import { Writer } from './writer.ts';

export interface RecorderParts {
  clock: Clock;
  files: Files;
  order: RecordOrder;
  listenEar(listener: EarListener): () => void;
  listenMouth(listener: MouthListener): () => void;
  /** Exactly once, unless abandoned. */
  onEnd(end: FinishedRecording): void;
}

/** A stretch of the recording that waits for the file: two channels, or silence. */
interface Stretch {
  samples: number;
  left?: Int16Array;
  right?: Int16Array;
}

export class Recorder {
  readonly recording: number;
  readonly #parts: RecorderParts;
  readonly #left: Side;
  readonly #right: Side;
  readonly #rate: number;
  #state: TapState;
  /** Length of a frame: a silent one of the mouth does not say it. */
  #frameMs = 20;
  #waiting: Stretch[] = [];
  #waitingSamples = 0;
  #container: Container | undefined;
  #writer: Writer | undefined;
  /** Samples in the file, those of the processes before us included. */
  #samples = 0;
  readonly #stopListening: (() => void)[];
  #ending: Promise<void> | undefined;
  #abandoned = false;
  readonly #opened: Promise<void>;

  constructor(parts: RecorderParts) {
    const { order } = parts;
    this.recording = order.recording;
    this.#parts = parts;
    this.#rate = order.options.sampleRate;
    this.#left = new Side(this.#rate);
    this.#right = new Side(this.#rate);
    this.#state = order.state;
    this.#stopListening = [
      parts.listenEar((frame, rate) => this.#hear(frame, rate)),
      parts.listenMouth((frame, rate) => this.#speak(frame, rate)),
    ];
    this.#opened = this.#open().catch((error: unknown) => this.#fail(error));
  }

  setState(state: TapState): void {
    this.#level();
    this.#state = state;
    // Nothing may follow for long: what is there is worth keeping now.
    this.#writer?.flush();
  }

  /** Time in which the leg was held up: the far end heard nothing of us, and the clock went on. */
  skip(ms: number): void {
    this.#level();
    if (this.#state !== 'pause') this.#put({ samples: Math.round((ms * this.#rate) / 1000) });
  }

  describe(): string {
    return `recording ${this.recording} ${this.#state} ${Math.round((this.#samples * 1000) / this.#rate)} ms`;
  }

  /** The file is whole when it has ended. */
  stop(fault?: unknown): Promise<void> {
    this.#ending ??= this.#end(fault);
    return this.#ending;
  }

  /** As a crash: what was not written is lost. */
  abandon(): void {
    this.#abandoned = true;
    this.#leave();
    this.#writer?.abandon();
  }

  #hear(frame: Int16Array, rate: number): void {
    this.#frameMs = (frame.length * 1000) / rate;
    this.#left.add(frame, rate, { samples: frame.length, other: this.#right.length });
    this.#take();
  }

  #speak(frame: Int16Array | undefined, rate: number): void {
    const samples = frame?.length ?? (rate * this.#frameMs) / 1000;
    this.#right.add(frame, rate, { samples, other: this.#left.length });
    this.#take();
  }

  /** What both sides have goes into the recording. A side from which nothing comes is silent. */
  #take(): void {
    const most = (this.#rate * recordLapseMs) / 1000;
    if (this.#left.length - this.#right.length > most) this.#right.lapse(this.#left.length);
    if (this.#right.length - this.#left.length > most) this.#left.lapse(this.#right.length);
    const samples = Math.min(this.#left.length, this.#right.length);
    if (samples > 0) this.#record(samples);
  }

  /** The same, to the last sample of either. */
  #level(): void {
    const samples = Math.max(this.#left.length, this.#right.length);
    this.#left.pad(samples - this.#left.length);
    this.#right.pad(samples - this.#right.length);
    if (samples > 0) this.#record(samples);
  }

  #record(samples: number): void {
    const left = this.#left.first(samples);
    const right = this.#right.first(samples);
    if (this.#state === 'silence') this.#put({ samples });
    if (this.#state === 'run') {
      if (this.#parts.order.options.mix === 'mixed') {
        mixInto(left, right);
        right.set(left);
      }
      this.#put({ samples, left, right });
    }
    this.#left.drop(samples);
    this.#right.drop(samples);
  }

  #put(stretch: Stretch): void {
    if (this.#ready && this.#waiting.length === 0 && stretch.left) return this.#encode(stretch.left, stretch.right!);
    this.#queue(stretch);
    if (this.#ready) this.#drain(this.#rate * recordCatchUpSeconds);
  }

  get #ready(): boolean {
    return this.#writer !== undefined && !this.#writer.behind;
  }

  /** More than may wait becomes silence: time stays right. */
  #queue({ samples, left, right }: Stretch): void {
    const last = this.#waiting.at(-1);
    const room = this.#waitingSamples + samples <= this.#rate * recordWaitingSeconds;
    if (left && right && room) {
      this.#waiting.push({ samples, left: left.slice(), right: right.slice() });
      this.#waitingSamples += samples;
    } else if (last && !last.left) last.samples += samples;
    else this.#waiting.push({ samples });
  }

  /** At most so many samples in one turn. */
  #drain(most: number): void {
    let left = most;
    while (left > 0 && this.#ready && this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      if (first.left) {
        this.#encode(first.left, first.right!);
        this.#waitingSamples -= first.samples;
        left -= first.samples;
        this.#waiting.shift();
        continue;
      }
      const samples = Math.min(first.samples, left);
      this.#encode(new Int16Array(samples), new Int16Array(samples));
      left -= samples;
      first.samples -= samples;
      if (first.samples === 0) this.#waiting.shift();
    }
  }

  #encode(left: Int16Array, right: Int16Array): void {
    this.#samples += left.length;
    this.#writer!.add(this.#container!.encode(left, right));
  }

  async #open(): Promise<void> {
    const { files, order, clock } = this.#parts;
    const begun = clock.now();
    const [file, container] = await Promise.all([
      files.open(order.options.path, { make: true }),
      makeContainer(order.options, clock),
    ]);
    if (this.#abandoned) return file.close();
    const { at, samples } = container.resume(file.sizeAtOpen);
    if (at < file.sizeAtOpen) await file.truncate(at);
    this.#container = container;
    this.#samples = samples;
    this.#writer = new Writer({ file, container, at, onFault: (error) => void this.stop(error) });
    this.#fillGap(begun);
    if (this.#abandoned) this.#writer.abandon();
  }

  /** Another process began this file: what is missing up to our own first frame was lost with it. */
  #fillGap(begun: number): void {
    const { resume, state } = this.#parts.order;
    if (!resume) return;
    const ms = resume.ms + (state === 'pause' ? 0 : Math.max(0, begun - resume.at));
    const missing = Math.round((ms * this.#rate) / 1000) - this.#samples;
    if (missing > 0) this.#waiting.unshift({ samples: missing });
  }

  async #end(fault: unknown): Promise<void> {
    this.#level();
    this.#leave();
    await this.#opened;
    const writer = this.#writer;
    let bytes = 0;
    if (writer && this.#container) {
      while (this.#waiting.length > 0 && this.#ready) {
        this.#drain(this.#rate * recordCatchUpSeconds);
        await new Promise<void>((resolve) => this.#parts.clock.soon(resolve));
      }
      writer.add(this.#container.end());
      bytes = await writer.close();
    }
    if (this.#abandoned) return;
    const durationMs = Math.round((this.#samples * 1000) / this.#rate);
    const failed = fault !== undefined || !writer;
    this.#parts.onEnd({ durationMs, bytes, ...(failed && { fault: packFault(faultOf(fault)) }) });
  }

  #fail(error: unknown): void {
    // Not before `#opened` is set.
    this.#parts.clock.soon(() => void this.stop(error));
  }

  #leave(): void {
    for (const stop of this.#stopListening.splice(0)) stop();
  }
}

const faultOf = (error: unknown): unknown =>
  isFault(error) ? error : (error ?? new Error('the recording could not be opened'));
