// Hold and resume by the far end, requests in the dialog, and early media that becomes an answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const heardSince = (call: PhoneCall, at: number): number => call.audio.heard.filter((packet) => packet.at > at).length;
const level = (s: Scene, call: PhoneCall, hz: number): number =>
  toneLevelDbov(call.audio.between(s.stage.clock.now() - 400, s.stage.clock.now()), hz, 8_000);
const inDialog = (s: Scene, call: PhoneCall, method: string, contentType: string, content: string) =>
  s.stage.clock.settle(call.dialog!.request(method, { headers: { 'X-Mine': 'yes' }, body: { contentType, content } }));

for (const hold of ['sendonly', 'inactive'] as const) {
  test(`${hold} hold during play and gather is answered, silences nobody else, and resume brings all back`, async () => {
    const s = await scene({
      '/': [{ verb: 'gather', numDigits: 1, timeout: 60, actionHook: '/digit', play: { url: toneUrl(440) } }],
      '/digit': [{ verb: 'hangup' }],
    });
    const call = await s.dial();
    await s.run(500);
    const held = await s.stage.clock.settle(call.reinvite(hold));
    assert.equal(held.status, 200);
    assert.match(Buffer.from(held.body).toString(), hold === 'sendonly' ? /a=recvonly/ : /a=inactive/);
    await s.run(500);
    const quietFrom = s.stage.clock.now();
    await s.run(1_000);
    assert.equal(heardSince(call, quietFrom), 0, 'nothing is sent to a far end on hold');
    assert.equal((await s.stage.clock.settle(call.reinvite('sendrecv'))).status, 200);
    await s.run(1_000);
    assert.ok(level(s, call, 440) > -25);
    call.press('7');
    await s.run(1_000);
    assert.equal(s.sentTo('/digit')[0]?.digits, '7');
    assert.equal(call.ended?.by, 'remote');
    assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
    await s.end();
  });
}

test('digits to a far end on hold cannot be sent: the update is an alert, the verb goes on', async () => {
  const s = await scene({
    '/': [
      { verb: 'answer' },
      { verb: 'pause', length: 2 },
      { verb: 'dtmf', dtmf: '1' },
      { verb: 'pause', length: 1 },
      { verb: 'hangup' },
    ],
  });
  const call = await s.dial();
  await s.stage.clock.settle(call.reinvite('inactive'));
  await s.update(call, { dtmf: { digit: '5' } });
  await s.run(4_000);
  assert.deepEqual(call.audio.digits, []);
  assert.equal(call.ended?.by, 'remote');
  await s.end();
});

test('INFO and MESSAGE go to sipRequestWithinDialogHook, whose verbs replace the application; OPTIONS does not', async () => {
  const s = await scene({
    '/': [
      { verb: 'config', sipRequestWithinDialogHook: '/request' },
      { verb: 'play', url: toneUrl(440) },
    ],
    '/request': (body) => (body.sip_method === 'MESSAGE' ? [{ verb: 'play', url: toneUrl(880) }] : undefined),
  });
  const call = await s.dial();
  await s.run(300);
  assert.equal((await inDialog(s, call, 'OPTIONS', 'text/plain', '')).status, 200);
  assert.equal((await inDialog(s, call, 'INFO', 'application/json', '{"a":1}')).status, 200);
  await s.run(500);
  assert.ok(level(s, call, 440) > -25);
  assert.equal((await inDialog(s, call, 'MESSAGE', 'text/plain', 'hello')).status, 202);
  await s.run(1_000);
  assert.ok(level(s, call, 880) > -25);
  const sent = s.sentTo('/request');
  assert.deepEqual(
    sent.map((b) => [b.sip_method, b.sip_body, (b.sip_headers as Record<string, string>).x_mine]),
    [
      ['INFO', '{"a":1}', 'yes'],
      ['MESSAGE', 'hello', 'yes'],
    ],
  );
  assert.equal(sent[0]?.call_status, 'in-progress');
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('a method that is the name of a function is answered 501 like any other', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: toneUrl(440) }] });
  const call = await s.dial();
  for (const method of ['constructor', 'toString'])
    assert.equal((await inDialog(s, call, method, 'text/plain', 'x')).status, 501, method);
  await s.run(300);
  assert.ok(level(s, call, 440) > -25);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('silence flows from the answer on, so that a far end behind a NAT or with a media timer sees a stream', async () => {
  const s = await scene({ '/': [{ verb: 'answer' }, { verb: 'pause', length: 5 }] });
  const call = await s.dial();
  call.audio.speaking = false;
  await s.run(1_000);
  assert.ok(call.audio.heard.length >= 45, `${call.audio.heard.length} packets`);
  await s.stage.clock.settle(call.hangup());
  await s.end();
});

test('early media: a gather with a prompt hears digits before the answer, a later verb answers', async () => {
  const s = await scene({
    '/': [
      {
        verb: 'gather',
        numDigits: 1,
        timeout: 30,
        actionHook: '/digit',
        play: { url: toneUrl(440), earlyMedia: true },
      },
    ],
    '/digit': [{ verb: 'play', url: toneUrl(880, 1_000) }, { verb: 'hangup' }],
  });
  const phone = await s.stage.phone();
  const call = await phone.call(s.stage.uriOf(s.app));
  await s.run(1_000);
  assert.equal(call.provisionals.at(-1)?.status, 183);
  assert.equal(call.dialog, undefined);
  assert.ok(level(s, call, 440) > -25);
  call.press('4');
  await s.run(1_000);
  assert.equal(s.sentTo('/digit')[0]?.digits, '4');
  assert.equal(s.sentTo('/digit')[0]?.call_status, 'trying');
  assert.equal(call.finalResponse?.status, 200);
  assert.ok(level(s, call, 880) > -25);
  await s.run(2_000);
  assert.deepEqual(s.statuses(), ['trying', 'in-progress', 'completed']);
  assert.ok(sidOf(call) !== '');
  await s.end();
});
