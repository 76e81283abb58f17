// Cloud recordings of live calls: what is in the file, what the application is told, and what may be asked when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, levelDbov, sine, toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { channels, decodeMp3 } from '../kit/recorded.ts';
import { FakeS3, problem } from '../kit/s3.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';
import { socketScene } from '../kit/socket-scene.ts';

const rate = 8000;
const playing = { '/': [{ verb: 'play', url: toneUrl(440) }] };
const voice = sine({ hz: 700, amplitude: 8000, samples: 80 * 160, sampleRate: rate });
const talk = ({ audio }: PhoneCall): void => {
  audio.voice = (n) => voice.subarray((n % 80) * 160, (n % 80) * 160 + 160);
};

const cloud = (action: string, more: Json = {}): Json => ({
  record: { action: `${action}CallRecording`, type: 'cloud', ...more },
});

/** Fields of the account, before it is called. */
const account = (s: Scene, patch: Parameters<Scene['stage']['records']['accounts']['update']>[1]) =>
  s.stage.records.accounts.update(s.stage.account.account_sid, patch);

const eventsOf = (s: Scene, sid: string): string[] =>
  s.stage.eventsOf(sid, 'recording').map(({ what }) => String(what));

const noticesOf = (s: Scene): Json[] => s.sentTo('/status').filter(({ event }) => event !== undefined);

async function heard(s: Scene, suffix = '.wav') {
  const [path] = await s.stage.files.list(suffix);
  assert.ok(path, 'there is a file');
  return { path, ...channels(s.stage.files.get(path)!) };
}

async function end(s: Pick<Scene, 'end' | 'stage'>): Promise<void> {
  await s.end();
  assert.equal(s.stage.files.opened, 0, 'files left open');
}

async function hangUp(s: Scene, call: PhoneCall): Promise<void> {
  await s.stage.clock.settle(call.hangup());
  await s.run(200);
}

test('a recording by update: both sides at their levels, pauses to the frame, events, a notice', async () => {
  const s = await scene(playing);
  await account(s, { record_format: 'wav' });
  const call = await s.dial();
  talk(call);
  await s.run(1_000);
  const sid = sidOf(call);
  const at = s.stage.clock.now();
  const started = await s.update(call, cloud('start'), true);
  assert.equal(started.status, 200, JSON.stringify(started));
  assert.ok(Number(started.body?.applied_ms) <= 40, JSON.stringify(started.body));
  await s.run(1_000);
  assert.equal((await s.update(call, cloud('pause'), true)).status, 200);
  await s.run(3_000);
  assert.equal((await s.update(call, cloud('resume'), true)).status, 200);
  await s.run(1_000);
  assert.equal((await s.update(call, cloud('pause', { silence: true }), true)).status, 200);
  await s.run(1_000);
  assert.equal((await s.update(call, cloud('resume'), true)).status, 200);
  await s.run(1_000);
  assert.equal((await s.update(call, cloud('stop'))).status, 202);
  await s.run(1_000);
  const { path, left, right } = await heard(s);
  const day = new Date(at).toISOString().slice(0, 10).replaceAll('-', '/');
  assert.equal(path, `${day}/${sid}.wav`);
  assert.ok(Math.abs(left.length - 4 * rate) <= 5 * 160, `${left.length} samples`);
  const silent = gaps(left, rate, 100);
  assert.equal(silent.length, 1);
  assert.ok(
    Math.abs(silent[0]![0] - 2 * rate) <= 3 * 160 && Math.abs(silent[0]![1] - 3 * rate) <= 4 * 160,
    `${silent}`,
  );
  assert.ok(Math.abs(levelDbov(left.subarray(0, 2 * rate - 640)) - levelDbov(voice)) < 0.5, 'what it says');
  const asHeard = toneLevelDbov(call.audio.between(at - 900, at), 440, rate);
  assert.ok(Math.abs(toneLevelDbov(right.subarray(0, 7_500), 440, rate) - asHeard) < 0.5, 'what it hears');
  assert.ok(toneLevelDbov(right, 700, rate) < -60 && toneLevelDbov(left, 440, rate) < -60, 'each on its side');
  assert.deepEqual(eventsOf(s, sid), ['started', 'paused', 'resumed', 'paused', 'resumed', 'stopped', 'stored']);
  const url = `/Accounts/${s.stage.account.account_sid}/RecentCalls/${sid}/record/${day}/wav`;
  assert.deepEqual(
    noticesOf(s).map(({ event, call_sid, recording_url, call_status }) => [
      event,
      call_sid,
      recording_url,
      call_status,
    ]),
    [['recording-stored', sid, url, undefined]],
  );
  assert.equal((await s.update(call, cloud('start'))).status, 202, 'another one');
  await s.run(500);
  await hangUp(s, call);
  assert.deepEqual(await s.stage.files.list('.wav'), [`${day}/${sid}-2.wav`, `${day}/${sid}.wav`]);
  assert.equal(noticesOf(s)[1]?.recording_url, `${url}?number=2`);
  await end(s);
});

test('what the state does not let happen is refused with the reason, and bad orders by their path', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  const refused = async (body: Json) => {
    const { status, reason, path } = await s.update(call, body);
    return [status, reason, ...(path === undefined ? [] : [path])];
  };
  for (const action of ['stop', 'pause', 'resume'])
    assert.deepEqual(await refused(cloud(action)), [422, 'the call is not being recorded'], action);
  await s.update(call, cloud('start'));
  assert.deepEqual(await refused(cloud('start')), [422, 'the call is being recorded']);
  assert.deepEqual(await refused(cloud('resume')), [422, 'the call is being recorded']);
  await s.update(call, cloud('pause'));
  assert.deepEqual(await refused(cloud('pause')), [422, 'the recording is paused']);
  assert.deepEqual(await refused(cloud('start')), [422, 'the recording is paused']);
  assert.equal((await s.update(call, cloud('stop'))).status, 202);
  for (const [record, path] of [
    [{ type: 'cloud' }, 'record.action'],
    [{ action: 'record', type: 'cloud' }, 'record.action'],
    [{ action: 'startCallRecording', type: 'tape' }, 'record.type'],
    [{ action: 'startCallRecording' }, 'record.siprecServerURL'],
    [{ action: 'startCallRecording', type: 'cloud', loud: 1 }, 'record.loud'],
    [{ action: 'pauseCallRecording', type: 'cloud', silence: 'yes' }, 'record.silence'],
    ['start', 'record'],
  ] as const) {
    const outcome = await s.update(call, { record });
    assert.deepEqual([outcome.status, outcome.path], [400, path], JSON.stringify(record));
  }
  await hangUp(s, call);
  await end(s);
});

test('a start before the answer acts at the answer; nothing else is taken before', async () => {
  const s = await scene({
    '/': async () => {
      await new Promise<void>((resolve) => void s.stage.clock.after(2_000, resolve));
      return playing['/'];
    },
  });
  await account(s, { record_format: 'wav' });
  const phone = await s.stage.phone('early');
  const call = await phone.call(s.stage.uriOf(s.app));
  talk(call);
  await s.run(1_000);
  const sid = s.stage.events[0]!.callSid;
  const update = (body: Json) =>
    s.stage.clock.settle(s.stage.house.calls.update(s.stage.account.account_sid, sid, body, { wait: false }));
  assert.deepEqual(await update(cloud('start')), { status: 202 });
  assert.match(JSON.stringify(await update(cloud('pause'))), /waits for the answer/);
  assert.deepEqual(await s.stage.files.list(''), []);
  await s.stage.clock.settle(call.answered, 10_000);
  await s.run(2_000);
  await hangUp(s, call);
  const { left } = await heard(s);
  assert.ok(Math.abs(left.length - 2 * rate) < 600, `${left.length} samples`);
  assert.deepEqual(eventsOf(s, sid), ['started', 'stopped', 'stored']);
  assert.ok(s.stage.eventsOf(sid).at(-1)?.type === 'ended', 'the recording is done before the call is gone');
  await end(s);
});

test('an account, or an application, that records all its calls: MP3, from the answer to the end', async () => {
  for (const who of ['account', 'application'] as const) {
    const s = await scene(playing);
    if (who === 'account') await account(s, { record_all_calls: true });
    else await s.stage.records.applications.update(s.app.application_sid, { record_all_calls: true });
    const call = await s.dial();
    talk(call);
    await s.run(4_000);
    await hangUp(s, call);
    const [path] = await s.stage.files.list('.mp3');
    const { left, right } = await decodeMp3(s.stage.files.get(path!)!);
    assert.ok(Math.abs(left.length - 4 * rate) < 3_000, `${left.length} samples`);
    const middle = left.subarray(rate, 3 * rate);
    assert.ok(Math.abs(toneLevelDbov(middle, 700, rate) - levelDbov(voice)) < 0.5);
    assert.ok(toneLevelDbov(right.subarray(rate, 3 * rate), 700, rate) < -50);
    assert.deepEqual(eventsOf(s, sidOf(call)), ['started', 'stopped', 'stored']);
    await end(s);
  }
});

test('the far end of an outbound call that is recorded from the start is told', async () => {
  const s = await scene(playing);
  await account(s, { record_all_calls: true, record_format: 'wav' });
  const phone = await s.stage.phone('bob');
  let header: string | undefined;
  phone.onCall = (call, invite) => {
    header = invite.request.header('X-Record-All-Calls');
    call.accept(invite);
  };
  const body = { from: '1', to: { type: 'sip', sipUri: phone.uri }, application_sid: s.app.application_sid };
  const created = await s.stage.clock.settle(s.stage.house.calls.create(s.stage.account.account_sid, body));
  assert.ok('sid' in created);
  await s.run(2_000);
  assert.equal(header, 'wav');
  const over = { call_status: 'completed' };
  await s.stage.clock.settle(
    s.stage.house.calls.update(s.stage.account.account_sid, created.sid, over, { wait: false }),
  );
  await s.run(500);
  assert.ok((await heard(s)).left.length > rate);
  await end(s);
});

test('config.record, and a socket application that is told over its socket', async () => {
  const s = await socketScene([
    { verb: 'config', record: { action: 'startCallRecording', type: 'cloud' } },
    { verb: 'play', url: toneUrl(440) },
  ]);
  await s.stage.clock.runFor(1_000);
  s.command('record', { action: 'pauseCallRecording', type: 'cloud', silence: true });
  await s.stage.clock.runFor(500);
  s.command('record', { action: 'stopCallRecording' });
  await s.stage.clock.runFor(500);
  const sid = s.stage.events[0]!.callSid;
  const events = s.stage.eventsOf(sid, 'recording').map(({ what }) => what);
  assert.deepEqual(events, ['started', 'paused', 'stopped', 'stored']);
  const [notice] = s.of('recording:status');
  assert.deepEqual([notice?.data.event, notice?.data.call_sid], ['recording-stored', sid]);
  await s.stage.clock.settle(s.call.hangup());
  await end(s);
});

test('a worker dies while it records: the next one goes on in the same file', async () => {
  const s = await scene(playing);
  await account(s, { record_format: 'wav' });
  const call = await s.dial();
  talk(call);
  await s.run(500);
  await s.update(call, cloud('start'), true);
  await s.run(2_500);
  s.stage.killWorker(0);
  await s.run(2_500);
  await hangUp(s, call);
  const { left } = await heard(s);
  assert.ok(Math.abs(left.length - 5 * rate) < 1000, `${left.length} samples`);
  const lost = gaps(left, rate, 60);
  assert.equal(lost.length, 1, 'only what was not in the file yet is silent');
  assert.ok(lost[0]![1] - lost[0]![0] < 1.3 * rate);
  assert.deepEqual(eventsOf(s, sidOf(call)), ['started', 'stopped', 'stored']);
  await end(s);
});

test("the account's bucket: there when the call ends, with the notice; one that refuses is an alert", async () => {
  const s = await scene(playing);
  const s3 = new FakeS3();
  const endpoint = 'http://s3.example';
  s.stage.net.serveHttp(endpoint, ({ method, path: target, headers, body }) =>
    s3.handle({ method, target, headers, body }),
  );
  await account(s, { record_format: 'wav', bucket_credential: s3.credential(endpoint) });
  const call = await s.dial();
  talk(call);
  await s.update(call, cloud('start'), true);
  await s.run(2_000);
  await s.update(call, cloud('stop'));
  await s.run(500);
  assert.equal(s3.objects.size, 1);
  const [[key, object]] = [...s3.objects] as [[string, typeof s3.objects extends Map<string, infer K> ? K : never]];
  assert.match(key, new RegExp(`/${sidOf(call)}\\.wav$`));
  assert.ok(levelDbov(channels(new Uint8Array(object.body)).left.subarray(rate)) > -20);
  assert.deepEqual(await s.stage.files.list(''), [], 'nothing is left here');
  assert.equal(s.stage.eventsOf(sidOf(call), 'recording').at(-1)?.where, 'bucket');
  s3.instead = () => problem(403, 'AccessDenied');
  await s.update(call, cloud('start'), true);
  await s.run(1_000);
  await hangUp(s, call);
  assert.deepEqual(
    noticesOf(s).map(({ event }) => event),
    ['recording-stored', 'recording-failed'],
  );
  assert.deepEqual(
    s.stage.alerts.map(({ type }) => type),
    ['recording-failed'],
  );
  assert.equal(eventsOf(s, sidOf(call)).at(-1), 'failed');
  assert.equal((await s.stage.files.list('.wav')).length, 1, 'the file stays');
  await end(s);
});
