// Recorder: what a leg says and hears, frame by frame side by side, into one file. The audio path never waits for the file.
import { type Clock, type Files, isFault } from '../../../base/index.ts';
import { type FinishedRecording, packFault, type RecordOrder } from '../../channel.ts';
import { recordCatchUpSeconds, recordWaitingSeconds } from '../../limits.ts';
import type { TapState } from '../../tap-types.ts';
import type { Ear } from '../ear.ts';
import type { Mouth } from '../mouth.ts';
import { Tap } from '../tap/tap.ts';
import { type Container, makeContainer } from './container.ts';
import { Writer } from './writer.ts';

export interface RecorderParts {
  clock: Clock;
  files: Files;
  order: RecordOrder;
  ear: Pick<Ear, 'listen'>;
  mouth: Pick<Mouth, 'listen'>;
  /** Exactly once, unless abandoned. */
  onEnd(end: FinishedRecording): void;
}

/** A stretch of the recording that waits for the file: both channels interleaved, or silence. */
interface Stretch {
  /** Of each channel. */
  samples: number;
  pcm?: Int16Array;
}

export class Recorder {
  readonly recording: number;
  readonly #parts: RecorderParts;
  readonly #tap: Tap;
  readonly #rate: number;
  /** Of a mixed recording: the same on both channels. */
  #twice = new Int16Array(0);
  #waiting: Stretch[] = [];
  #waitingSamples = 0;
  #container: Container | undefined;
  #writer: Writer | undefined;
  /** Samples in the file, those of the processes before us included. */
  #samples = 0;
  #ending: Promise<void> | undefined;
  #abandoned = false;
  readonly #opened: Promise<void>;

  constructor(parts: RecorderParts) {
    const { order } = parts;
    this.recording = order.recording;
    this.#parts = parts;
    this.#rate = order.options.sampleRate;
    const { mix, sampleRate } = order.options;
    this.#tap = new Tap({
      ear: parts.ear,
      mouth: parts.mouth,
      mix,
      sampleRate,
      state: order.state,
      onAudio: (pcm) => this.#put(mix === 'mixed' ? this.#doubled(pcm) : pcm),
      onFault: (error) => this.#fail(error),
    });
    this.#opened = this.#open().catch((error: unknown) => this.#fail(error));
  }

  setState(state: TapState): void {
    this.#tap.state = state;
    // Nothing may follow for long: what is there is worth keeping now.
    this.#writer?.flush();
  }

  /** Time in which the leg was held up: the far end heard nothing of us, and the clock went on. */
  skip(ms: number): void {
    if (this.#tap.state === 'pause') return;
    this.#queue({ samples: Math.round((ms * this.#rate) / 1000) });
  }

  describe(): string {
    return `recording ${this.recording} ${this.#tap.state} ${Math.round((this.#samples * 1000) / this.#rate)} ms`;
  }

  /** The file is whole when it has ended. */
  stop(fault?: unknown): Promise<void> {
    this.#ending ??= this.#end(fault);
    return this.#ending;
  }

  /** As a crash: what was not written is lost. */
  abandon(): void {
    this.#abandoned = true;
    this.#tap.close();
    this.#writer?.abandon();
  }

  #put(pcm: Int16Array): void {
    if (this.#ready && this.#waiting.length === 0) return this.#encode(pcm);
    this.#queue({ samples: pcm.length / 2, pcm });
    if (this.#ready) this.#drain(this.#rate * recordCatchUpSeconds);
  }

  get #ready(): boolean {
    return this.#writer !== undefined && !this.#writer.behind;
  }

  /** More than may wait becomes silence: time stays right. */
  #queue({ samples, pcm }: Stretch): void {
    const last = this.#waiting.at(-1);
    const room = this.#waitingSamples + samples <= this.#rate * recordWaitingSeconds;
    if (pcm && room) {
      this.#waiting.push({ samples, pcm: pcm.slice() });
      this.#waitingSamples += samples;
    } else if (last && !last.pcm) last.samples += samples;
    else this.#waiting.push({ samples });
  }

  /** At most so many samples in one turn. */
  #drain(most: number): void {
    for (let left = most; left > 0 && this.#ready && this.#waiting.length > 0; ) {
      const first = this.#waiting[0]!;
      const samples = first.pcm ? first.samples : Math.min(first.samples, left);
      if (first.pcm) this.#waitingSamples -= samples;
      this.#encode(first.pcm ?? new Int16Array(2 * samples));
      left -= samples;
      first.samples -= samples;
      if (first.samples === 0) this.#waiting.shift();
    }
  }

  #encode(pcm: Int16Array): void {
    this.#samples += pcm.length / 2;
    this.#writer!.add(this.#container!.encode(pcm));
  }

  #doubled(pcm: Int16Array): Int16Array {
    if (this.#twice.length !== 2 * pcm.length) this.#twice = new Int16Array(2 * pcm.length);
    const twice = this.#twice;
    for (let i = 0; i < pcm.length; i++) {
      twice[2 * i] = pcm[i]!;
      twice[2 * i + 1] = pcm[i]!;
    }
    return twice;
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
    this.#tap.close();
    await this.#opened;
    const writer = this.#writer;
    let bytes = 0;
    if (writer && this.#container) {
      bytes = await this.#finish(writer, this.#container).catch((error: unknown) => {
        fault ??= error;
        return 0;
      });
    }
    if (this.#abandoned) return;
    const durationMs = Math.round((this.#samples * 1000) / this.#rate);
    const failed = fault !== undefined || !writer;
    this.#parts.onEnd({ durationMs, bytes, ...(failed && { fault: packFault(faultOf(fault)) }) });
  }

  /** What waits, and the container's last words. Resolves with the size of the file. */
  async #finish(writer: Writer, container: Container): Promise<number> {
    while (this.#waiting.length > 0 && this.#ready) {
      this.#drain(this.#rate * recordCatchUpSeconds);
      await new Promise<void>((resolve) => this.#parts.clock.soon(resolve));
    }
    writer.add(container.end());
    return writer.close();
  }

  #fail(error: unknown): void {
    // Not before `#opened` is set.
    this.#parts.clock.soon(() => void this.stop(error));
  }
}

const faultOf = (error: unknown): unknown =>
  isFault(error) ? error : (error ?? new Error('the recording could not be opened'));
