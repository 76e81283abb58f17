// dial on the real program, with independent phones: ringing, early media, music, races, confirmation, keys, limits, results.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Name, Parties, song } from '../kit/parties.ts';
import { hears, longestHole } from '../kit/ua/judge.ts';
import { header } from '../kit/ua/message.ts';
import type { Ua, UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;
const play = (hz: number): object => ({ verb: 'play', url: tone(hz) });
const { alice: aliceHz, bob: bobHz, carol: carolHz, dave: daveHz } = song;

let parties: Parties;
before(async () => {
  parties = await Parties.open();
});
after(() => parties.close());

type Json = Record<string, unknown>;

/** A phone that does this with the next call it gets. */
async function callee(
  name: Name,
  take: (call: UaCall) => void,
): Promise<{ ua: Ua; target: Json; call(): Promise<UaCall> }> {
  const ua = await parties.phone(name);
  const from = ua.calls.length;
  ua.onInvite = (call) => {
    call.rtp.sing(song[name]);
    take(call);
  };
  return {
    ua,
    target: { type: 'sip', sipUri: ua.contact },
    call: () => until(() => ua.calls[from], { what: `a call to ${name}` }),
  };
}

/** Calls the application and does not wait for the answer. */
async function ring(replies: Json): Promise<UaCall> {
  Object.assign(parties.hooks.replies, { '/dialled': undefined, ...replies });
  const alice = await parties.phone('alice');
  const call = await alice.dial(`app-${await parties.program.application(parties.hooks)}`);
  call.rtp.sing(aliceHz);
  return call;
}

const dial = (targets: Json[], more: Json = {}): Json => ({
  verb: 'dial',
  target: targets,
  actionHook: '/dialled',
  ...more,
});
const answered = (call: UaCall): Promise<number> => until(() => call.finalStatus, { what: 'an answer' });
const ended = (call: UaCall): Promise<unknown> =>
  until(() => call.byed ?? call.cancelled, { what: 'the end of a call' });

/** What the action hook was told since the last time. */
let told = 0;
const outcome = async (): Promise<Json> => parties.hooks.wait('/dialled', ++told);

describe('dial', () => {
  test("answerOnBridge: the callee's early media is heard before the answer, and goes on without a hole", async () => {
    const bob = await callee('bob', (call) => {
      call.ring(183, true);
      setTimeout(() => call.answerCall(), 1_500);
    });
    const alice = await ring({ '/': [dial([bob.target], { answerOnBridge: true })] });
    await hears(alice, bobHz);
    assert.equal(alice.finalStatus, undefined, 'not answered yet');
    const from = alice.rtp.received.length;
    assert.equal(await answered(alice), 200);
    await hears(await bob.call(), aliceHz);
    await hears(alice, bobHz);
    assert.ok(longestHole(alice, bobHz, from) <= 60);
    await alice.bye();
    await ended(await bob.call());
    assert.equal((await outcome()).dial_call_status, 'completed');
  });

  test('an answered caller hears ringing, or the music it is given, until the callee answers', async () => {
    for (const [more, heardHz] of [
      [{}, 440],
      [{ dialMusic: tone(1_600, 400) }, 1_600],
    ] as const) {
      const bob = await callee('bob', (call) => {
        call.ring();
        setTimeout(() => call.answerCall(), 1_500);
      });
      const alice = await ring({ '/': [dial([bob.target], more)] });
      await hears(alice, heardHz, [bobHz]);
      await hears(alice, bobHz, [heardHz]);
      await alice.bye();
      await ended(await bob.call());
      await outcome();
    }
  });

  test('three ring, the first to answer wins, the others are cancelled; each leg has one final status', async () => {
    const bob = await callee('bob', (call) => call.ring());
    const carol = await callee('carol', (call) => {
      call.ring();
      setTimeout(() => call.answerCall(), 500);
    });
    const dave = await callee('dave', (call) => call.ring());
    const alice = await ring({ '/': [dial([bob.target, carol.target, dave.target])] });
    await hears(alice, carolHz, [bobHz, daveHz]);
    await hears(await carol.call(), aliceHz);
    await Promise.all([bob, dave].map(async (one) => ended(await one.call())));
    await alice.bye();
    await ended(await carol.call());
    const { dial_call_sid } = await outcome();
    const sids = await Promise.all([bob, carol, dave].map(async (one) => (await one.call()).callSid));
    assert.equal(dial_call_sid, sids[1]);
    const finals = await Promise.all(sids.map((sid) => parties.hooks.final(sid)));
    assert.deepEqual(
      finals.map((body) => body.call_status),
      ['no-answer', 'completed', 'no-answer'],
    );
  });

  test('busy: the hook is told, its verbs run', async () => {
    const bob = await callee('bob', (call) => call.refuse(486));
    const alice = await ring({ '/': [dial([bob.target])], '/dialled': [play(1_900)] });
    await hears(alice, 1_900);
    const { dial_call_status, dial_sip_status, dial_call_sid, dial_sbc_callid } = await outcome();
    const invited = (await bob.call()).invited!;
    assert.deepEqual([dial_call_status, dial_sip_status], ['busy', 486]);
    assert.deepEqual([dial_call_sid, dial_sbc_callid], [header(invited, 'X-Call-Sid'), header(invited, 'Call-ID')]);
    await alice.bye();
  });

  test('the caller gives up while it rings: CANCEL', async () => {
    const bob = await callee('bob', (call) => call.ring());
    const alice = await ring({ '/': [dial([bob.target])] });
    await answered(alice);
    const call = await bob.call();
    await pause(300);
    await alice.bye();
    await until(() => call.cancelled, { what: 'CANCEL' });
    assert.equal((await outcome()).dial_call_status, 'no-answer');
  });

  test('confirmHook: the callee hears its verbs and decides by a key, the caller hears ringing meanwhile', async () => {
    for (const [key, taken] of [
      ['1', true],
      ['2', false],
    ] as const) {
      const bob = await callee('bob', (call) => {
        call.ring();
        setTimeout(() => call.answerCall(), 300);
      });
      const gather = { verb: 'gather', numDigits: 1, timeout: 10, actionHook: '/key', play: { url: tone(1_700) } };
      const alice = await ring({
        '/': [dial([bob.target], { confirmHook: '/confirm' }), play(1_900)],
        '/confirm': [gather],
        '/key': (body: Json) => (body.digits === '1' ? [] : [{ verb: 'hangup' }]),
      });
      const call = await bob.call();
      await hears(call, 1_700, [aliceHz]);
      await hears(alice, 440, [bobHz]);
      call.rtp.press(key);
      if (taken) {
        await hears(alice, bobHz, [440]);
        await hears(call, aliceHz, [1_700]);
      } else {
        await ended(call);
        await hears(alice, 1_900, [bobHz]);
      }
      await alice.bye();
      if (taken) await ended(call);
      await outcome();
    }
  });

  test('dtmfCapture on both legs, and keys that go on to the other party', async () => {
    const bob = await callee('bob', (call) => call.answerCall());
    const dtmfCapture = { parentCall: ['*1'], childCall: ['22'] };
    const alice = await ring({ '/': [dial([bob.target], { dtmfCapture, dtmfHook: '/keys' })] });
    await hears(alice, bobHz);
    const call = await bob.call();
    alice.rtp.press('*1');
    call.rtp.press('22');
    await until(() => parties.hooks.sentTo('/keys').length === 2, { what: 'both patterns' });
    assert.deepEqual(parties.hooks.sentTo('/keys', alice.callSid)[0]?.dtmf, '*1');
    assert.deepEqual(parties.hooks.sentTo('/keys', call.callSid)[0]?.dtmf, '22');
    await until(() => call.rtp.digits.join('') === '*1' && alice.rtp.digits.join('') === '22', { what: 'keys' });
    await alice.bye();
    await ended(call);
    await outcome();
  });

  test('timeLimit and exitMediaPath: the two talk directly, then the callee is hung up and the next verb runs', async () => {
    const bob = await callee('bob', (call) => call.answerCall());
    const alice = await ring({ '/': [dial([bob.target], { timeLimit: 3, exitMediaPath: true }), play(1_900)] });
    await hears(alice, bobHz);
    const call = await bob.call();
    await hears(call, aliceHz);
    await ended(call);
    // A phone that has hung up is silent; this one would go on singing to where it was told.
    call.rtp.sing(0);
    assert.equal(header(call.byed!, 'X-Reason'), 'Max Call Duration');
    await hears(alice, 1_900, [bobHz]);
    await outcome();
    await alice.bye();
  });
});
