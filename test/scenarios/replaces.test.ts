// INVITE with Replaces: another phone takes the place of one that talks, as after an attended transfer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPhone, type PhoneCall } from '../../src/rehearsal/phone.ts';
import {
  assertHears,
  type Callee,
  calledHz,
  callerHz,
  type DialScene,
  dialScene,
  sidOf,
  sing,
} from '../kit/dialled.ts';
import { toneUrl } from '../kit/scene.ts';

const carolHz = 1_500;

/** Seen from us: our tag is the to-tag. */
const replacing = (call: PhoneCall): string =>
  `${call.dialog!.callId};to-tag=${call.dialog!.remoteTag};from-tag=${call.dialog!.localTag}`;

interface Talk {
  s: DialScene;
  caller: PhoneCall;
  bob: Callee;
  /** Another phone of the account calls with these headers. */
  take(headers: Record<string, string | string[]>): Promise<PhoneCall>;
}

async function talk(): Promise<Talk> {
  const s = await dialScene({});
  const bob = await s.callee();
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], actionHook: '/done' }];
  s.answers['/done'] = [{ verb: 'play', url: toneUrl(880) }];
  const caller = await s.dial();
  await s.run(1_000);
  const take: Talk['take'] = async (headers) => {
    const carol = await s.stage.phone('carol');
    const call = await carol.call(s.stage.uriOf(s.app), { headers });
    sing(call, carolHz);
    await s.stage.clock.settle(call.answered, 40_000);
    return call;
  };
  return { s, caller, bob, take };
}

for (const who of ['the caller', 'the called', 'the caller, who holds', 'the caller, phone to phone'] as const) {
  test(`${who} is replaced: it gets BYE, the other talks on with who came, in the same call`, async () => {
    const { s, caller, bob, take } = await talk();
    const [place, other, otherHz] =
      who === 'the called' ? [bob.call(), caller, callerHz] : [caller, bob.call(), calledHz];
    if (/holds/.test(who)) await s.stage.clock.settle(caller.reinvite('inactive'));
    if (/to phone/.test(who)) await s.updateSid(sidOf(caller), { media_path: 'no-media' }, true);
    const carol = await take({ Replaces: replacing(place), Require: 'replaces' });
    assert.equal(carol.finalResponse?.status, 200);
    await s.run(1_000);
    assertHears(s, carol, { [otherHz]: 'loud' });
    assertHears(s, other, { [carolHz]: 'loud' });
    assert.match(place.ended?.by === 'remote' ? (place.ended.request.header('Reason') ?? '') : '', /Replaced/);
    assert.equal(s.stage.events.filter(({ event }) => event.type === 'hold').length, /holds/.test(who) ? 2 : 0);
    assert.equal((await s.stage.clock.settle(carol.reinvite('sendonly'))).status, 200);
    assert.equal((await s.stage.clock.settle(carol.reinvite('sendrecv'))).status, 200);
    const calls = await s.stage.house.calls.list(s.stage.account.account_sid, {});
    assert.deepEqual(
      calls.map((c) => [c.call_sid, c.call_status]),
      [
        [sidOf(caller), 'in-progress'],
        [s.childSid(), 'in-progress'],
      ],
    );
    await s.stage.clock.settle(carol.hangup());
    await s.run(1_000);
    if (who === 'the called') {
      assertHears(s, caller, { 880: 'loud' });
      await s.stage.clock.settle(caller.hangup());
    } else assert.ok(bob.call().ended, 'the call is over with its new far end');
    await s.run(1_000);
    assert.deepEqual(s.statusesOf(sidOf(caller)), ['trying', 'in-progress', 'completed']);
    await s.end();
  });
}

test('what cannot replace: unknown 481, malformed or doubled 400, early-only 486; nothing changes', async () => {
  const { s, caller, bob, take } = await talk();
  const right = replacing(caller);
  for (const [headers, status] of [
    [{ Replaces: right.replace(/to-tag=[^;]+/, 'to-tag=other') }, 481],
    [{ Replaces: 'nobody@nowhere;to-tag=1;from-tag=2' }, 481],
    [{ Replaces: caller.dialog!.callId }, 400],
    [{ Replaces: `${right};"` }, 400],
    [{ Replaces: [right, right] }, 400],
    [{ Replaces: right, Join: right }, 400],
    [{ Replaces: `${right};early-only` }, 486],
  ] as const) {
    const refused = await take(headers as never);
    assert.equal(refused.finalResponse?.status, status, JSON.stringify(headers));
  }
  await s.run(500);
  assertHears(s, caller, { [calledHz]: 'loud' });
  assertHears(s, bob.call(), { [callerHz]: 'loud' });
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
});

test('a stranger elsewhere who knows the tags is told that there is no such call', async () => {
  const { s, caller } = await talk();
  const address = '203.0.113.9';
  const stranger = await openPhone({
    clock: s.stage.clock,
    random: s.stage.random.fork('stranger'),
    network: s.stage.net.host(address),
    host: address,
  });
  const call = await stranger.call('sip:10.0.0.1:5060', { headers: { Replaces: replacing(caller) } });
  assert.equal(await s.stage.clock.settle(call.answered, 40_000), 481);
  assert.equal(caller.ended, undefined);
  await s.stage.clock.settle(stranger.close());
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
});
