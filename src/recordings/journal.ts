// Journal: a small file beside each recording that is not where it belongs yet, so that the next process can go on with it.
import { errorText, type Files, type Log } from '../base/index.ts';
import type { RecordingFacts } from '../calls/index.ts';
import type { Part } from './bucket.ts';

/** An upload in parts: where it was begun, and what the bucket has. */
export interface UploadState {
  identity: string;
  uploadId: string;
  partBytes: number;
  parts: Part[];
}

export interface Entry {
  facts: RecordingFacts;
  /** The file is whole. */
  end?: { durationMs: number; bytes: number };
  upload?: UploadState;
  /** Where it belongs; only the telling is left. */
  stored?: 'local' | 'bucket';
  /** Told that it failed; it is tried again all the same. */
  failed?: { reason: string };
}

const suffix = '.journal';

export class Journal {
  readonly #files: Files;
  readonly #log: Log;

  constructor(files: Files, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  /** A journal that cannot be written costs nothing but the going on after a crash. */
  async write(entry: Entry): Promise<void> {
    try {
      await this.#files.replace(entry.facts.path + suffix, Buffer.from(JSON.stringify(entry)));
    } catch (error) {
      this.#log.error('the journal of a recording cannot be written', {
        path: entry.facts.path,
        error: errorText(error),
      });
    }
  }

  async remove(path: string): Promise<void> {
    await this.#files.remove(path + suffix);
  }

  /** What was left, oldest first. One that cannot be read is left alone, and said. */
  async all(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const path of await this.#files.list(suffix)) {
      try {
        const bytes = await this.#files.read(path);
        const entry = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Entry;
        if (entry.facts.path !== path.slice(0, -suffix.length)) throw new Error('it is of another file');
        entries.push(entry);
      } catch (error) {
        this.#log.warn('the journal of a recording cannot be read', { path, error: errorText(error) });
      }
    }
    return entries.sort((a, b) => a.facts.startedAt - b.facts.startedAt);
  }
}
