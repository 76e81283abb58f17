// file:// below configured folders, and nowhere else (rim: node:fs).
import { open, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../base/index.ts';
import { maxAudioBytes } from '../limits.ts';

export interface FoundFile {
  /** Changes when the content does. */
  version: string;
  read(): Promise<Uint8Array>;
}

export interface AudioFiles {
  /** Rejects with a Fault: `play-notfound`, `play-forbidden`, `play-too-large`. */
  find(url: string): Promise<FoundFile>;
}

/** The machine's files. Symbolic links are followed before the folder is checked. */
export function audioFiles(folders: readonly string[]): AudioFiles {
  return {
    async find(url) {
      const path = await resolve(url);
      const allowed = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
      if (!allowed.some((folder) => folder !== undefined && path.startsWith(folder + sep))) throw forbidden();
      const { size, mtimeMs, ino } = await stat(path);
      if (size > maxAudioBytes)
        throw new Fault('play-too-large', `the audio file has more than ${maxAudioBytes} bytes`);
      return { version: `${ino} ${size} ${mtimeMs}`, read: () => readWhole(path, size) };
    },
  };
}

async function resolve(url: string): Promise<string> {
  try {
    return await realpath(fileURLToPath(url));
  } catch (cause) {
    throw new Fault('play-notfound', 'the audio file was not found', { cause });
  }
}

/** At most `size` bytes, also when the file has grown since. */
async function readWhole(path: string, size: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

const forbidden = (): Fault =>
  new Fault('play-forbidden', 'file:// may be played only from the folders that the operator has allowed');
