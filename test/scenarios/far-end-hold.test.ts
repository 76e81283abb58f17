// The far end's hold, UPDATE and re-INVITE: answered, told, and never the end of a call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInt } from '../../src/base/index.ts';
import { type SeededRandom, seededRandom } from '../../src/base/sim/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const sdpOf = (call: PhoneCall, direction: string, zero = false): string => {
  const sdp = call.audio.sdp(direction);
  return zero ? sdp.replace(/^c=IN IP4 .*$/m, 'c=IN IP4 0.0.0.0') : sdp;
};
const body = (content: string) => ({ contentType: 'application/sdp', content });
const answerOf = (response: { body: Uint8Array }): string => Buffer.from(response.body).toString();
const holdsOf = (s: Scene): unknown[] =>
  s.stage.events.filter(({ event }) => event.type === 'hold').map(({ event }) => event.held);

test('sendonly, inactive and 0.0.0.0 by INVITE or UPDATE are holds; the hook hears each change once', async () => {
  const s = await scene({
    '/': [
      { verb: 'config', sipRequestWithinDialogHook: '/request' },
      { verb: 'play', url: toneUrl(440) },
    ],
  });
  const call = await s.dial();
  const settle = <T>(promise: Promise<T>) => s.stage.clock.settle(promise);
  const steps: [method: 'INVITE' | 'UPDATE', sdp: string, answered: RegExp][] = [
    ['INVITE', sdpOf(call, 'sendonly'), /a=recvonly/],
    ['UPDATE', sdpOf(call, 'inactive'), /a=inactive/],
    ['UPDATE', sdpOf(call, 'sendrecv'), /a=sendrecv/],
    ['INVITE', sdpOf(call, 'sendrecv', true), /a=inactive/],
    ['INVITE', sdpOf(call, 'sendrecv'), /a=sendrecv/],
    ['INVITE', sdpOf(call, 'sendrecv'), /a=sendrecv/],
    ['UPDATE', sdpOf(call, 'sendonly', true), /a=recvonly/],
    ['INVITE', sdpOf(call, 'recvonly'), /a=sendonly/],
  ];
  for (const [method, sdp, answered] of steps) {
    const change =
      method === 'INVITE'
        ? call.dialog!.reinvite({ body: body(sdp) })
        : call.dialog!.request(method, { body: body(sdp) });
    const response = await settle(change);
    assert.equal(response.status, 200);
    assert.match(answerOf(response), answered);
    await s.run(100);
  }
  assert.deepEqual(holdsOf(s), [true, false, true, false, true, false]);
  const told = s.sentTo('/request').map((b) => [b.sip_method, b.event, b.on_hold]);
  assert.deepEqual(
    told,
    [true, false, true, false, true, false].map((on) => ['INVITE', on ? 'hold' : 'unhold', on]),
  );
  assert.match(String(s.sentTo('/request')[0]?.sip_body), /a=sendonly/);
  await settle(call.hangup());
  await s.end();
});

test('an offer without a common codec, or no SDP at all, is refused and the call stays as it was', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const call = await s.dial();
  const settle = <T>(promise: Promise<T>) => s.stage.clock.settle(promise);
  const strange = call.audio
    .sdp()
    .replaceAll(/RTP\/AVP 0 101/g, 'RTP/AVP 18')
    .replaceAll(/a=(rtpmap|fmtp).*\r\n/g, '');
  assert.equal((await settle(call.dialog!.reinvite({ body: body(strange) }))).status, 488);
  assert.equal((await settle(call.dialog!.request('UPDATE', { body: body('nonsense') }))).status, 400);
  assert.equal((await settle(call.dialog!.request('UPDATE'))).status, 200);
  const before = call.audio.heard.length;
  await s.run(1_000);
  assert.ok(call.audio.heard.length - before >= 49, `${call.audio.heard.length - before} packets`);
  assert.deepEqual(holdsOf(s), []);
  await settle(call.hangup());
  await s.end();
});

test('a re-INVITE without an offer gets ours, and its answer in the ACK counts: a hold in it too', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const call = await s.dial();
  const late = (direction?: string) =>
    s.stage.clock.settle(
      call.dialog!.reinvite({}, async (response) => {
        assert.match(answerOf(response), /m=audio \d+ RTP\/AVP [\s\S]*a=sendrecv/);
        return direction === undefined ? undefined : body(call.audio.sdp(direction));
      }),
    );
  assert.equal((await late('sendonly')).status, 200);
  await s.run(200);
  assert.deepEqual(holdsOf(s), [true]);
  assert.equal((await late()).status, 200);
  await s.run(200);
  assert.deepEqual(holdsOf(s), [true], 'an ACK without an answer changes nothing');
  assert.equal((await late('sendrecv')).status, 200);
  await s.run(1_000);
  assert.deepEqual(holdsOf(s), [true, false]);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('glare: our re-INVITE and theirs at the same moment both succeed in the end', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] }, { seed });
    const call = await s.dial();
    const ours = legOf(s, call).offers.reinvite();
    const theirs = call.reinvite('sendonly');
    const [refusal, response] = await s.stage.clock.settle(Promise.all([ours, theirs]), 40_000);
    assert.equal(refusal, undefined, `seed ${seed}: ${refusal?.reason}`);
    assert.equal(response.status, 200, `seed ${seed}`);
    assert.equal(call.ended, undefined);
    await s.stage.clock.settle(call.hangup());
    await s.end();
  }
});

const legOf = (s: Scene, call: PhoneCall) => {
  const found = s.stage.house.directory.find(s.stage.account.account_sid, sidOf(call));
  assert.ok(!('refused' in found));
  return found.leg;
};

const directions = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
const pick = <T>(random: SeededRandom, list: readonly T[]): T => list[randomInt(random, list.length)]!;

/** One change by either side; nobody waits for the one before. */
function change(s: Scene, call: PhoneCall, random: SeededRandom): Promise<unknown> {
  const dialog = call.dialog!;
  const sdp = body(sdpOf(call, pick(random, directions), random.next() < 0.2));
  switch (randomInt(random, 6)) {
    case 0:
      return legOf(s, call).offers.reinvite();
    case 1:
      return dialog.request('UPDATE', { body: sdp });
    case 2:
      return dialog.request('UPDATE');
    case 3:
      return dialog.reinvite({}, async () => (random.next() < 0.5 ? sdp : undefined));
    default:
      return dialog.reinvite({ body: sdp });
  }
}

const [calls, sequences] = [25, 40];
test(`${calls * sequences} random sequences of hold, resume, UPDATE and re-INVITE by both sides, with loss, end no call`, async () => {
  let glares = 0;
  for (let seed = 1; seed <= calls; seed++) {
    const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440), loop: 'forever' }] }, { seed });
    const random = seededRandom(seed).fork('changes');
    const call = await s.dial();
    s.stage.net.link({}, { lossRate: 0.08, duplicateRate: 0.05, reorderRate: 0.1, delayMs: 10, jitterMs: 20 });
    call.audio.speaking = false;
    const open: Promise<unknown>[] = [];
    for (let n = 0; n < sequences; n++) {
      const length = 1 + randomInt(random, 6);
      for (let i = 0; i < length; i++) {
        open.push(change(s, call, random).catch(() => {}));
        await s.run(randomInt(random, 400));
      }
      await s.run(randomInt(random, 2_000));
      assert.equal(call.ended, undefined, `seed ${seed}, sequence ${n}`);
    }
    await s.stage.clock.settle(Promise.all(open), 3_600_000);
    s.stage.net.link({}, { lossRate: 0 });
    for (let status = 0; status !== 200; await s.run(2_000))
      status = (await s.stage.clock.settle(call.reinvite('sendrecv'), 60_000)).status;
    const before = call.audio.heard.length;
    await s.run(1_000);
    assert.ok(
      call.audio.heard.length - before >= 45,
      `seed ${seed}: heard ${call.audio.heard.length - before} packets`,
    );
    assert.equal(legOf(s, call).offers.held, false);
    glares += s.stage.events.filter(({ event }) => /491 /.test(String(event.summary))).length;
    await s.stage.clock.settle(call.hangup());
    await s.end();
  }
  assert.ok(glares > calls, `${glares} glares`);
});

test('whisper and digits to a leg that holds the call are refused: it would hear nothing of them', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const call = await s.dial();
  const bodies = [{ whisper: { verb: 'play', url: toneUrl(1_800, 300) } }, { dtmf: { digit: '5' } }];
  for (const [direction, status] of [
    ['sendonly', 422],
    ['sendrecv', 200],
    ['inactive', 422],
  ] as const) {
    assert.equal((await s.stage.clock.settle(call.reinvite(direction))).status, 200);
    await s.run(100);
    for (const update of bodies) {
      const outcome = await s.update(call, update, true);
      assert.equal(outcome.status, status, JSON.stringify([direction, update, outcome]));
      if (status === 422) assert.equal(outcome.reason, 'the far end holds the call and hears nothing');
    }
    await s.run(500);
  }
  assert.deepEqual(call.audio.digits, ['5']);
  assert.deepEqual(s.stage.alerts, []);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});
