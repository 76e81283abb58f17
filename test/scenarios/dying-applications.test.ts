// An application's server that dies in the middle of a call: the caller is released, the call ends once, nothing is left.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimHttpServer } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { appOrigin } from '../../src/rehearsal/stage.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';

/** Longer than a hook may take, with its retries. */
const enoughMs = 60_000;
const finals = new Set(['completed', 'failed', 'no-answer', 'busy']);

function die(s: Scene, how: SimHttpServer['state']): void {
  s.stage.net.httpServers.get(appOrigin)!.state = how;
}

/** The call is over for the caller, has one final status, and the node remembers nothing but its record. */
async function judge(s: Scene, call: PhoneCall, status: string): Promise<void> {
  await s.run(enoughMs);
  assert.ok(call.ended?.by === 'remote' || (call.finalResponse?.status ?? 0) >= 300, 'the caller is released');
  const sid = s.stage.events[0]!.callSid;
  const told = s.stage.eventsOf(sid, 'status').map((e) => String(e.status));
  assert.deepEqual(
    told.filter((one) => finals.has(one)),
    [status],
  );
  assert.equal(s.stage.eventsOf(sid, 'ended').length, 1);
  assert.equal(s.stage.house.directory.size, 0);
  await s.end();
}

const play = (ms: number): Json => ({ verb: 'play', url: toneUrl(440, ms) });

for (const how of ['refusing', 'resetting', 'garbage', 'hanging'] as const) {
  test(`${how} before session:new: refused with 480`, async () => {
    const s = await scene({});
    die(s, how);
    const phone = await s.stage.phone();
    const call = await phone.call(s.stage.uriOf(s.app));
    await judge(s, call, 'failed');
    assert.equal(call.finalResponse?.status, 480);
  });

  test(`${how} when the digits are reported: the next verbs run to the end`, async () => {
    const s = await scene({
      '/': [{ verb: 'gather', numDigits: 1, timeout: 30, actionHook: '/digit' }, play(500)],
    });
    const call = await s.dial();
    die(s, how);
    call.press('1');
    await judge(s, call, 'completed');
  });

  test(`${how} when a redirect verb asks: the call ends with a reason`, async () => {
    const s = await scene({ '/': [play(500), { verb: 'redirect', actionHook: '/next' }] });
    const call = await s.dial();
    die(s, how);
    await judge(s, call, 'completed');
    assert.ok(call.ended?.by === 'remote' && call.ended.request.header('X-Reason') !== undefined);
  });

  test(`${how} when an update redirects: what runs goes on, and ends`, async () => {
    const s = await scene({ '/': [play(3_000)] });
    const call = await s.dial();
    die(s, how);
    assert.equal((await s.update(call, { call_hook: '/next' })).status, 202);
    await judge(s, call, 'completed');
  });

  test(`${how} for statuses and the hook of a play: the call neither waits nor stays`, async () => {
    const s = await scene({ '/': [{ ...play(1_000), actionHook: '/played' }] });
    const call = await s.dial();
    die(s, how);
    await s.run(500);
    const at = s.stage.clock.now();
    await s.stage.clock.settle(call.hangup());
    assert.ok(s.stage.clock.now() - at < 1_000, 'BYE is answered at once');
    const sid = s.stage.events[0]!.callSid;
    await s.run(enoughMs);
    assert.equal(s.stage.eventsOf(sid, 'ended').length, 1);
    assert.equal(s.stage.house.directory.size, 0);
    await s.end();
  });
}
