// Keeping recordings, on the virtual clock: files left behind, buckets that fail, restarts in the middle of an upload.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeS3, problem } from '../../test/kit/s3.ts';
import { wavHeader } from '../audio/index.ts';
import { isFault, silentLog } from '../base/index.ts';
import { MemoryFiles, SimNet, seededRandom, VirtualClock } from '../base/sim/index.ts';
import type { RecordingFacts } from '../calls/index.ts';
import { type BucketCredential, freshAccount } from '../store/index.ts';
import { keepRecordings, type RecordingOutcome, type Recordings } from './index.ts';

const accountSid = '11111111-1111-4111-8111-111111111111';
const callSid = '22222222-2222-4222-8222-222222222222';
const endpoint = 'http://s3.example:9000';
const name = { accountSid, callSid, day: '2026/03/01', format: 'wav', number: 1 } as const;
const path = `2026/03/01/${callSid}.wav`;

const facts: RecordingFacts = {
  path,
  format: 'wav',
  sampleRate: 8000,
  startedAt: Date.UTC(2026, 2, 1, 10),
  callSid,
  accountSid,
  applicationSid: undefined,
  direction: 'inbound',
  from: 'Zoë  (home)',
  to: '+4712345678',
  sipIp: undefined,
  trunk: undefined,
  statusHook: undefined,
};

/** What a writer leaves that died: a header that counts nothing, and half a sample. */
const unfinished = (seconds: number): Uint8Array => {
  const file = new Uint8Array(44 + seconds * 32_000 + 3).fill(7);
  file.set(wavHeader(8000, 0, 2));
  return file;
};

class House {
  readonly clock = new VirtualClock();
  readonly random = seededRandom('recordings');
  readonly net = new SimNet({ clock: this.clock, random: this.random });
  readonly files = new MemoryFiles();
  readonly s3 = new FakeS3();
  readonly told: RecordingOutcome[] = [];
  bucket: BucketCredential | null = null;
  /** Whoever is told does not answer. */
  deaf = false;
  recordings: Recordings;

  constructor() {
    this.net.serveHttp(endpoint, ({ method, path: target, headers, body }) =>
      this.s3.handle({ method, target, headers, body }),
    );
    this.recordings = this.start();
  }

  /** As another process would, over the same files. */
  start(): Recordings {
    const { clock, random, files } = this;
    const account = freshAccount({
      account_sid: accountSid,
      service_provider_sid: accountSid,
      webhook_secret: '',
      created_at: '',
    });
    this.recordings = keepRecordings({
      clock,
      random,
      files,
      log: silentLog,
      http: this.net.host('10.0.0.1').http,
      account: async (sid) => ({ ...account, account_sid: sid, bucket_credential: this.bucket }),
      tell: async (outcome) => {
        if (this.deaf) await new Promise(() => {});
        this.told.push(outcome);
      },
    });
    return this.recordings;
  }

  useBucket(): void {
    this.bucket = this.s3.credential(endpoint);
  }

  /** A recording that has been made. */
  async made(seconds: number): Promise<void> {
    this.recordings.begin(facts);
    await this.files.replace(path, unfinished(seconds));
  }

  async whole(): Promise<Uint8Array | undefined> {
    const audio = await this.clock.settle(this.recordings.open(name));
    if (!audio) return undefined;
    const parts: Uint8Array[] = [];
    const all = (async () => {
      for await (const part of audio.read()) parts.push(part.slice());
    })();
    await this.clock.settle(all);
    return Buffer.concat(parts);
  }

  async end(): Promise<void> {
    await this.clock.settle(this.recordings.close());
    assert.equal(this.files.opened, 0, 'files left open');
    assert.equal(this.clock.pendingTimers, 0, 'timers left');
  }
}

const journals = (house: House): Promise<string[]> => house.files.list('.journal');

test('an application that hangs does not hold up the stop; the next start tells it', async () => {
  const house = new House();
  house.deaf = true;
  await house.made(4);
  assert.ok(!isFault(await house.clock.settle(house.recordings.finish(path))));
  const from = house.clock.now();
  await house.clock.settle(house.recordings.close());
  assert.ok(house.clock.now() - from <= 500, `${house.clock.now() - from} ms`);
  assert.deepEqual([house.told.length, (await journals(house)).length], [0, 1]);
  house.deaf = false;
  const next = house.start();
  await house.clock.settle(next.recover());
  await house.clock.runFor(100);
  assert.deepEqual([house.told.length, (await journals(house)).length], [1, 0]);
  await house.end();
});

test('without a bucket it stays here, mended, with a card that says whose it is', async () => {
  const house = new House();
  await house.made(4);
  const stored = await house.clock.settle(house.recordings.finish(path));
  assert.ok(!isFault(stored));
  assert.deepEqual(stored, {
    where: 'local',
    url: `/Accounts/${accountSid}/RecentCalls/${callSid}/record/2026/03/01/wav`,
  });
  const file = house.files.get(path)!;
  assert.equal(file.length, 44 + 4 * 32_000, 'half a sample is cut off');
  assert.deepEqual(file.subarray(0, 44), wavHeader(8000, 128_000, 2));
  assert.deepEqual(await house.files.list(''), [path, `${path}.json`]);
  assert.equal(house.told[0]?.durationMs, 4000);
  assert.deepEqual(await house.whole(), Buffer.from(file));
  assert.equal(await house.recordings.open({ ...name, accountSid: callSid }), undefined, "a stranger's key");
  assert.equal(await house.recordings.remove({ ...name, accountSid: callSid }), false);
  assert.equal(await house.recordings.remove(name), true);
  assert.deepEqual(await house.files.list(''), []);
  await house.end();
});

test('a small one goes to the bucket whole, with what is known of it, and is read back from there', async () => {
  const house = new House();
  house.useBucket();
  house.bucket = { ...house.bucket!, tags: [{ Key: 'team', Value: 'a&b' }] };
  await house.made(2);
  const stored = await house.clock.settle(house.recordings.finish(path));
  assert.ok(!isFault(stored) && stored.where === 'bucket', JSON.stringify(stored));
  const object = house.s3.objects.get(path)!;
  assert.deepEqual(object.body.subarray(0, 44), Buffer.from(wavHeader(8000, 64_000, 2)));
  assert.equal(object.headers['content-type'], 'audio/wav');
  assert.equal(object.headers['x-amz-meta-call-sid'], callSid);
  assert.equal(object.headers['x-amz-meta-from'], 'Zo%C3%AB (home)');
  assert.equal(object.headers['x-amz-tagging'], 'team=a%26b');
  assert.deepEqual(await house.files.list(''), [], 'nothing is left here');
  assert.deepEqual(await house.whole(), object.body);
  assert.equal(await house.clock.settle(house.recordings.remove(name)), true);
  assert.equal(await house.whole(), undefined);
  await house.end();
});

test('a long one goes in parts; one that fails is tried again, by itself', async () => {
  const house = new House();
  house.useBucket();
  await house.made(400);
  let failures = 2;
  house.s3.instead = ({ target }) =>
    target.includes('partNumber=2') && failures-- > 0 ? problem(503, 'SlowDown') : undefined;
  const stored = await house.clock.settle(house.recordings.finish(path), 60_000);
  assert.ok(!isFault(stored), JSON.stringify(stored));
  assert.equal(house.s3.objects.get(path)?.body.length, 44 + 400 * 32_000);
  const parts = house.s3.log.map((line) => /partNumber=\d/.exec(line)?.[0] ?? line.split(' ')[0]);
  assert.deepEqual(parts, ['POST', 'partNumber=1', 'partNumber=2', 'partNumber=3', 'POST']);
  assert.deepEqual(await journals(house), []);
  await house.end();
});

test('a restart in the middle of an upload costs the part under way, no more', async () => {
  const house = new House();
  house.useBucket();
  await house.made(400);
  house.s3.instead = ({ target }) => (target.includes('partNumber=3') ? problem(500, 'InternalError') : undefined);
  const finished = house.recordings.finish(path);
  await house.clock.runFor(10_000);
  await house.clock.settle(house.recordings.close());
  assert.ok(isFault(await finished));
  assert.deepEqual(house.told, []);
  house.s3.instead = () => undefined;
  const before = house.s3.log.length;
  await house.clock.settle(house.start().recover());
  await house.clock.runFor(10_000);
  assert.deepEqual(
    house.s3.log.slice(before).map((line) => /partNumber=\d/.exec(line)?.[0] ?? line.split(' ')[0]),
    ['partNumber=3', 'POST'],
  );
  assert.equal(house.s3.objects.get(path)?.body.length, 44 + 400 * 32_000);
  assert.equal(house.told.length, 1);
  assert.deepEqual(await house.files.list(''), []);
  await house.end();
});

test('an upload that the bucket has forgotten begins anew', async () => {
  const house = new House();
  house.useBucket();
  await house.made(400);
  house.s3.instead = ({ target }) => (target.includes('partNumber=2') ? problem(500, 'InternalError') : undefined);
  const finished = house.recordings.finish(path);
  await house.clock.runFor(500);
  house.s3.uploads.clear();
  house.s3.instead = () => undefined;
  assert.ok(!isFault(await house.clock.settle(finished, 60_000)));
  assert.equal(house.s3.objects.get(path)?.body.length, 44 + 400 * 32_000);
  await house.end();
});

test('a bucket that refuses is told once; the file stays, is heard from here, and gets there when it is mended', async () => {
  const house = new House();
  house.useBucket();
  house.bucket = { ...house.bucket!, secret_access_key: 'a wrong one' };
  await house.made(3);
  const outcome = await house.clock.settle(house.recordings.finish(path));
  assert.ok(isFault(outcome));
  assert.equal(
    outcome.message,
    'the bucket answered 403 SignatureDoesNotMatch: This is SignatureDoesNotMatch & no more',
  );
  await house.clock.runFor(3 * 3600_000);
  assert.deepEqual(
    house.told.map(({ fault }) => fault?.code),
    ['bucket-refused'],
  );
  assert.equal((await house.whole())?.length, 44 + 96_000);
  house.useBucket();
  await house.clock.runFor(2 * 3600_000);
  assert.equal(house.s3.objects.size, 1);
  assert.equal(house.told.at(-1)?.fault, undefined);
  assert.deepEqual(await house.files.list(''), []);
  await house.end();
});

test('a bucket that is away is waited for', async () => {
  const house = new House();
  house.useBucket();
  house.bucket = { ...house.bucket!, endpoint: 'http://away.example' };
  house.net.dns.set('away.example', { a: ['10.9.9.9'] });
  await house.made(3);
  const finished = house.recordings.finish(path);
  await house.clock.runFor(20 * 60_000);
  assert.deepEqual(house.told, [], 'nothing to say yet');
  house.net.serveHttp('http://away.example', ({ method, path: target, headers, body }) =>
    house.s3.handle({ method, target, headers, body }),
  );
  await house.clock.runFor(20 * 60_000);
  assert.ok(!isFault(await finished));
  await house.end();
});

test('what a process that died has left is taken up by the next: mended, stored, told', async () => {
  const house = new House();
  await house.made(5);
  house.recordings.begin({ ...facts, path: '2026/03/01/never-written.wav' });
  await house.clock.settle(house.recordings.close());
  house.start();
  await house.clock.settle(house.recordings.recover());
  await house.clock.runFor(100);
  assert.deepEqual(house.told.map(({ durationMs, fault }) => `${durationMs} ${fault?.code}`).sort(), [
    '0 record-empty',
    '5000 undefined',
  ]);
  assert.deepEqual(await journals(house), []);
  await house.end();
});

for (const accounts of [1, 3]) {
  test(`no more than two uploads of an account at once, and four in all; no local recording waits for them (${accounts})`, async () => {
    const house = new House();
    house.useBucket();
    let asking = 0;
    let most = 0;
    const origin = 'http://slow.example';
    house.bucket = { ...house.bucket!, endpoint: origin };
    house.net.serveHttp(origin, async () => {
      most = Math.max(most, ++asking);
      await new Promise<void>((resolve) => void house.clock.after(1000, resolve));
      asking--;
      return { status: 200 };
    });
    const all = Array.from({ length: 10 }, async (_, i) => {
      const one = { ...facts, path: `2026/03/01/${i}.wav`, accountSid: `account ${i % accounts}` };
      house.recordings.begin(one);
      await house.files.replace(one.path, unfinished(1));
      return house.recordings.finish(one.path);
    });
    await house.clock.runFor(500);
    house.bucket = null;
    await house.made(1);
    const local = await house.clock.settle(house.recordings.finish(path), 300);
    assert.ok(!isFault(local) && local.where === 'local');
    await house.clock.settle(Promise.all(all), 20_000);
    assert.equal(most, Math.min(4, 2 * accounts));
    await house.end();
  });
}

test('a bucket is tried before it is used', async () => {
  const house = new House();
  house.useBucket();
  assert.equal(await house.clock.settle(house.recordings.probe(house.bucket!)), undefined);
  assert.equal(house.s3.objects.size, 0);
  const wrong = { ...house.bucket!, name: 'another' };
  assert.match((await house.clock.settle(house.recordings.probe(wrong)))?.reason ?? '', /404 NoSuchBucket/);
  house.s3.instead = ({ method }) => (method === 'DELETE' ? problem(403, 'AccessDenied') : undefined);
  assert.equal(await house.clock.settle(house.recordings.probe(house.bucket!)), undefined, 'writing is enough');
  await house.end();
});
