// One folder of this machine.
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { bug, errorText, Fault } from '../errors.ts';
import type { Files, OpenFile } from '../files.ts';

/** Files below `folder`, which is made with the first of them. */
export const realFiles = (folder: string): Files => new Folder(resolve(folder));

const folderMode = 0o700;
const fileMode = 0o600;

class Folder implements Files {
  readonly #folder: string;
  #written = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(path: string, { make = false } = {}): Promise<OpenFile> {
    const whole = this.#whole(path);
    return guarded(async () => {
      if (!make) return RealFile.of(await open(whole, 'r+'));
      // Opened for writing without cutting it, whether it is there or not.
      await mkdir(dirname(whole), { recursive: true, mode: folderMode });
      const flags = 'a';
      await (await open(whole, flags, fileMode)).close();
      return RealFile.of(await open(whole, 'r+'));
    });
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return orMissing(undefined, () => readFile(this.#whole(path)));
  }

  async replace(path: string, bytes: Uint8Array): Promise<void> {
    const whole = this.#whole(path);
    const fresh = `${whole}.${process.pid}.${this.#written++}${freshSuffix}`;
    await guarded(async () => {
      await mkdir(dirname(whole), { recursive: true, mode: folderMode });
      try {
        await writeFile(fresh, bytes, { mode: fileMode, flush: true });
        await rename(fresh, whole);
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      }
    });
  }

  remove(path: string): Promise<boolean> {
    return orMissing(false, async () => {
      await rm(this.#whole(path));
      return true;
    });
  }

  list(suffix: string): Promise<string[]> {
    return orMissing([], async () => {
      const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
        .map((entry) => join(entry.parentPath, entry.name).slice(this.#folder.length + 1))
        .map((path) => path.split(sep).join('/'))
        .sort();
    });
  }

  #whole(path: string): string {
    const whole = resolve(this.#folder, path);
    return whole.startsWith(this.#folder + sep) ? whole : bug(`a path outside its folder: ${path}`);
  }
}

const freshSuffix = '.fresh';

class RealFile implements OpenFile {
  readonly sizeAtOpen: number;
  readonly #handle: FileHandle;

  static async of(handle: FileHandle): Promise<RealFile> {
    try {
      return new RealFile(handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private constructor(handle: FileHandle, sizeAtOpen: number) {
    this.#handle = handle;
    this.sizeAtOpen = sizeAtOpen;
  }

  size(): Promise<number> {
    return guarded(async () => (await this.#handle.stat()).size);
  }

  write(at: number, bytes: Uint8Array): Promise<void> {
    return guarded(async () => {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
    });
  }

  read(at: number, length: number): Promise<Uint8Array> {
    return guarded(async () => {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await this.#handle.read(bytes, done, length - done, at + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    });
  }

  truncate(size: number): Promise<void> {
    return guarded(() => this.#handle.truncate(size));
  }

  close(): Promise<void> {
    return guarded(() => this.#handle.close());
  }
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes(String((error as { code?: unknown } | null)?.code));

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = isMissing(cause) ? 'file-missing' : 'file-failed';
    throw new Fault(code, `a file cannot be used: ${errorText(cause)}`, { cause });
  }
}

const orMissing = <T>(instead: T, work: () => Promise<T>): Promise<T> =>
  guarded(() => work().catch((error: unknown) => (isMissing(error) ? instead : Promise.reject(error))));
