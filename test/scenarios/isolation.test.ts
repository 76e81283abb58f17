// Noise isolation on live calls: by update, by config, over the socket; what the other party of a bridge hears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelDbov } from '../../src/audio/index.ts';
import { seededRandom } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { channels } from '../kit/recorded.ts';
import { type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const rate = 8000;
const random = seededRandom('street');
const hiss = Int16Array.from({ length: 4 * rate }, () => Math.round(3000 * (random.next() - 0.5)));
const rustle = ({ audio }: PhoneCall): void => {
  audio.voice = (n) => hiss.subarray((n * 160) % hiss.length, ((n * 160) % hiss.length) + 160);
};
const heardBy = (call: PhoneCall, s: Scene, ms: number): number =>
  levelDbov(call.audio.between(s.stage.clock.now() - ms, s.stage.clock.now()));

test('on a bridged call: the other party no longer hears the noise, and hears it again', async () => {
  let bob: PhoneCall | undefined;
  const s = await scene({
    '/': () => [{ verb: 'dial', answerOnBridge: true, target: [{ type: 'sip', sipUri: uri }] }],
  });
  const phone = await s.stage.phone('bob');
  const uri = phone.uri;
  phone.onCall = (call, invite) => {
    bob = call;
    call.accept(invite);
  };
  const call = await s.dial();
  rustle(call);
  await s.run(2_000);
  const before = heardBy(bob!, s, 1_000);
  assert.ok(Math.abs(before - levelDbov(hiss)) < 1, `${before}`);
  const enabled = await s.update(call, { noise_isolation_status: 'enable' }, true);
  assert.equal(enabled.status, 200, JSON.stringify(enabled));
  await s.run(3_000);
  assert.ok(heardBy(bob!, s, 1_000) < before - 12, `${heardBy(bob!, s, 1_000)} after ${before}`);
  const half = { noise_isolation_status: 'enable', noise_isolation_vendor: 'krisp', noise_isolation_level: 50 };
  assert.equal((await s.update(call, half)).status, 202);
  await s.run(2_000);
  const less = before - heardBy(bob!, s, 1_000);
  assert.ok(less > 3 && less < 7, `${less} dB less at half the level`);
  assert.equal((await s.update(call, { noise_isolation_status: 'disable' })).status, 202);
  await s.run(2_000);
  assert.ok(Math.abs(heardBy(bob!, s, 1_000) - before) < 1, 'as before');
  await s.stage.clock.settle(call.hangup());
  await s.run(500);
  await s.end();
});

test('config, the socket, and what is refused', async () => {
  const s = await scene({
    '/': [
      {
        verb: 'config',
        noiseIsolation: { enable: true, level: 100 },
        record: { action: 'startCallRecording', type: 'cloud' },
      },
      { verb: 'play', url: toneUrl(440) },
    ],
  });
  await s.stage.records.accounts.update(s.stage.account.account_sid, { record_format: 'wav' });
  const call = await s.dial();
  rustle(call);
  await s.run(3_000);
  for (const [body, status, path] of [
    [{ noise_isolation_status: 'on' }, 400, 'noise_isolation_status'],
    [{ noise_isolation_status: 'enable', noise_isolation_level: 101 }, 400, 'noise_isolation_level'],
    [{ noise_isolation_level: 50 }, 400, 'noise_isolation_level'],
    [{ noise_isolation_status: 'enable', noise_isolation_vendor: 'dolby' }, 422, undefined],
  ] as const) {
    const outcome = await s.update(call, body);
    assert.deepEqual([outcome.status, outcome.path], [status, path], JSON.stringify(body));
  }
  await s.stage.clock.settle(call.hangup());
  await s.run(500);
  const [path] = await s.stage.files.list(`${sidOf(call)}.wav`);
  const { left } = channels(s.stage.files.get(path!)!);
  assert.ok(levelDbov(left.subarray(-rate)) < levelDbov(hiss) - 12);
  await s.end();
});
