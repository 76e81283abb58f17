// file:// below configured folders, and nowhere else (rim: node:fs).
import { open, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
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
      const path = pathOf(url);
      // Before the file is looked for: what lies elsewhere is not even told to exist.
      if (!folders.some((folder) => isBelow(path, resolve(folder)))) throw forbidden();
      const [real, allowed] = await Promise.all([follow(path), Promise.all(folders.map((folder) => follow(folder)))]);
      if (real === undefined) throw notFound();
      if (!allowed.some((folder) => folder !== undefined && isBelow(real, folder))) throw forbidden();
      const facts = await stat(real);
      // A pipe would be waited for, and with it a thread that everybody's files need.
      if (!facts.isFile()) throw notFound();
      const { size, mtimeMs, ino } = facts;
      if (size > maxAudioBytes)
        throw new Fault('play-too-large', `the audio file has more than ${maxAudioBytes} bytes`);
      return { version: `${ino} ${size} ${mtimeMs}`, read: () => readWhole(real, size) };
    },
  };
}

const isBelow = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** Where the links lead; undefined when there is nothing. */
const follow = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new Fault('play-notfound', 'this is no address of a file here', { cause });
  }
}

/** At most `size` bytes, also when the file has grown since. */
async function readWhole(path: string, size: number): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new Fault('play-notfound', 'the audio file cannot be read', { cause });
  });
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
const notFound = (): Fault => new Fault('play-notfound', 'the audio file was not found');
