// Digits to a far end, each way there is: RFC 4733, INFO, tones. In order, with their spacing, also when one way ends and another begins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DtmfDetector } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import type { IncomingInvite, SipRequest } from '../../src/sip/index.ts';
import { type Callee, type DialScene, dialScene, sidOf } from '../kit/dialled.ts';

const body = (content: string) => ({ contentType: 'application/sdp', content });
const withoutEvents = (sdp: string): string =>
  sdp.replace(/ 101\r\n/, '\r\n').replace(/a=(rtpmap|fmtp):101.*\r\n/g, '');

interface Talk {
  s: DialScene;
  caller: PhoneCall;
  bob: Callee;
}

/** Bob has no telephone-event, and says what his phone takes. */
async function talk(allow: string, dtmf = {}): Promise<Talk> {
  const s = await dialScene({});
  const bob = await s.callee({
    take(call: PhoneCall, invite: IncomingInvite) {
      call.audio.aim(Buffer.from(invite.request.body).toString());
      const reply = { body: body(withoutEvents(call.audio.sdp())), headers: { Allow: allow } };
      call.adopt(invite.accept(reply));
    },
  });
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }], ...dtmf }];
  const caller = await s.dial();
  caller.audio.voice = () => undefined;
  await s.run(500);
  return { s, caller, bob };
}

async function end({ s, caller }: Talk): Promise<void> {
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
}

const infos = (call: PhoneCall): SipRequest[] => call.requests.filter((request) => request.method === 'INFO');
const signals = (call: PhoneCall): string[] =>
  infos(call).map((request) => /Signal=(.)/.exec(Buffer.from(request.body).toString())?.[1] ?? '');

/** Digits in what was heard since `from`. */
function tones(call: PhoneCall, from: number): string {
  let found = '';
  const detector = new DtmfDetector(8_000);
  detector.onDigit = ({ digit }) => {
    found += digit;
  };
  for (const packet of call.audio.heard) if (packet.at >= from) detector.process(packet.pcm);
  detector.end();
  return found;
}

test('INFO, to whoever has no telephone-event and takes it: one at a time, with duration and pauses, commands in their order', async () => {
  const t = await talk('INVITE, ACK, BYE, CANCEL, INFO');
  const { s, bob } = t;
  const times: number[] = [];
  const { onRequest } = bob.call().dialog!;
  bob.call().dialog!.onRequest = (incoming) => {
    times.push(s.stage.clock.now());
    onRequest(incoming);
  };
  const from = s.stage.clock.now();
  assert.equal((await s.updateSid(s.childSid(), { dtmf: { digit: '1w2', duration: 200 } })).status, 202);
  assert.equal((await s.updateSid(s.childSid(), { dtmf: { digit: '#d', duration: 100 } })).status, 202);
  await s.run(3_000);
  assert.deepEqual(signals(bob.call()), ['1', '2', '#', 'D']);
  const [info] = infos(bob.call());
  assert.equal(info?.contentType, 'application/dtmf-relay');
  assert.equal(info?.header('X-Reason'), 'Dtmf');
  assert.equal(Buffer.from(info!.body).toString(), 'Signal=1\r\nDuration=200\r\n');
  const spacing = times.map((at, i) => at - (times[i - 1] ?? from));
  assert.ok(spacing[1]! >= 750, `the digit, its gap and the pause: ${spacing[1]} ms`);
  assert.ok(spacing[2]! >= 250 && spacing[3]! >= 150, `${spacing} ms`);
  assert.equal(tones(bob.call(), from), '', 'nothing in the sound too');
  await end(t);
});

test('tones, to whoever takes neither', async () => {
  const t = await talk('INVITE, ACK, BYE, CANCEL');
  const from = t.s.stage.clock.now();
  await t.s.updateSid(t.s.childSid(), { dtmf: { digit: '15', duration: 100 } });
  await t.s.run(2_000);
  assert.deepEqual(signals(t.bob.call()), []);
  assert.equal(tones(t.bob.call(), from), '15');
  await end(t);
});

test('INFO that is refused after all: that digit and what follows go as tones, none twice and none lost', async () => {
  const t = await talk('INFO');
  const { s, bob } = t;
  const from = s.stage.clock.now();
  let left = 2;
  bob.call().dialog!.onRequest = (incoming) => {
    if (left-- > 0) bob.call().requests.push(incoming.request);
    incoming.respond(left >= 0 ? 200 : 415);
  };
  await s.updateSid(s.childSid(), { dtmf: { digit: '1234', duration: 100 } });
  await s.updateSid(s.childSid(), { dtmf: { digit: '56', duration: 100 } });
  await s.run(4_000);
  assert.deepEqual(signals(bob.call()), ['1', '2']);
  assert.equal(tones(bob.call(), from), '3456');
  await end(t);
});

test('an INFO digit of one leg goes on to the other as that takes digits, also while the media goes past us', async () => {
  const t = await talk('INFO');
  const { s, caller, bob } = t;
  const press = (digit: string) =>
    s.stage.clock.settle(
      caller.dialog!.request('INFO', { body: { contentType: 'application/dtmf-relay', content: `Signal=${digit}` } }),
    );
  assert.equal((await press('7')).status, 200);
  await s.updateSid(sidOf(caller), { media_path: 'no-media' }, true);
  assert.equal((await press('8')).status, 200);
  await s.run(1_000);
  assert.deepEqual(signals(bob.call()), ['7', '8']);
  assert.equal(caller.audio.remote?.port, bob.call().audio.local.port, 'and the media stays where it is');
  await end(t);
});

for (const [name, answer, expected] of [
  ['a status', (respond: (status: number) => void) => respond(415), { status: 415, reason: 'Unsupported Media Type' }],
  ['200', (respond: (status: number) => void) => respond(200), { status: 200, reason: 'OK' }],
  ['nothing', () => {}, { status: 408, reason: 'Request Timeout' }],
] as const) {
  test(`sip_request in a dialled leg's own dialog: answered with ${name}`, async () => {
    const t = await talk('INFO');
    const { s, caller, bob } = t;
    const seen: SipRequest[] = [];
    bob.call().dialog!.onRequest = (incoming) => {
      seen.push(incoming.request);
      if (name === 'nothing') return;
      answer((status) => incoming.respond(status, undefined, { headers: { 'X-Mine': 'yes' }, body: body('said') }));
    };
    const update = s.stage.house.calls.update(
      s.stage.account.account_sid,
      s.childSid(),
      { sip_request: { method: 'message', content_type: 'text/plain', content: 'hello', headers: { 'X-A': '1' } } },
      { wait: false },
    );
    const outcome = await s.stage.clock.settle(update, 60_000);
    assert.ok(!('refused' in outcome));
    const { status, reason, body: said, headers } = outcome.body as Record<string, unknown>;
    if (name === 'nothing') assert.ok([408, 500].includes(Number(status)), `${status}`);
    else {
      assert.deepEqual({ status, reason }, expected);
      assert.equal(String(said).trim(), 'said');
      assert.equal((headers as Record<string, string>)['X-Mine'], 'yes');
    }
    assert.equal(outcome.status, 200);
    assert.deepEqual([seen[0]?.method, seen[0]?.header('X-A')], ['MESSAGE', '1']);
    assert.equal(Buffer.from(seen[0]!.body).toString(), 'hello');
    assert.equal(caller.requests.filter((one) => one.method === 'MESSAGE').length, 0);
    if (!caller.ended) await s.stage.clock.settle(caller.hangup());
    await s.run(1_000);
    await s.end();
  });
}

test('?wait answers at the first digit, whichever way it goes', async () => {
  for (const allow of ['INVITE, ACK, BYE, CANCEL, INFO', 'INVITE, ACK, BYE, CANCEL']) {
    const t = await talk(allow);
    const { s, caller } = t;
    for (const sid of [s.childSid(), sidOf(caller)]) {
      const from = s.stage.clock.now();
      const outcome = await s.updateSid(sid, { dtmf: { digit: '1'.repeat(100), duration: 250 } }, true);
      const took = s.stage.clock.now() - from;
      assert.ok(Number(outcome.body?.applied_ms) <= 40 && took <= 60, `${JSON.stringify(outcome)} after ${took} ms`);
    }
    await end(t);
  }
});

test('digits that a hold cuts short are told, as is one string too many', async () => {
  const s = await dialScene({ '/': [{ verb: 'answer' }, { verb: 'pause', length: 60 }] });
  const caller = await s.dial();
  const sid = sidOf(caller);
  assert.equal((await s.updateSid(sid, { dtmf: { digit: '123456789', duration: 200 } }, true)).status, 200);
  await s.run(500);
  await s.stage.clock.settle(caller.dialog!.reinvite({ body: body(caller.audio.sdp('sendonly')) }));
  await s.run(200);
  const [told] = s.stage.eventsOf(sid, 'error');
  assert.equal(told?.what, 'dtmf was cut short');
  assert.equal(s.stage.eventsOf(sid, 'alert').length, 1);
  await s.stage.clock.settle(caller.dialog!.reinvite({ body: body(caller.audio.sdp('sendrecv')) }));
  for (let i = 0; i < 4; i++)
    assert.equal((await s.updateSid(sid, { dtmf: { digit: '1'.repeat(128), duration: 40 } })).status, 202);
  const refused = await s.updateSid(sid, { dtmf: { digit: '1' } });
  assert.deepEqual([refused.status, refused.reason], [422, 'too many digits wait for this leg already']);
  await s.stage.clock.settle(caller.hangup());
  await s.run(1_000);
  await s.end();
});
