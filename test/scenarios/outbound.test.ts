// Outbound calls by REST, and the status of every ending: exactly one final status each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Json, type Scene, scene, toneUrl } from '../kit/scene.ts';

async function callOut(
  s: Scene,
  uri: string,
  more: Json = {},
): Promise<{ sid: string; callId: string } | { refused: true; reason: string; path?: string; http?: number }> {
  const body = {
    from: '15551234567',
    to: { type: 'sip', sipUri: uri },
    application_sid: s.app.application_sid,
    ...more,
  };
  return s.stage.clock.settle(s.stage.house.calls.create(s.stage.account.account_sid, body)) as never;
}

test('a call that is answered runs its application and ends completed', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440, 1_000) }] });
  const phone = await s.stage.phone('bob');
  let call: PhoneCall | undefined;
  phone.onCall = (incoming, invite) => {
    call = incoming;
    invite.progress(180);
    s.stage.clock.after(1_000, () => incoming.accept(invite));
  };
  const created = await callOut(s, phone.uri, { tag: { campaign: 1 }, headers: { 'X-Hello': 'there' } });
  assert.ok('sid' in created && created.callId !== '');
  await s.run(4_000);
  assert.ok(call?.ended);
  assert.ok(toneLevelDbov(call.audio.between(call.answeredAt, call.answeredAt + 1_000), 440, 8_000) > -22);
  assert.deepEqual(s.statuses(), ['trying', 'ringing', 'in-progress', 'completed']);
  const [started] = s.sentTo('/');
  assert.deepEqual(
    [started?.direction, started?.call_sid, started?.customerData],
    ['outbound', created.sid, { campaign: 1 }],
  );
  await s.end();
});

for (const [status, expected] of [
  [486, 'busy'],
  [603, 'busy'],
  [480, 'failed'],
  [404, 'failed'],
  [500, 'failed'],
  [487, 'no-answer'],
] as const) {
  test(`a far end that answers ${status} makes the call ${expected}`, async () => {
    const s = await scene({ '/': [] });
    const phone = await s.stage.phone('bob');
    phone.onCall = (incoming, invite) => {
      invite.reject(status);
      incoming.refused(status);
    };
    await callOut(s, phone.uri);
    await s.run(1_000);
    assert.deepEqual(s.statuses(), ['trying', expected]);
    assert.equal(s.sentTo('/status').at(-1)?.sip_status, status);
    await s.end();
  });
}

test('a far end that answers with no codec of ours makes the call failed: it never was in progress', async () => {
  const s = await scene({ '/': [] });
  const phone = await s.stage.phone('bob');
  const content = 'v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n';
  phone.onCall = (incoming, invite) =>
    incoming.adopt(invite.accept({ body: { contentType: 'application/sdp', content } }));
  await callOut(s, phone.uri);
  await s.run(1_000);
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  assert.equal(s.sentTo('/status').at(-1)?.sip_status, 488);
  await s.end();
});

test('a call that nobody takes is cancelled after its timeout: no-answer', async () => {
  const s = await scene({ '/': [] });
  const phone = await s.stage.phone('bob');
  phone.onCall = (_, invite) => invite.progress(180);
  await callOut(s, phone.uri, { timeout: 5 });
  await s.run(7_000);
  assert.deepEqual(s.statuses(), ['trying', 'ringing', 'no-answer']);
  assert.equal(s.sentTo('/status').at(-1)?.sip_status, 487);
  await s.end();
});

test('a silent far end is given up after the timeout, not after SIP has', async () => {
  const s = await scene({ '/': [] });
  await callOut(s, 'sip:nobody@10.9.9.9:5060', { timeout: 5 });
  await s.run(6_000);
  assert.deepEqual(s.statuses(), ['trying', 'no-answer']);
  await s.run(60_000);
  await s.end();
});

test('a redirect by the far end is followed, and not for ever', async () => {
  const s = await scene({ '/': [{ verb: 'hangup' }] });
  const bob = await s.stage.phone('bob');
  const carol = await s.stage.phone('carol');
  bob.onCall = (incoming, invite) => {
    invite.reject(302, undefined, { headers: { Contact: `<${carol.uri}>` } });
    incoming.refused(302);
  };
  await callOut(s, bob.uri);
  await s.run(2_000);
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  carol.onCall = (incoming, invite) => {
    invite.reject(302, undefined, { headers: { Contact: `<${bob.uri}>` } });
    incoming.refused(302);
  };
  await callOut(s, bob.uri);
  await s.run(2_000);
  assert.deepEqual(s.statuses().slice(3), ['trying', 'failed']);
  await s.end();
});

test('a far end that is not there: failed with 408, once', async () => {
  const s = await scene({ '/': [] });
  await callOut(s, 'sip:nobody@10.9.9.9:5060');
  await s.run(40_000);
  assert.deepEqual(s.statuses(), ['trying', 'failed']);
  await s.end();
});

test('no-answer by update cancels a ringing call; completed is refused meanwhile', async () => {
  const s = await scene({ '/': [] });
  const phone = await s.stage.phone('bob');
  phone.onCall = (_, invite) => invite.progress(180);
  const created = await callOut(s, phone.uri);
  await s.run(500);
  const update = (body: Json) =>
    s.stage.clock.settle(
      s.stage.house.calls.update(s.stage.account.account_sid, 'sid' in created ? created.sid : '', body, {
        wait: false,
      }),
    );
  assert.ok('refused' in (await update({ call_status: 'completed' })));
  assert.deepEqual(await update({ call_status: 'no-answer' }), { status: 202 });
  await s.run(1_000);
  assert.deepEqual(s.statuses(), ['trying', 'ringing', 'no-answer']);
  await s.end();
});

test('the time limit ends the call', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const phone = await s.stage.phone('bob');
  await callOut(s, phone.uri, { timeLimit: 3 });
  await s.run(5_000);
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  assert.equal(s.sentTo('/status').at(-1)?.duration, 3);
  await s.end();
});

test('an application that fails at the answer ends the call', async () => {
  const s = await scene({ '/': { status: 500 } });
  const phone = await s.stage.phone('bob');
  await callOut(s, phone.uri);
  await s.run(2_000);
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  assert.equal(s.stage.alerts[0]?.type, 'webhook-failure');
  await s.end();
});

test('bodies that cannot be are refused with their path', async () => {
  const s = await scene({ '/': [] });
  for (const [change, path] of [
    [{ from: '' }, 'from'],
    [{ to: { type: 'sip' } }, 'to'],
    [{ to: { type: 'sip', sipUri: 'sip:' } }, 'to.sipUri'],
    [{ application_sid: '00000000-0000-4000-8000-000000000000' }, 'application_sid'],
    [{ application_sid: undefined }, 'call_hook'],
    [{ application_sid: undefined, call_hook: '/relative' }, 'call_hook'],
    [{ timeout: -1 }, 'timeout'],
    [{ headers: { 'X-A': 'one\r\nInjected: yes' } }, 'headers.X-A'],
    [{ nonsense: 1 }, 'nonsense'],
  ] as const) {
    const outcome = await callOut(s, 'sip:a@10.9.9.9', change);
    assert.ok('refused' in outcome && outcome.http === 400, JSON.stringify(change));
    assert.equal(outcome.path, path, JSON.stringify(change));
  }
  const phone = await callOut(s, 'x', { to: { type: 'phone', number: '15550001' } });
  assert.ok('refused' in phone && phone.http === 422 && /CROSSPOINT_PHONE_GATEWAY/.test(phone.reason));
  await s.end();
});

test('a far end that rings on and on is told once', async () => {
  const s = await scene({ '/': [] });
  const phone = await s.stage.phone('bob');
  phone.onCall = (incoming, invite) => {
    for (let i = 0; i < 3; i++) s.stage.clock.after(i * 200, () => invite.progress(180));
    s.stage.clock.after(1_000, () => {
      invite.reject(486);
      incoming.refused(486);
    });
  };
  await callOut(s, phone.uri);
  await s.run(2_000);
  assert.deepEqual(s.statuses(), ['trying', 'ringing', 'busy']);
  await s.end();
});
