// Rendered speech on disk: one WAV file per key in a folder that several processes may share. The room's only file access.
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { WavDecoder, writeWav } from '../audio/index.ts';
import { type Clock, errorText, held, type Log } from '../base/index.ts';
import { DISK_SWEEP_BYTES, DISK_SWEEP_TARGET, STALE_TEMPORARY_MS } from './limits.ts';
import type { SpeechAudio, SpeechStore } from './types.ts';

export interface DiskStoreOptions {
  clock: Clock;
  log: Log;
  folder: string;
  limitBytes: number;
}

/** A key's file: a WAV with a checksum chunk behind the audio, so that any player opens it and damage is noticed. */
export function makeDiskStore(options: DiskStoreOptions): SpeechStore {
  return new DiskStore(options);
}

class DiskStore implements SpeechStore {
  readonly #options: DiskStoreOptions;
  /** Written since the folder was last counted. The first write counts it. */
  #unswept = DISK_SWEEP_BYTES;
  #written = 0;
  #working: Promise<void> = Promise.resolve();

  constructor(options: DiskStoreOptions) {
    this.#options = options;
  }

  get(key: string): Promise<SpeechAudio | undefined> {
    return held(this.#options.clock, async () => {
      const path = this.#path(key);
      try {
        const audio = unpack(await readFile(path));
        // The time of modification is the time of last use.
        const now = this.#options.clock.now() / 1000;
        if (audio) await utimes(path, now, now).catch(() => {});
        else await rm(path, { force: true });
        return audio;
      } catch {
        return undefined;
      }
    });
  }

  put(key: string, audio: SpeechAudio): Promise<void> {
    return this.#inTurn(async () => {
      const { folder } = this.#options;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const bytes = pack(audio);
      if (bytes.length > this.#options.limitBytes) return;
      // Another process may be writing the same key: each writes its own file, and renaming is atomic.
      const temporary = join(
        folder,
        `${key}.${process.pid}.${this.#options.clock.now()}.${this.#written++}${TEMPORARY}`,
      );
      try {
        await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx' });
        await rename(temporary, this.#path(key));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      this.#unswept += bytes.length;
      if (this.#unswept >= Math.min(DISK_SWEEP_BYTES, this.#options.limitBytes / 8)) await this.#sweep();
    });
  }

  purge(): Promise<void> {
    return this.#inTurn(async () => {
      const { folder } = this.#options;
      const names = await readdir(folder).catch(() => []);
      await Promise.all(
        names.filter((name) => name.endsWith(ENDING)).map((name) => rm(join(folder, name), { force: true })),
      );
    });
  }

  async close(): Promise<void> {
    await this.#working;
  }

  #path(key: string): string {
    return join(this.#options.folder, `${key}${ENDING}`);
  }

  /** One change at a time; a failure is logged and forgotten. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    this.#working = this.#working.then(() =>
      held(clock, work).catch((error) =>
        log.warn('the speech cache folder cannot be written', { error: errorText(error) }),
      ),
    );
    return this.#working;
  }

  /** Counts the folder and removes what was used longest ago until it is below its limit. */
  async #sweep(): Promise<void> {
    this.#unswept = 0;
    const { folder, limitBytes, clock } = this.#options;
    const files: { path: string; bytes: number; usedAt: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const facts = await stat(path).catch(() => undefined);
      if (!facts) continue;
      const stale = name.endsWith(TEMPORARY) && clock.now() - facts.mtimeMs > STALE_TEMPORARY_MS;
      if (stale) await rm(path, { force: true });
      else if (name.endsWith(ENDING)) files.push({ path, bytes: facts.size, usedAt: facts.mtimeMs });
    }
    let total = files.reduce((sum, file) => sum + file.bytes, 0);
    if (total <= limitBytes) return;
    files.sort((a, b) => a.usedAt - b.usedAt);
    for (const file of files) {
      if (total <= limitBytes * DISK_SWEEP_TARGET) break;
      await rm(file.path, { force: true });
      total -= file.bytes;
    }
  }
}

/** Our files by name: nothing else in the folder is touched. */
const ENDING = '.speech.wav';
const TEMPORARY = '.speech.tmp';

const TRAILER_BYTES = 12;

function pack(audio: SpeechAudio): Uint8Array {
  const wav = writeWav(audio.pcm, audio.sampleRate);
  const file = Buffer.alloc(wav.length + TRAILER_BYTES);
  file.set(wav);
  file.write('crc ', wav.length, 'latin1');
  file.writeUInt32LE(4, wav.length + 4);
  file.writeUInt32LE(crc32(wav), wav.length + 8);
  return file;
}

function unpack(file: Buffer): SpeechAudio | undefined {
  const end = file.length - TRAILER_BYTES;
  if (end < 44 || file.toString('latin1', end, end + 4) !== 'crc ') return undefined;
  const wav = file.subarray(0, end);
  if (crc32(wav) !== file.readUInt32LE(end + 8)) return undefined;
  const decoder = new WavDecoder();
  const pcm = decoder.decode(wav);
  return { pcm, sampleRate: decoder.sampleRate! };
}
