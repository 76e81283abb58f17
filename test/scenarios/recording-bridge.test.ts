// A call that is recorded while it is bridged: both parties whole, also where the bridge changes its way; nothing is heard of the recording.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, sine, toneLevelDbov, worstClick } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { channels } from '../kit/recorded.ts';
import { scene, sidOf, toneUrl } from '../kit/scene.ts';

const rate = 8000;
const sing = ({ audio }: PhoneCall, hz: number): void => {
  const voice = sine({ hz, amplitude: 6000, samples: 50 * 160, sampleRate: rate });
  audio.voice = (n) => voice.subarray((n % 50) * 160, (n % 50) * 160 + 160);
};
const cloud = (action: string) => ({ record: { action: `${action}CallRecording`, type: 'cloud' } });

test('both parties, without a gap or a click; the delay comes back when it ends', async () => {
  let bob: PhoneCall | undefined;
  const s = await scene({ '/': () => [{ verb: 'dial', target: [{ type: 'sip', sipUri: uri }] }] });
  await s.stage.records.accounts.update(s.stage.account.account_sid, { record_format: 'wav' });
  const phone = await s.stage.phone('bob');
  const uri = phone.uri;
  phone.onCall = (call, invite) => {
    bob = call;
    sing(call, 500);
    call.accept(invite);
  };
  const call = await s.dial();
  sing(call, 700);
  await s.run(2_000);
  const from = s.stage.clock.now();
  assert.equal((await s.update(call, cloud('start'), true)).status, 200);
  await s.run(2_000);
  for (const mute of ['mute', 'unmute']) {
    await s.update(call, { mute_status: mute }, true);
    await s.run(700);
  }
  await s.run(1_000);
  await s.update(call, cloud('stop'));
  await s.run(2_000);
  const to = s.stage.clock.now();
  const [path] = await s.stage.files.list(`${sidOf(call)}.wav`);
  const { left, right } = channels(s.stage.files.get(path!)!);
  assert.ok(toneLevelDbov(left.subarray(800, 12_000), 700, rate) > -20 && toneLevelDbov(right, 500, rate) > -20);
  assert.deepEqual(gaps(right.subarray(800), rate, 20), [], 'the other party is whole');
  assert.ok(worstClick(right.subarray(800), rate).ratio < 5, JSON.stringify(worstClick(right.subarray(800), rate)));
  const muted = gaps(left.subarray(800), rate, 40);
  assert.equal(muted.length, 1, 'silent while it is muted');
  assert.ok(Math.abs(muted[0]![1] - muted[0]![0] - 0.7 * rate) < 0.1 * rate);
  for (const [who, heard] of [
    ['caller', call.audio.between(from, to)],
    ['bob', bob!.audio.between(from, from + 1_900)],
  ] as const) {
    assert.deepEqual(gaps(heard, rate, 40), [], `${who} hears no gap`);
    assert.ok(worstClick(heard, rate).ratio < 5, `${who}: ${JSON.stringify(worstClick(heard, rate))}`);
  }
  await s.stage.clock.settle(call.hangup());
  await s.run(500);
  await s.end();
});

test('all calls are recorded: the parent with both parties, and the child on its own once it stands alone', async () => {
  let bob: PhoneCall | undefined;
  const s = await scene({
    '/': () => [{ verb: 'dial', target: [{ type: 'sip', sipUri: uri }] }],
    '/child': [{ verb: 'play', url: toneUrl(440) }],
  });
  await s.stage.records.accounts.update(s.stage.account.account_sid, { record_format: 'wav', record_all_calls: true });
  const phone = await s.stage.phone('bob');
  const uri = phone.uri;
  phone.onCall = (call, invite) => {
    bob = call;
    sing(call, 500);
    call.accept(invite);
  };
  const call = await s.dial();
  sing(call, 700);
  await s.run(2_000);
  assert.equal((await s.stage.files.list('.wav')).length, 1, 'the parent has both parties');
  assert.equal((await s.update(call, { child_call_hook: '/child' })).status, 202);
  await s.run(1_000);
  await s.stage.clock.settle(call.hangup());
  await s.run(2_000);
  await s.stage.clock.settle(bob!.hangup());
  await s.run(1_000);
  const files = await s.stage.files.list('.wav');
  assert.equal(files.length, 2);
  const own = files.find((path) => path.endsWith(`${bob!.sid}.wav`));
  const { left, right } = channels(s.stage.files.get(own!)!);
  assert.ok(left.length > 2 * rate);
  assert.ok(
    toneLevelDbov(left.subarray(rate), 500, rate) > -20 && toneLevelDbov(right.subarray(rate), 440, rate) > -20,
  );
  assert.equal(s.sentTo('/status').filter(({ event }) => event === 'recording-stored').length, 2);
  await s.end();
});

test('before, in and after a bridge nothing of the caller is missing in its recording', async () => {
  let bob: PhoneCall | undefined;
  const s = await scene({
    '/': () => [
      { verb: 'play', url: toneUrl(300, 1_500) },
      { verb: 'dial', target: [{ type: 'sip', sipUri: uri }] },
      { verb: 'play', url: toneUrl(440) },
    ],
  });
  await s.stage.records.accounts.update(s.stage.account.account_sid, { record_format: 'wav', record_all_calls: true });
  const phone = await s.stage.phone('bob');
  const uri = phone.uri;
  phone.onCall = (call, invite) => {
    bob = call;
    sing(call, 500);
    call.accept(invite);
  };
  const call = await s.dial();
  sing(call, 700);
  await s.run(4_000);
  await s.stage.clock.settle(bob!.hangup());
  await s.run(2_000);
  await s.stage.clock.settle(call.hangup());
  await s.run(500);
  const [path] = await s.stage.files.list(`${sidOf(call)}.wav`);
  const { left, right } = channels(s.stage.files.get(path!)!);
  assert.deepEqual(gaps(left.subarray(800), rate, 15), []);
  assert.ok(worstClick(left.subarray(800), rate).ratio < 5, JSON.stringify(worstClick(left.subarray(800), rate)));
  assert.deepEqual(gaps(right.subarray(800), rate, 60), [], 'prompt, party, prompt');
  await s.end();
});
