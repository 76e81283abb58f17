// The media path of a bridge whose phones speak unlike codecs, or number them otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import type { IncomingReinvite } from '../../src/sip/index.ts';
import { dialScene, sidOf } from '../kit/dialled.ts';
import { bothHear, end, type Talk } from '../kit/talk.ts';

/** Bob's phone says this after `m=audio <port> RTP/AVP `, the first time; it speaks PCMU whatever it says. */
async function talkTo(formats: string, ...attributes: string[]): Promise<Talk> {
  const s = await dialScene({});
  const bob = await s.callee({
    take(call, invite) {
      call.audio.aim(Buffer.from(invite.request.body).toString());
      call.adopt(
        invite.accept({ body: { contentType: 'application/sdp', content: saying(call, formats, attributes) } }),
      );
    },
  });
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: bob.uri }] }];
  const caller = await s.dial();
  await s.run(500);
  return { s, caller, bob, go: (path) => s.updateSid(sidOf(caller), { media_path: path }, true) };
}

const saying = (call: PhoneCall, formats: string, attributes: readonly string[]): string =>
  call.audio
    .sdp()
    .replace(/RTP\/AVP .*/, `RTP/AVP ${formats}`)
    .replace(/(a=(rtpmap|fmtp).*\r\n)+/, attributes.map((a) => `a=${a}\r\n`).join(''));

/** Bodies of the re-INVITEs that a phone gets from now on. */
function offersTo(call: PhoneCall): string[] {
  const offers: string[] = [];
  const { onReinvite } = call.dialog!;
  call.dialog!.onReinvite = (reinvite) => {
    offers.push(Buffer.from(reinvite.request.body).toString());
    onReinvite(reinvite);
  };
  return offers;
}

test('codecs that differ: one leg is brought to the other’s codec first, then packets are passed on', async () => {
  for (const path of ['partial-media', 'no-media']) {
    const t = await talkTo('8 0 101', 'rtpmap:101 telephone-event/8000');
    const [toCaller, toBob] = [offersTo(t.caller), offersTo(t.bob.call())];
    assert.equal((await t.go(path)).status, 200);
    assert.match(toBob[0]!, /RTP\/AVP 0( 13)? 101\r\n/, 'PCMU, which the caller speaks and Bob has named');
    assert.deepEqual([toCaller.length, toBob.length], path === 'no-media' ? [1, 2] : [0, 1]);
    await bothHear(t);
    await end(t);
  }
});

test('no codec in common: refused at once when both have said all they have, else tried, and as it was when refused', async () => {
  const t = await talkTo('8 101', 'rtpmap:101 telephone-event/8000');
  const { s, caller, bob } = t;
  bob.call().dialog!.onReinvite = (reinvite: IncomingReinvite) => reinvite.reject(488);
  assert.match((await t.go('partial-media')).reason!, /488/);
  const body = { contentType: 'application/sdp', content: saying(bob.call(), '8', []) };
  assert.equal((await s.stage.clock.settle(bob.call().dialog!.reinvite({ body }))).status, 200);
  const outcome = await s.updateSid(sidOf(caller), { media_path: 'no-media' });
  assert.deepEqual([outcome.status, outcome.reason], [422, 'the two far ends have no codec in common']);
  await end(t);
});

test('each phone is told the numbers that the other one takes; digits go from phone to phone', async () => {
  const t = await talkTo('0 96', 'rtpmap:96 telephone-event/8000');
  const [toCaller, toBob] = [offersTo(t.caller), offersTo(t.bob.call())];
  assert.equal((await t.go('no-media')).status, 200);
  assert.match(toCaller[0]!, /RTP\/AVP 0 96\r\n[\s\S]*a=rtpmap:96 telephone-event\/8000/);
  assert.match(toBob[0]!, /RTP\/AVP 0 101\r\n[\s\S]*a=rtpmap:101 telephone-event\/8000/);
  const version = (sdp: string): [string, number] => {
    const [, id, number] = /^o=- (\d+) (\d+) IN IP4 10\.0\.0\.1\r?$/m.exec(sdp)!;
    return [id!, Number(number)];
  };
  assert.equal((await t.go('full-media')).status, 200);
  const [away, back] = [version(toCaller[0]!), version(toCaller[1]!)];
  assert.deepEqual(back, [away[0], away[1] + 1], 'one session, whose version counts');
  await bothHear(t);
  await end(t);
});

test('a number that has meant something else in a phone’s session cannot be told to it: refused with the reason', async () => {
  const t = await talkTo('0 101', 'rtpmap:101 telephone-event/8000');
  const { s, caller, bob } = t;
  const body = { contentType: 'application/sdp', content: saying(bob.call(), '0 101', ['rtpmap:101 opus/48000/2']) };
  await s.stage.clock.settle(bob.call().dialog!.reinvite({ body }));
  const outcome = await s.updateSid(sidOf(caller), { media_path: 'no-media' });
  assert.equal(outcome.status, 422);
  assert.match(outcome.reason!, /payload type 101 cannot mean telephone-event/);
  await bothHear(t);
  await end(t);
});
