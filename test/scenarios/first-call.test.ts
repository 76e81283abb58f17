// The main job on the virtual clock: a call comes in, an application answers it, it is changed while it lives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, levelDbov, toneLevelDbov, worstClick } from '../../src/audio/index.ts';
import { appOrigin, Stage } from '../../src/rehearsal/stage.ts';

const tone = (hz: number, ms = 60_000) => `tone_stream://%(${ms},0,${hz})`;

test('an inbound call hears its application, is redirected live, and ends with one final status', async () => {
  const stage = await Stage.open({ seed: 1 });
  const statuses: string[] = [];
  stage.net.serveHttp(appOrigin, (request) => {
    if (request.path === '/status') {
      statuses.push((request.json() as { call_status: string }).call_status);
      return {};
    }
    const hz = request.path === '/next' ? 880 : 440;
    return { body: JSON.stringify([{ verb: 'play', url: tone(hz) }]), headers: { 'content-type': 'application/json' } };
  });
  const webhook = (path: string) => ({ url: `${appOrigin}${path}`, method: 'POST', username: null, password: null });
  const app = await stage.application({ call_hook: webhook('/hello'), call_status_hook: webhook('/status') });
  const phone = await stage.phone();
  const call = await phone.call(stage.uriOf(app));
  assert.equal(await stage.clock.settle(call.answered), 200);
  const sid = call.finalResponse?.header('X-Call-Sid') ?? '';
  await stage.clock.runFor(2_000);
  const from = stage.clock.now() - 1_000;
  const first = call.audio.between(from, stage.clock.now());
  assert.ok(Math.abs(first.length / 8 - 1_000) <= 20, `${first.length} samples in a second`);
  assert.ok(toneLevelDbov(first, 440, 8_000) > -20, `440 Hz at ${toneLevelDbov(first, 440, 8_000)} dBov`);
  assert.deepEqual(gaps(first, 8_000, 5), []);

  const answer = await stage.clock.settle(
    stage.house.calls.update(stage.account.account_sid, sid, { call_hook: `${appOrigin}/next` }, { wait: true }),
  );
  assert.ok('status' in answer && answer.status === 200, JSON.stringify(answer));
  await stage.clock.runFor(1_500);
  const second = call.audio.between(stage.clock.now() - 1_000, stage.clock.now());
  assert.ok(toneLevelDbov(second, 880, 8_000) > -20);
  assert.ok(toneLevelDbov(second, 440, 8_000) < -60);
  assert.ok(levelDbov(second) > -25);
  const whole = call.audio.between(call.answeredAt, stage.clock.now());
  assert.ok(worstClick(whole, 8_000).ratio < 10, `click ${JSON.stringify(worstClick(whole, 8_000))}`);

  await stage.clock.settle(call.hangup());
  await stage.clock.runFor(500);
  assert.deepEqual(statuses, ['trying', 'in-progress', 'completed']);
  assert.deepEqual(await stage.close(), { udp: 0, tcpListeners: 0, tcpConnections: 0, web: 0, timers: 0, scopes: 0 });
});
