// Keeper: every recording from its first second to where it belongs, through crashes, full disks and buckets that are away.
import { errorText, Fault, isFault, type Refusal, refuse, Scope, sleep } from '../base/index.ts';
import type { RecordingFacts, StoredRecording } from '../calls/index.ts';
import type { BucketCredential } from '../store/index.ts';
import { Bucket } from './bucket.ts';
import { type Entry, Journal } from './journal.ts';
import { Library } from './library.ts';
import {
  failedAgainMs,
  partingMs,
  retryMaxMs,
  retryMs,
  triesBeforeFailed,
  uploadsAtOnce,
  uploadsOfAccount,
} from './limits.ts';
import { mend } from './mend.ts';
import { probe } from './probe.ts';
import { Turns } from './turns.ts';
import type { RecordingAudio, RecordingName, Recordings, RecordingsPorts } from './types.ts';
import { upload } from './upload.ts';

/** A recording on its way. */
interface Job {
  entry: Entry;
  /** The first thing there is to say of it. */
  verdict: PromiseWithResolvers<StoredRecording | Fault>;
}

export class Keeper implements Recordings {
  readonly #ports: RecordingsPorts;
  readonly #journal: Journal;
  readonly #library: Library;
  readonly #scope: Scope;
  readonly #uploads = new Turns(uploadsAtOnce);
  /** By account, while it has some. */
  readonly #uploadsOf = new Map<string, Turns>();
  /** By path. */
  readonly #jobs = new Map<string, Job>();
  readonly #working = new Set<Promise<unknown>>();
  readonly #waitedEnough = Promise.withResolvers<void>();

  constructor(ports: RecordingsPorts) {
    this.#ports = ports;
    this.#journal = new Journal(ports.files, ports.log);
    this.#scope = new Scope('recordings');
    this.#library = new Library(ports.files, async (accountSid) => {
      const credential = (await ports.account(accountSid))?.bucket_credential;
      return credential ? this.#bucket(credential) : undefined;
    });
  }

  begin(facts: RecordingFacts): void {
    const { entry } = this.#job({ facts });
    this.#track(this.#journal.write(entry));
  }

  finish(path: string): Promise<StoredRecording | Fault> {
    const job = this.#jobs.get(path);
    if (!job || this.#scope.closed) return Promise.resolve(stopped());
    this.#track(this.#keep(job));
    return job.verdict.promise;
  }

  async recover(): Promise<void> {
    const left = (await this.#journal.all()).filter(({ facts }) => !this.#jobs.has(facts.path));
    if (left.length > 0)
      this.#ports.log.info('recordings were left unfinished: they are taken up', { count: left.length });
    for (const entry of left) this.#track(this.#keep(this.#job(entry)));
  }

  open(name: RecordingName): Promise<RecordingAudio | undefined> {
    return this.#library.open(name, (path) => this.#jobs.get(path)?.entry);
  }

  async remove(name: RecordingName): Promise<boolean> {
    return this.#library.remove(name, (path) => this.#jobs.has(path));
  }

  async probe(credential: BucketCredential): Promise<Refusal | undefined> {
    try {
      await probe(this.#bucket(credential));
      return undefined;
    } catch (error) {
      return refuse('bucket-failed', errorText(error));
    }
  }

  async close(): Promise<void> {
    await this.#scope.close('the server stops');
    for (const { verdict } of this.#jobs.values()) verdict.resolve(stopped());
    const patience = this.#ports.clock.after(partingMs, () => this.#waitedEnough.resolve());
    await Promise.allSettled(this.#working);
    patience.cancel();
  }

  /** False when we stop before whoever is to be told has been: the journal stays, and the next start tells. */
  #heard(told: Promise<void>): Promise<boolean> {
    return Promise.race([told.then(() => true), this.#waitedEnough.promise.then(() => false)]);
  }

  #job(entry: Entry): Job {
    const job = { entry, verdict: Promise.withResolvers<StoredRecording | Fault>() };
    this.#jobs.set(entry.facts.path, job);
    return job;
  }

  /** Until it is where it belongs and everybody knows. What is not over when we stop goes on after the next start. */
  async #keep(job: Job): Promise<void> {
    const { entry, verdict } = job;
    const { path } = entry.facts;
    try {
      const where = entry.stored ?? (await this.#place(job));
      const url = urlOf(entry.facts);
      // Begun first: a call that waits for the verdict lives until then.
      const told = this.#tell(entry, { url });
      verdict.resolve({ url, where });
      if (!(await this.#heard(told))) return;
    } catch (error) {
      if (this.#scope.closed) return;
      const fault = asFault(error);
      this.#ports.log.error('a recording is lost', { ...about(entry), error: errorText(error) });
      const told = this.#tell(entry, { fault });
      verdict.resolve(fault);
      if (!(await this.#heard(told))) return;
    }
    await this.#journal.remove(path);
    this.#jobs.delete(path);
  }

  /** Rejects when there is nothing that could be kept, or when we stop. */
  async #place(job: Job): Promise<'local' | 'bucket'> {
    const { entry } = job;
    const { files, log } = this.#ports;
    entry.end ??= await mend(files, entry.facts);
    await this.#journal.write(entry);
    entry.stored = (await this.#upload(job)) ? 'bucket' : 'local';
    if (entry.stored === 'local') await this.#library.add(entry);
    await this.#journal.write(entry);
    if (entry.stored === 'bucket') await files.remove(entry.facts.path);
    log.info('a recording is stored', { ...about(entry), where: entry.stored, bytes: entry.end.bytes });
    return entry.stored;
  }

  /** False when the account has no bucket. */
  async #upload(job: Job): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const account = await this.#ports.account(job.entry.facts.accountSid);
      this.#scope.signal.throwIfAborted();
      const credential = account?.bucket_credential;
      if (!credential) return false;
      const fault = await this.#inTurn(job.entry, () => this.#tryUpload(job.entry, credential));
      if (!fault) return true;
      this.#scope.signal.throwIfAborted();
      await this.#waitAfter(job, fault, tries);
    }
  }

  async #inTurn<T>({ facts: { accountSid } }: Entry, work: () => Promise<T>): Promise<T> {
    const own = this.#uploadsOf.get(accountSid) ?? new Turns(uploadsOfAccount);
    this.#uploadsOf.set(accountSid, own);
    try {
      return await own.run(() => this.#uploads.run(work));
    } finally {
      if (own.idle) this.#uploadsOf.delete(accountSid);
    }
  }

  async #tryUpload(entry: Entry, credential: BucketCredential): Promise<Fault | undefined> {
    try {
      const { files } = this.#ports;
      const remember = (): Promise<void> => this.#journal.write(entry);
      await upload({ bucket: this.#bucket(credential), files, entry, tags: credential.tags, remember });
      return undefined;
    } catch (error) {
      return asFault(error);
    }
  }

  async #waitAfter(job: Job, fault: Fault, tries: number): Promise<void> {
    const { clock, random, log } = this.#ports;
    log.warn('a recording could not be uploaded', { ...about(job.entry), tries, reason: fault.message });
    const hopeless = !fault.retryable || tries >= triesBeforeFailed;
    if (hopeless) await this.#failed(job, fault);
    const wait = hopeless ? failedAgainMs : Math.min(retryMaxMs, retryMs * 2 ** (tries - 1));
    await sleep(clock, wait * (0.75 + random.next() / 2), this.#scope.signal);
  }

  /** Once: whoever waits must know, though the file stays and we go on trying. */
  async #failed({ entry, verdict }: Job, fault: Fault): Promise<void> {
    verdict.resolve(fault);
    if (entry.failed) return;
    entry.failed = { reason: fault.message };
    await this.#journal.write(entry);
    await this.#heard(this.#tell(entry, { fault }));
  }

  async #tell({ facts, end }: Entry, what: { url: string } | { fault: Fault }): Promise<void> {
    const { durationMs = 0, bytes = 0 } = end ?? {};
    await this.#ports.tell({ facts, durationMs, bytes, ...what });
  }

  #bucket(credential: BucketCredential): Bucket {
    const { http, clock } = this.#ports;
    return new Bucket(credential, { http, clock, signal: this.#scope.signal });
  }

  #track(work: Promise<unknown>): void {
    const watched = work.catch((error: unknown) => {
      this.#ports.log.error('keeping a recording failed', { error: errorText(error) });
    });
    this.#working.add(watched);
    void watched.then(() => this.#working.delete(watched));
  }
}

/** rest-platform.md 11.1, recording_url; a call's later recordings by number. */
function urlOf({ accountSid, callSid, path, format }: RecordingFacts): string {
  const [year, month, day, file = ''] = path.split('/');
  const number = /-(\d+)\.\w+$/.exec(file.slice(callSid.length))?.[1];
  const url = `/Accounts/${accountSid}/RecentCalls/${callSid}/record/${year}/${month}/${day}/${format}`;
  return number === undefined ? url : `${url}?number=${number}`;
}

const about = ({ facts }: Entry): Record<string, unknown> => ({ call_sid: facts.callSid, path: facts.path });

const asFault = (error: unknown): Fault =>
  isFault(error) ? error : new Fault('record-failed', 'the recording cannot be kept', { cause: error });

const stopped = (): Fault =>
  new Fault('record-later', 'the server stops: the recording is kept after the next start', { retryable: true });
