// Writer: a recording's bytes into its file, a second at a time and in order, without anybody waiting for the disk.
import { Fault, type OpenFile } from '../../../base/index.ts';
import { recordFileBytes, recordPendingSeconds } from '../../limits.ts';
import type { Container } from './container.ts';

export class Writer {
  readonly #file: OpenFile;
  readonly #container: Container;
  readonly #onFault: (error: unknown) => void;
  #chunk: Uint8Array;
  #filled = 0;
  /** Where the next byte goes. */
  #at: number;
  #headerBytes: number;
  #pendingBytes = 0;
  #working: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(parts: { file: OpenFile; container: Container; at: number; onFault: (error: unknown) => void }) {
    this.#file = parts.file;
    this.#container = parts.container;
    this.#onFault = parts.onFault;
    this.#chunk = new Uint8Array(parts.container.bytesPerSecond);
    this.#headerBytes = parts.container.header(0).length;
    this.#at = parts.at;
    if (parts.at === this.#headerBytes) this.#queue(undefined);
  }

  /** Bytes of the file, those on their way included. */
  get bytes(): number {
    return this.#at + this.#filled;
  }

  /** The disk is behind by more than may wait: what comes now has to be left out. */
  get behind(): boolean {
    return this.#pendingBytes > recordPendingSeconds * this.#container.bytesPerSecond;
  }

  add(bytes: Uint8Array): void {
    if (this.bytes + bytes.length > recordFileBytes) return this.#fail(tooLong());
    for (let done = 0; done < bytes.length; ) {
      const part = bytes.subarray(done, done + this.#chunk.length - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      if (this.#filled === this.#chunk.length) this.flush();
    }
  }

  /** What has been added goes to the file now. */
  flush(): void {
    if (this.#filled === 0) return;
    const full = this.#chunk.subarray(0, this.#filled);
    this.#chunk = new Uint8Array(this.#chunk.length);
    this.#filled = 0;
    this.#queue(full);
  }

  /** Resolves with the file's size when all is written and the file is closed. */
  async close(): Promise<number> {
    this.flush();
    await this.#working;
    await this.#file.close().catch(() => {});
    return this.#at;
  }

  /** The process is ending as a crash would: nothing more is written. */
  abandon(): void {
    this.#failed = true;
    void this.#working.then(() => this.#file.close()).catch(() => {});
  }

  #queue(bytes: Uint8Array | undefined): void {
    const at = this.#at;
    const length = bytes?.length ?? 0;
    this.#at = Math.max(at, this.#headerBytes) + length;
    this.#pendingBytes += length;
    this.#working = this.#working.then(async () => {
      try {
        if (!this.#failed) await this.#write(Math.max(at, this.#headerBytes), bytes);
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#pendingBytes -= length;
      }
    });
  }

  /** Audio first, then the header that counts it: cut short anywhere, the file can be played. */
  async #write(at: number, bytes: Uint8Array | undefined): Promise<void> {
    if (bytes) await this.#file.write(at, bytes);
    const header = this.#container.header(at - this.#headerBytes + (bytes?.length ?? 0));
    if (header.length > 0) await this.#file.write(0, header);
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#onFault(error);
  }
}

const tooLong = (): Fault => new Fault('record-too-long', `a recording has at most ${recordFileBytes} bytes`);
