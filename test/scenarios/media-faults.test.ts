// Media workers that die, and go on dying, on the virtual clock: what each call hears, and how it ends when nothing helps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { streamOf } from '../kit/live.ts';
import { type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const playing = {
  '/': [{ verb: 'play', url: toneUrl(440) }],
  '/dtmf': [
    { verb: 'dtmf', dtmf: '1234567890', duration: 200 },
    { verb: 'play', url: toneUrl(660) },
  ],
};

const losses = (s: Scene, call: PhoneCall) =>
  s.stage.eventsOf(sidOf(call), 'media').filter((e) => e.what === 'worker-lost');
const hears = (s: Scene, call: PhoneCall, hz: number): boolean => {
  const now = s.stage.clock.now();
  return toneLevelDbov(call.audio.between(now - 300, now), hz, 8_000) > -20;
};

async function hangUpAll(s: Scene, calls: readonly PhoneCall[]): Promise<void> {
  for (const call of calls) await s.stage.clock.settle(call.hangup());
  await s.end();
}

test('a dead worker costs its calls a moment, and the others nothing: not a packet, not a millisecond', async () => {
  const s = await scene(playing, { workers: 2 });
  const calls: PhoneCall[] = [];
  for (let i = 0; i < 8; i++) calls.push(await s.dial());
  await s.run(2_345);
  for (const worker of [0, 0, 1]) {
    const at = s.stage.clock.now();
    s.stage.killWorker(worker);
    await s.run(2_500);
    for (const call of calls) {
      const stream = streamOf(call, at - 100);
      assert.equal(stream.ssrcs.length, 1);
      assert.equal(stream.backward, 0);
      assert.ok(hears(s, call, 440));
      const hit = losses(s, call).some((e) => e.at >= at);
      if (hit) assert.ok(stream.longestGapMs < 600, `a gap of ${stream.longestGapMs} ms`);
      else assert.deepEqual([stream.holes, stream.skippedMs, stream.longestGapMs], [0, 0, 20]);
    }
  }
  const outcomes = calls.flatMap((call) => losses(s, call).map((e) => e.outcome));
  assert.deepEqual(outcomes, Array(12).fill('restored'));
  await hangUpAll(s, calls);
});

test('a worker that dies before it has reported once: the stream still goes on as the same stream', async () => {
  const s = await scene(playing);
  const call = await s.dial();
  await s.run(120);
  s.stage.killWorker(0);
  await s.run(1_000);
  const stream = streamOf(call);
  assert.deepEqual([stream.ssrcs.length, stream.backward], [1, 0]);
  assert.ok(hears(s, call, 440));
  await hangUpAll(s, [call]);
});

test('a worker that cannot be started again: its calls end with a status and a reason, and new ones are refused', async () => {
  for (const how of ['throws', 'dies'] as const) {
    let broken = false;
    const s = await scene(playing, {
      onWorkerStart() {
        if (!broken) return;
        if (how === 'throws') throw new Error('spawn ENOMEM');
        s.stage.clock.soon(() => s.stage.killWorker(0));
      },
    });
    const call = await s.dial();
    await s.run(1_000);
    broken = true;
    s.stage.killWorker(0);
    await s.run(10_000);
    assert.equal(call.ended?.by, 'remote', `${how}: the far end is told`);
    assert.equal(call.ended?.by === 'remote' && call.ended.request.header('X-Reason'), 'Media Server Failure');
    const last = s.sentTo('/status').at(-1);
    assert.deepEqual(
      [last?.call_status, last?.sip_status, last?.sip_reason],
      ['completed', 480, 'Media Server Failure'],
    );
    assert.equal(s.statuses().filter((status) => status === 'completed').length, 1);
    const refused = await s.dial();
    assert.equal(refused.finalResponse?.status, 480);
    assert.match(refused.finalResponse?.header('X-Reason') ?? '', /media server failure/);
    broken = false;
    await s.run(15_000);
    const next = await s.dial();
    assert.equal(next.finalResponse?.status, 200, `${how}: when the worker can be started, calls are taken again`);
    await hangUpAll(s, [next]);
  }
});

test('digits that cannot be sent are noted, and the application goes on: worker gone, or the caller has us on hold', async () => {
  for (const how of ['worker', 'hold'] as const) {
    const s = await scene({ ...playing, '/': [{ verb: 'play', url: toneUrl(440) }] });
    const call = await s.dial();
    await s.run(1_000);
    if (how === 'hold') await s.stage.clock.settle(call.reinvite('sendonly'));
    await s.update(call, { call_hook: '/dtmf' });
    await s.run(600);
    if (how === 'worker') s.stage.killWorker(0);
    await s.run(1_000);
    if (how === 'hold') await s.stage.clock.settle(call.reinvite('sendrecv'));
    await s.run(500);
    assert.equal(call.ended, undefined, `${how}: the call goes on`);
    const [noted] = s.stage.eventsOf(sidOf(call), 'error');
    assert.equal(noted?.what, 'dtmf was not sent');
    assert.ok(hears(s, call, 660), `${how}: the next verb runs`);
    await hangUpAll(s, [call]);
  }
});

test('gathers, gains and whispers outlive the worker', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', actionHook: '/digits', numDigits: 2, timeout: 0, play: { url: toneUrl(440) } }],
    '/digits': [{ verb: 'pause', length: 60 }],
  });
  const call = await s.dial();
  await s.update(call, { boostAudioSignal: -12 });
  await s.update(call, { mute_status: 'mute' });
  await s.run(1_000);
  const level = () => toneLevelDbov(call.audio.between(s.stage.clock.now() - 300, s.stage.clock.now()), 440, 8_000);
  const before = level();
  s.stage.killWorker(0);
  await s.run(1_500);
  assert.ok(Math.abs(level() - before) < 0.5, `${before} dBov before, ${level()} after`);
  await s.update(call, { whisper: { verb: 'play', url: toneUrl(880, 3_000) } });
  await s.run(1_000);
  s.stage.killWorker(0);
  await s.run(1_200);
  assert.ok(toneLevelDbov(call.audio.between(s.stage.clock.now() - 300, s.stage.clock.now()), 880, 8_000) > -32);
  call.press('42');
  await s.run(1_000);
  assert.equal(s.sentTo('/digits')[0]?.digits, '42');
  assert.equal((await s.update(call, { mute_status: 'unmute' }, true)).status, 200);
  await hangUpAll(s, [call]);
});

test('a worker dies while a call is being set up: it is answered all the same, or refused with a reason', async () => {
  const s = await scene({
    '/': [
      { verb: 'pause', length: 1 },
      { verb: 'play', url: toneUrl(440) },
    ],
  });
  const phone = await s.stage.phone('other');
  for (const wait of [0, 1, 2, 5, 500, 999, 1_000, 1_001, 1_003]) {
    const call = await phone.call(s.stage.uriOf(s.app));
    await s.run(wait);
    s.stage.killWorker(0);
    const status = await s.stage.clock.settle(call.answered, 40_000);
    if (status !== 200) assert.match(call.finalResponse?.header('X-Reason') ?? '', /./);
    await s.run(1_000);
    if (status === 200) {
      assert.ok(hears(s, call, 440), `killed after ${wait} ms`);
      await s.stage.clock.settle(call.hangup());
    }
    await s.run(31_000);
  }
  await s.end();
});
