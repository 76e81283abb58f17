// A folder in memory. What was written is there at once; a test may make it slow, full or broken.
import { Fault } from '../errors.ts';
import type { Files, OpenFile } from '../files.ts';

/** One file's bytes, in room that doubles. */
class Content {
  bytes = new Uint8Array(0);
  size = 0;

  write(at: number, bytes: Uint8Array): void {
    const end = at + bytes.length;
    if (end > this.bytes.length) {
      const room = new Uint8Array(2 * end);
      room.set(this.bytes.subarray(0, this.size));
      this.bytes = room;
    }
    this.bytes.set(bytes, at);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    this.bytes.fill(0, Math.min(size, this.size));
    this.size = size;
  }
}

export class MemoryFiles implements Files {
  readonly #files = new Map<string, Content>();
  /** Files that are open, for leak checks. */
  opened = 0;
  /** Awaited before each write. Rejecting makes it fail. */
  beforeWrite: (path: string) => Promise<void> = async () => {};

  async open(path: string, { make = false } = {}): Promise<OpenFile> {
    const known = this.#files.get(path);
    if (!known && !make) throw new Fault('file-missing', `there is no file ${path}`);
    const content = known ?? new Content();
    this.#files.set(path, content);
    this.opened++;
    return {
      sizeAtOpen: content.size,
      size: async () => content.size,
      write: async (at, bytes) => {
        await this.#writing(path);
        content.write(at, bytes);
      },
      read: async (at, length) => content.bytes.slice(at, Math.min(content.size, at + length)),
      truncate: async (size) => content.truncate(size),
      close: async () => void this.opened--,
    };
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.get(path);
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    await this.#writing(path);
    const content = new Content();
    content.write(0, bytes);
    this.#files.set(path, content);
  }

  async remove(path: string): Promise<boolean> {
    return this.#files.delete(path);
  }

  async list(suffix: string): Promise<string[]> {
    return [...this.#files.keys()].filter((path) => path.endsWith(suffix)).sort();
  }

  /** A file's bytes as they are now. */
  get(path: string): Uint8Array | undefined {
    const content = this.#files.get(path);
    return content?.bytes.slice(0, content.size);
  }

  async #writing(path: string): Promise<void> {
    try {
      await this.beforeWrite(path);
    } catch (cause) {
      throw new Fault('file-failed', 'a file cannot be used', { cause });
    }
  }
}
