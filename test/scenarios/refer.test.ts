// REFER both ways: who answers it, what the application and the far end are told, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../src/observers/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import type { SipRequest, SipResponse } from '../../src/sip/index.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const carol = '<sip:carol@example.com;user=phone>';
const refer = (s: Scene, call: PhoneCall, headers: Record<string, string | string[]> = {}): Promise<SipResponse> =>
  s.stage.clock.settle(
    call.dialog!.request('REFER', {
      headers: { 'Refer-To': carol, 'Referred-By': '"Ann" <sip:ann@127.0.0.2>', 'X-Why': 'lunch', ...headers },
    }),
  );
/** The NOTIFYs that came: event, state and status line. */
const notified = (call: PhoneCall): [string, string, string][] =>
  call.requests
    .filter(({ method }) => method === 'NOTIFY')
    .map((one: SipRequest) => [
      one.header('Event') ?? '',
      one.header('Subscription-State') ?? '',
      Buffer.from(one.body).toString().trim(),
    ]);
const playing = { verb: 'play', url: toneUrl(440) };

test('REFER goes to the referHook with its details, gets 202 and two NOTIFYs, and the verbs of the hook run', async () => {
  const s = await scene({
    '/': [{ verb: 'config', referHook: '/refer' }, playing],
    '/refer': [{ verb: 'play', url: toneUrl(880, 2_000) }, { verb: 'hangup' }],
  });
  const call = await s.dial();
  await s.run(300);
  assert.equal((await refer(s, call)).status, 202);
  await s.run(300);
  const body = s.sentTo('/refer')[0]!;
  assert.deepEqual(body.refer_details, {
    sip_refer_to: carol,
    refer_to_user: 'carol',
    sip_referred_by: '"Ann" <sip:ann@127.0.0.2>',
    referred_by_user: 'ann',
    sip_user_agent: 'Crosspoint phone',
    referring_call_sid: sidOf(call),
    referred_call_sid: null,
    x_why: 'lunch',
  });
  assert.equal(body.call_sid, sidOf(call));
  assert.deepEqual(notified(call), [
    ['refer', 'active;expires=180', 'SIP/2.0 100 Trying'],
    ['refer', 'terminated;reason=noresource', 'SIP/2.0 200 OK'],
  ]);
  assert.equal(call.requests.find((one) => one.method === 'NOTIFY')?.contentType, 'message/sipfrag');
  assert.equal(call.ended, undefined, 'the call stays up');
  await s.run(3_000);
  assert.equal((await s.stage.clock.settle(call.over)).by, 'remote');
  await s.end();
});

test('a second REFER is told apart by id; Refer-Sub: false wants no NOTIFY; Referred-By may be absent', async () => {
  const s = await scene({ '/': [{ verb: 'config', referHook: '/refer' }, playing] });
  const call = await s.dial();
  assert.equal((await refer(s, call)).status, 202);
  const second = await refer(s, call, { 'Referred-By': [] });
  await s.run(300);
  assert.equal(second.status, 202);
  assert.deepEqual(
    notified(call).map(([event]) => event),
    ['refer', 'refer', `refer;id=${second.cseq.number}`, `refer;id=${second.cseq.number}`],
  );
  const quiet = await refer(s, call, { 'Refer-Sub': 'false' });
  await s.run(300);
  assert.equal(quiet.header('Refer-Sub'), 'false');
  assert.equal(notified(call).length, 4);
  assert.equal((s.sentTo('/refer')[1]!.refer_details as Json).referred_by_user, undefined);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('a REFER that cannot be acted on: 501 without a hook, the hook’s own status, 400 for a bad one; the call goes on', async () => {
  for (const [reply, headers, status] of [
    [{ status: 403 }, {}, 403],
    [{ status: 200 }, {}, 202],
    [[{ verb: 'nonsense' }], {}, 501],
    [undefined, { 'Refer-To': [carol, '<sip:dora@example.com>'] }, 400],
    [undefined, { 'Refer-To': [] }, 400],
    [undefined, { 'Refer-To': 'carol at home' }, 400],
  ] as const) {
    const s = await scene({ '/': [{ verb: 'config', referHook: '/refer' }, playing], '/refer': reply as never });
    const call = await s.dial();
    assert.equal((await refer(s, call, headers as never)).status, status, JSON.stringify([reply, headers]));
    await s.run(500);
    assert.equal(call.ended, undefined);
    assert.equal(notified(call).length, status === 202 ? 2 : 0);
    await s.stage.clock.settle(call.hangup());
    await s.end();
  }
  const s = await scene({ '/': [playing] });
  const call = await s.dial();
  assert.equal((await refer(s, call)).status, 501);
  const stray = await s.stage.clock.settle(call.dialog!.request('NOTIFY', { headers: { Event: 'refer' } }));
  assert.equal(stray.status, 481, 'a NOTIFY that belongs to no REFER of ours');
  await s.run(300);
  assert.equal(call.ended, undefined);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

/** The phone answers our REFER so, then sends these status lines, each after so many ms. */
function transferor(
  call: PhoneCall,
  s: Scene,
  status: number,
  steps: [ms: number, line: string, state?: string][],
): SipRequest[] {
  const seen: SipRequest[] = [];
  call.dialog!.onRequest = (incoming) => {
    const { request } = incoming;
    if (request.method === 'REFER') seen.push(request);
    incoming.respond(request.method === 'REFER' ? status : 200);
    if (request.method !== 'REFER') return;
    for (const [ms, line, state = 'active;expires=60'] of steps)
      s.stage.clock.after(ms, () => {
        const body = { contentType: 'message/sipfrag;version=2.0', content: `SIP/2.0 ${line}\r\n` };
        void call.dialog!.request('NOTIFY', { headers: { Event: 'refer', 'Subscription-State': state }, body });
      });
  };
  return seen;
}

const referring = { verb: 'sip:refer', actionHook: '/done', eventHook: '/event' };
async function referScene(verb: Json, status: number, steps: Parameters<typeof transferor>[3]) {
  const s = await scene({
    '/': [
      { verb: 'answer' },
      { verb: 'pause', length: 1 },
      { ...referring, ...verb },
      { verb: 'play', url: toneUrl(880) },
    ],
  });
  const call = await s.dial();
  const seen = transferor(call, s, status, steps);
  await s.run(1_100);
  return { s, call, seen };
}

test('sip:refer: each NOTIFY goes to the eventHook, the last one to the actionHook, and the next verb runs', async () => {
  const { s, call, seen } = await referScene(
    { referTo: '+15085551212', referredByDisplayName: 'The "House"', headers: { 'X-A': 1 } },
    202,
    [
      [10, '100 Trying'],
      [5_000, '180 Ringing'],
      [19_000, '200 OK', 'terminated;reason=noresource'],
    ],
  );
  const at = call.audio.local.host;
  assert.match(seen[0]!.header('Refer-To')!, new RegExp(`^<sip:\\+15085551212@${at}:\\d+>$`));
  assert.match(seen[0]!.header('Referred-By')!, new RegExp(`^"The \\\\"House\\\\"" <sip:phone@${at}:\\d+>$`));
  assert.equal(seen[0]!.header('X-A'), '1');
  assert.equal(seen[0]!.contacts.length, 1);
  await s.run(20_000);
  assert.deepEqual(
    s.sentTo('/event').map((b) => [b.event, b.call_status]),
    [100, 180, 200].map((status) => ['transfer-status', status]),
  );
  assert.deepEqual(
    s.sentTo('/done').map((b) => [b.refer_status, b.final_referred_call_status]),
    [[202, 200]],
  );
  await s.run(500);
  assert.ok(s.stage.eventsOf(sidOf(call), 'verb-started').some((e) => e.verb === 'play'));
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('sip:refer: refused, never told the outcome, and a far end that hangs up when it is done', async () => {
  const refused = await referScene({ referTo: carol }, 603, []);
  await refused.s.run(300);
  assert.equal(refused.seen[0]!.header('Refer-To'), carol);
  assert.deepEqual(
    refused.s.sentTo('/done').map((b) => [b.refer_status, b.final_referred_call_status]),
    [[603, undefined]],
  );
  await refused.s.stage.clock.settle(refused.call.hangup());
  await refused.s.end();

  const replacing = 'sip:carol@example.com?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2';
  const silent = await referScene({ referTo: replacing }, 202, []);
  assert.equal(silent.seen[0]!.header('Refer-To'), `<${replacing}>`, 'an attended transfer');
  await silent.s.run(14_000);
  assert.equal(silent.s.sentTo('/done').length, 0);
  await silent.s.run(1_500);
  assert.deepEqual(
    silent.s.sentTo('/done').map((b) => [b.refer_status, b.final_referred_call_status]),
    [[202, undefined]],
  );
  await silent.s.stage.clock.settle(silent.call.hangup());
  await silent.s.end();

  const gone = await referScene({ referTo: 'sip:carol@example.com' }, 202, [[10, '100 Trying']]);
  await gone.s.run(500);
  await gone.s.stage.clock.settle(gone.call.hangup());
  await gone.s.run(1_000);
  assert.deepEqual(
    gone.s.sentTo('/done').map((b) => [b.refer_status, b.call_status]),
    [[202, 'completed']],
  );
  await gone.s.end();
});

/** The lines of the call's log about REFER. */
const words = ({ s, call }: { s: Scene; call: PhoneCall }): string[] =>
  s.stage.eventsOf(sidOf(call), 'refer').map((event) => explain(event));

test('the log says whom sip:refer names and what came of it', async () => {
  const over = 'terminated;reason=noresource';
  const cases: [number, Parameters<typeof referScene>[2], string[]][] = [
    [603, [], ['the far end does not: 603 (Decline)']],
    [
      202,
      [
        [10, '180 Ringing'],
        [500, '486 Busy Here', over],
      ],
      ['the far end says of its call: 180 (Ringing)', 'the far end says of its call: 486 (Busy Here)'],
    ],
    [202, [], ['the far end did not say what came of it']],
  ];
  for (const [status, steps, expected] of cases) {
    const t = await referScene({ referTo: 'sip:dora@example.com' }, status, steps);
    await t.s.run(16_000);
    assert.deepEqual(words(t), ['asks the far end to call <sip:dora@example.com>', ...expected]);
    await t.s.stage.clock.settle(t.call.hangup());
    await t.s.end();
  }
});
