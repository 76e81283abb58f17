// Random changes of a bridge: the media path, holds, re-INVITEs, UPDATEs and commands by everybody at once, with loss. No call ends,
// and in the end both hear each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInt } from '../../src/base/index.ts';
import { type SeededRandom, seededRandom } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { assertHears, calledHz, callerHz, type DialScene, dialScene, sidOf } from '../kit/dialled.ts';
import { type Json, toneUrl } from '../kit/scene.ts';

const pick = <T>(random: SeededRandom, list: readonly T[]): T => list[randomInt(random, list.length)]!;

const updates: readonly Json[] = [
  { media_path: 'full-media' },
  { media_path: 'partial-media' },
  { media_path: 'no-media' },
  { media_path: 'no-media' },
  { whisper: { verb: 'play', url: toneUrl(1_800, 200) } },
  { mute_status: 'mute' },
  { mute_status: 'unmute' },
  { dtmf: { digit: '5', duration: 100 } },
];

/** One change; nobody waits for the one before. */
function change(s: DialScene, calls: readonly PhoneCall[], random: SeededRandom): Promise<unknown> {
  const which = randomInt(random, 2);
  const call = calls[which]!;
  const direction = pick(random, ['sendrecv', 'sendonly', 'inactive'] as const);
  const body = { contentType: 'application/sdp', content: call.audio.sdp(direction) };
  switch (randomInt(random, 6)) {
    case 0:
    case 1:
      return call.reinvite(direction);
    case 2:
      return call.dialog!.request('UPDATE', { body });
    case 3:
      return call.dialog!.reinvite({}, async () => (random.next() < 0.7 ? body : undefined));
    default: {
      const sid = which === 0 ? sidOf(calls[0]!) : s.childSid();
      return s.stage.house.calls.update(s.stage.account.account_sid, sid, pick(random, updates), { wait: false });
    }
  }
}

const [seeds, changes] = [10, 60];
test(`${seeds * changes} random changes of ${seeds} bridges, with loss and dying workers`, async () => {
  let past = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const random = seededRandom(seed).fork('changes');
    const s = await dialScene({}, { seed });
    const bob = await s.callee();
    const music = { verb: 'config', onHoldMusic: toneUrl(620) };
    s.answers['/'] = [...(seed % 2 ? [music] : []), { verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }] }];
    const caller = await s.dial();
    await s.run(600);
    const calls = [caller, bob.call()];
    s.stage.net.link({}, { lossRate: 0.05, duplicateRate: 0.03, reorderRate: 0.05, delayMs: 10, jitterMs: 10 });
    const open: Promise<unknown>[] = [];
    for (let n = 0; n < changes; n++) {
      if (random.next() < 0.02) s.stage.killWorker(0);
      open.push(change(s, calls, random).catch(() => {}));
      await s.run(randomInt(random, pick(random, [50, 500, 4_000])));
      for (const call of calls) assert.equal(call.ended, undefined, `seed ${seed}, change ${n}`);
    }
    await s.stage.clock.settle(Promise.all(open), 3_600_000);
    await s.run(30_000);
    past += s.stage.events.filter(({ event }) => event.what === 'path' && event.path === 'no-media').length;
    s.stage.net.link({}, { lossRate: 0, jitterMs: 0 });
    for (const call of calls)
      for (let status = 0; status !== 200; await s.run(2_000))
        status = (await s.stage.clock.settle(call.reinvite('sendrecv'), 60_000)).status;
    for (const sid of [sidOf(caller), s.childSid()]) await s.updateSid(sid, { mute_status: 'unmute' }, true);
    await s.run(1_000);
    const what = `seed ${seed}`;
    assert.doesNotThrow(() => assertHears(s, caller, { [calledHz]: 'loud' }), what);
    assert.doesNotThrow(() => assertHears(s, bob.call(), { [callerHz]: 'loud' }), what);
    await s.stage.clock.settle(caller.hangup());
    await s.run(2_000);
    await s.end();
  }
  assert.ok(past > seeds, `${past} times from phone to phone`);
});

const ends = 60;
test(`${ends} bridges that end in the middle of changes: one final status each, nothing left open`, async () => {
  for (let seed = 1; seed <= ends; seed++) {
    const random = seededRandom(seed).fork('ends');
    const s = await dialScene({}, { seed });
    const bob = await s.callee();
    s.answers['/'] = [
      { verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done', exitMediaPath: seed % 3 === 0 },
    ];
    s.answers['/done'] = [{ verb: 'play', url: toneUrl(880, 300) }];
    const caller = await s.dial();
    await s.run(randomInt(random, 600));
    const calls = [caller, bob.call()].filter((call) => call?.dialog);
    s.stage.net.link({}, { lossRate: 0.03, delayMs: 10, jitterMs: 10 });
    for (let n = randomInt(random, 6); n > 0 && calls.length === 2; n--) {
      void change(s, calls, random).catch(() => {});
      await s.run(randomInt(random, pick(random, [5, 60, 600])));
    }
    const whose = pick(random, calls);
    if (random.next() < 0.3)
      void s.stage.house.calls
        .update(s.stage.account.account_sid, sidOf(caller), { call_status: 'completed' }, { wait: false })
        .catch(() => {});
    else void whose.hangup();
    await s.run(60_000);
    for (const call of [caller, bob.call()]) if (call && !call.ended) await s.stage.clock.settle(call.hangup(), 60_000);
    await s.run(40_000);
    const statuses = s.statusesOf(sidOf(caller));
    assert.equal(statuses.filter((status) => status === 'completed').length, 1, `seed ${seed}: ${statuses}`);
    await s.end();
  }
});
