// Library: recordings that are where they belong, local ones with a small file that says whose they are, others in the account's bucket.
import { type Files, isFault } from '../base/index.ts';
import type { Bucket } from './bucket.ts';
import type { Entry } from './journal.ts';
import { pieces } from './pieces.ts';
import type { RecordingAudio, RecordingName } from './types.ts';

/** Beside a local recording: what is known of it. */
const cardSuffix = '.json';

export class Library {
  readonly #files: Files;
  readonly #bucketOf: (accountSid: string) => Promise<Bucket | undefined>;

  constructor(files: Files, bucketOf: (accountSid: string) => Promise<Bucket | undefined>) {
    this.#files = files;
    this.#bucketOf = bucketOf;
  }

  /** A local recording stays, and gets its card. */
  async add({ facts, end }: Entry): Promise<void> {
    const card = {
      account_sid: facts.accountSid,
      application_sid: facts.applicationSid,
      call_sid: facts.callSid,
      direction: facts.direction,
      from: facts.from,
      to: facts.to,
      started_at: new Date(facts.startedAt).toISOString(),
      duration_ms: end?.durationMs,
      sample_rate: facts.sampleRate,
      channels: ['said by the far end', 'heard by it'],
    };
    await this.#files.replace(facts.path + cardSuffix, Buffer.from(`${JSON.stringify(card, null, 2)}\n`));
  }

  /** One on its way to the bucket (`entryAt`) is read here. */
  async open(name: RecordingName, entryAt: (path: string) => Entry | undefined): Promise<RecordingAudio | undefined> {
    const path = pathOf(name);
    const entry = entryAt(path);
    const here = entry ? entry.end && entry.facts.accountSid === name.accountSid : await this.#isHere(path, name);
    if (here) {
      const file = await this.#files.open(path).catch((error: unknown) => missing(error));
      if (!file) return undefined;
      const bytes = await file.size();
      return pieces({ bytes, read: (at, length) => file.read(at, length), close: () => file.close() });
    }
    const bucket = await this.#bucketOf(name.accountSid);
    const bytes = await bucket?.size(path);
    if (!bucket || bytes === undefined) return undefined;
    return pieces({ bytes, read: (at, length) => bucket.read(path, at, length), close: async () => {} });
  }

  /** One that is still on its way is not taken from under its writer. */
  async remove(name: RecordingName, isBusy: (path: string) => boolean): Promise<boolean> {
    const path = pathOf(name);
    if (isBusy(path)) return false;
    if (await this.#isHere(path, name)) {
      await this.#files.remove(path + cardSuffix);
      return this.#files.remove(path);
    }
    const bucket = await this.#bucketOf(name.accountSid);
    if (!bucket || (await bucket.size(path)) === undefined) return false;
    await bucket.remove(path);
    return true;
  }

  /** A stranger's is as good as none. */
  async #isHere(path: string, { accountSid }: RecordingName): Promise<boolean> {
    const card = await this.#files.read(path + cardSuffix);
    if (!card) return false;
    return (JSON.parse(Buffer.from(card).toString('utf8')) as { account_sid?: unknown }).account_sid === accountSid;
  }
}

const pathOf = ({ callSid, day, format, number }: RecordingName): string =>
  `${day}/${callSid}${number > 1 ? `-${number}` : ''}.${format}`;

function missing(error: unknown): undefined {
  if (isFault(error) && error.code === 'file-missing') return undefined;
  throw error;
}
