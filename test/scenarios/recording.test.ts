// Cloud recordings of live calls: what is in the file, what the application is told, and what may be asked when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, levelDbov, toneLevelDbov } from '../../src/audio/index.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { channels } from '../kit/recorded.ts';
import { type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const playing = { '/': [{ verb: 'play', url: toneUrl(440) }] };
const rate = 8000;

const wavAccount = async (s: Scene): Promise<void> => {
  s.stage.account.record_format = 'wav';
  await s.stage.records.accounts.update(s.stage.account.account_sid, { record_format: 'wav' });
};

const recordingsOf = (s: Scene, callSid: string): string[] =>
  s.stage.eventsOf(callSid, 'recording').map(({ what }) => String(what));

const cloud = (action: string, more: object = {}) => ({
  record: { action: `${action}CallRecording`, type: 'cloud', ...more },
});

test('a recording by update: file, events, webhook', async () => {
  const s = await scene(playing);
  await wavAccount(s);
  const call = await s.dial();
  await s.run(500);
  const sid = sidOf(call);
  call.audio.sing?.(700);
  const started = await s.update(call, cloud('start'), true);
  assert.equal(started.status, 200, JSON.stringify(started));
  assert.ok(Number(started.body?.applied_ms) <= 40);
  await s.run(2_000);
  assert.equal((await s.update(call, cloud('stop'))).status, 202);
  await s.run(1_000);
  const [path] = await s.stage.files.list('.wav');
  assert.match(path!, new RegExp(`^\\d{4}/\\d{2}/\\d{2}/${sid}\\.wav$`));
  const { left, right } = channels(s.stage.files.get(path!)!);
  assert.ok(Math.abs(left.length - 2 * rate) <= 400, `${left.length} samples`);
  assert.ok(toneLevelDbov(right, 440, rate) > -20);
  console.log(levelDbov(left), gaps(right, rate, 20));
  assert.deepEqual(recordingsOf(s, sid), ['started', 'stopped', 'stored']);
  const told = s.sentTo('/status').filter((body) => body.event !== undefined);
  console.log(told, s.stage.alerts, await s.stage.files.list(''));
  await s.stage.clock.settle(call.hangup());
  await s.end();
  void appOrigin;
});
