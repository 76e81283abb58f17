// Recordings outlive kill -9: of the media worker, of the whole server in the middle of a call, and in the middle of an upload.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gaps, levelDbov, toneLevelDbov, wavHeader } from '../../src/audio/index.ts';
import { type Hooks, openHooks } from '../kit/hooks.ts';
import { openLive, sidOf } from '../kit/live.ts';
import { alive } from '../kit/processes.ts';
import { type Program, startProgram } from '../kit/program.ts';
import { channels } from '../kit/recorded.ts';
import { FakeS3, serveS3 } from '../kit/s3.ts';
import { folderFor, liveCall } from '../kit/start-and-stop.ts';
import { pause, until } from '../kit/until.ts';

const rate = 8_000;
const start = { record: { action: 'startCallRecording', type: 'cloud' } };
const tone = 'tone_stream://%(60000,0,440)';

/** The whole machine's share of the program goes at once, as when the power fails. */
async function killAll(program: Program): Promise<void> {
  const processes = program.processes();
  for (const { pid } of processes) process.kill(pid, 'SIGKILL');
  await program.exit();
  await until(() => processes.filter(alive).length === 0, { what: 'everything to be gone' });
}

const noticesOf = (hooks: Hooks) => hooks.sentTo('/status').filter(({ event }) => event !== undefined);

test('the media worker dies: the next one goes on in the same file', async (t) => {
  const live = await openLive({ replies: { '/': [{ verb: 'play', url: tone }] } });
  t.after(() => live.end());
  const { account_sid } = live.server.seed.keys;
  await live.api(`/Accounts/${account_sid}`, { method: 'PUT', body: JSON.stringify({ record_format: 'wav' }) });
  const call = await live.dial();
  await until(() => call.audio.heard.length > 20, { what: 'audio' });
  assert.equal((await live.update(call, start, true)).status, 200);
  const from = Date.now();
  await pause(3_000);
  process.kill(live.server.pids.workers[0]!, 'SIGKILL');
  await pause(3_000);
  await call.hangup();
  const lastedMs = Date.now() - from;
  const stored = await until(() => live.eventsOf(sidOf(call), 'recording').find(({ what }) => what === 'stored'), {
    what: 'the recording to be stored',
  });
  const answer = await live.api(String(stored.url));
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'audio/wav']);
  const { right } = channels(new Uint8Array(await answer.arrayBuffer()));
  const seconds = right.length / rate;
  const lost = gaps(right, rate, 60).map(([a, b]) => (b - a) / rate);
  t.diagnostic(`${seconds} s of ${lastedMs / 1000}; silent for ${lost.join(', ')} s`);
  assert.ok(Math.abs(seconds - lastedMs / 1000) < 1, 'as long as the call');
  assert.equal(lost.length, 1, 'one gap');
  assert.ok(lost[0]! < 3, 'of the second that was not in the file, and the time without a worker');
  assert.ok(toneLevelDbov(right.subarray(-rate / 2), 440, rate) > -20, 'and it goes on');
  assert.equal((await live.api(String(stored.url), { method: 'DELETE' })).status, 204);
  assert.equal((await live.api(String(stored.url))).status, 404);
});

for (const format of ['wav', 'mp3'] as const) {
  test(`the server dies in the middle of a call: the next start stores what there is (${format}), and tells`, async (t) => {
    const dataDir = folderFor(t);
    const hooks = await openHooks({ '/': [{ verb: 'play', url: tone }] });
    t.after(() => hooks.close());
    const first = await startProgram({ dataDir });
    t.after(() => first.kill());
    await first.api('PUT', `/Accounts/${first.ready.account_sid}`, { record_format: format });
    const { ua, call } = await liveCall(first, hooks);
    const sid = String((await hooks.wait('/')).call_sid);
    assert.equal((await first.update(sid, start, true)).status, 200);
    await pause(4_200);
    await killAll(first);
    ua.close();
    void call;
    const second = await startProgram({ dataDir });
    t.after(() => second.end());
    const notice = await until(() => noticesOf(hooks)[0], { what: 'the notice' });
    assert.deepEqual([notice.event, notice.call_sid], ['recording-stored', sid]);
    const reply = await fetch(`${second.ready.http}/v1${notice.recording_url}`, {
      headers: { authorization: `Bearer ${second.ready.account_api_key}` },
    });
    const bytes = new Uint8Array(await reply.arrayBuffer());
    const { duration } = notice.recording as { duration: number };
    t.diagnostic(`${bytes.length} bytes, ${duration} s of 4.2`);
    assert.ok(duration >= 3 && duration <= 5);
    if (format === 'wav') {
      const { right } = channels(bytes);
      assert.ok(right.length >= 3 * rate && levelDbov(right.subarray(rate)) > -20);
    }
    const left = readdirSync(join(dataDir, 'recordings'), { recursive: true }).map(String);
    assert.deepEqual(
      left.filter((name) => name.endsWith('.journal')),
      [],
    );
  });
}

/** What a server that died has left: a long recording with its journal, whose upload has not begun. */
function leave(dataDir: string, accountSid: string): { path: string; bytes: Uint8Array } {
  const callSid = crypto.randomUUID();
  const path = `2026/03/01/${callSid}.wav`;
  const bytes = new Uint8Array(44 + 400 * 32_000).map((_, i) => (i * 31) & 0xff);
  bytes.set(wavHeader(rate, bytes.length - 44, 2));
  const facts = {
    path,
    format: 'wav',
    sampleRate: rate,
    startedAt: Date.now(),
    callSid,
    accountSid,
    from: '1',
    to: '2',
  };
  const file = join(dataDir, 'recordings', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  writeFileSync(`${file}.journal`, JSON.stringify({ facts: { ...facts, direction: 'inbound' } }));
  return { path, bytes };
}

/** A part that never comes to an end, until it is let. */
async function stuckBucket(t: TestContext) {
  const s3 = new FakeS3();
  const state = { stuck: true, asked: 0 };
  const served = await serveS3(s3, async ({ target }) => {
    if (!state.stuck || !target.includes('partNumber=2')) return;
    state.asked++;
    await new Promise(() => {});
  });
  t.after(() => served.close());
  return { s3, state, credential: s3.credential(served.endpoint) };
}

test('the server dies in the middle of an upload: the next start goes on with the part under way', async (t) => {
  const dataDir = folderFor(t);
  const { s3, state, credential } = await stuckBucket(t);
  const zero = await startProgram({ dataDir });
  t.after(() => zero.kill());
  const account = `/Accounts/${zero.ready.account_sid}`;
  const test = await zero.api('POST', `${account}/BucketCredentialTest`, credential);
  assert.deepEqual(test.body, { status: 'ok' });
  assert.equal((await zero.api('PUT', account, { bucket_credential: credential })).status, 204);
  const shown = (await zero.api('GET', account)).body as { bucket_credential: { secret_access_key: string } };
  assert.match(shown.bucket_credential.secret_access_key, /^.{6}X+$/);
  await zero.stop();
  const { path, bytes } = leave(dataDir, zero.ready.account_sid);
  const first = await startProgram({ dataDir });
  t.after(() => first.kill());
  await until(() => state.asked > 0, { what: 'the second part' });
  await killAll(first);
  assert.equal(s3.objects.size, 0);
  const before = s3.log.length;
  state.stuck = false;
  const second = await startProgram({ dataDir });
  t.after(() => second.end());
  await until(() => s3.objects.has(path), { what: 'the upload' });
  assert.deepEqual(
    s3.log.slice(before).map((line) => /partNumber=\d/.exec(line)?.[0] ?? line.split(' ')[0]),
    ['partNumber=2', 'partNumber=3', 'POST'],
  );
  assert.ok(s3.objects.get(path)!.body.equals(Buffer.from(bytes)), 'to the byte');
  const file = join(dataDir, 'recordings', path);
  await until(() => !statSync(file, { throwIfNoEntry: false }), { what: 'the file to be gone here' });
  void readFileSync;
});
