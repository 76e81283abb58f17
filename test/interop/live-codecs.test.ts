// Bridges between phones that do not speak alike: wideband and A-law against PCMU, packets of 20, 30 and 40 ms; judged by level and order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Baresip } from '../kit/baresip.ts';
import { Parties, song } from '../kit/parties.ts';
import { sineDb } from '../kit/ua/g711.ts';
import { calmLevel, hears, longestHole } from '../kit/ua/judge.ts';
import { pause, until } from '../kit/until.ts';

const { alice: aliceHz, bob: bobHz } = song;
const songDb = -16;
/** What baresip says. */
const phone = { hz: 600, db: -12 };
const tone = (hz: number, ms: number): string => `tone_stream://v=-13;%(${ms},0,${hz})`;

let parties: Parties;
before(async () => {
  parties = await Parties.open();
});
after(() => parties.close());

const near = (level: number, wanted: number, what: string): void =>
  assert.ok(Math.abs(level - wanted) <= 0.5, `${what}: ${level.toFixed(2)} dB, not ${wanted}`);

/** Level in the median of the pieces of 100 ms in which the tone is there. */
function usualLevel(pcm: Int16Array, hz: number, rate: number): number {
  const window = rate / 10;
  const levels = Array.from({ length: Math.floor(pcm.length / window) }, (_, i) =>
    sineDb(pcm.subarray(i * window, (i + 1) * window), hz, rate),
  ).filter((level) => level > -30);
  assert.ok(levels.length >= 20, `heard for ${levels.length / 10} s`);
  return levels.sort((a, b) => a - b)[levels.length >> 1]!;
}

for (const codec of ['G722', 'PCMA'] as const)
  test(`a phone with ${codec} and one with PCMU hear each other, also under a whisper and after a boost`, async () => {
    const baresip = await Baresip.open({ transport: 'udp', codec });
    try {
      const dial = { verb: 'dial', target: [{ type: 'sip', sipUri: baresip.uri }], actionHook: '/dialled' };
      const alice = await parties.call('alice', { '/': [dial] });
      await hears(alice, phone.hz, [aliceHz]);
      await pause(1_500);
      near(await calmLevel(alice, phone.hz, 40), phone.db, 'what the caller hears');
      const from = alice.rtp.received.length;
      const child = String(
        parties.hooks.sentTo('/status').find((body) => body.parent_call_sid === alice.callSid)?.call_sid,
      );
      await parties.update(child, { whisper: { verb: 'play', url: tone(1_900, 400) } });
      await pause(700);
      assert.ok(longestHole(alice, phone.hz, from) <= 40, 'nothing of it is heard on the other side');
      assert.deepEqual(alice.rtp.breaks(from), []);
      await pause(300);
      await alice.bye();
      await baresip.event('CALL_CLOSED');
      assert.match(baresip.said, new RegExp(`audio rx pipeline: .*${codec}`));
      near(usualLevel(baresip.heard(), aliceHz, baresip.rate), songDb, 'what the callee hears');
      await parties.hooks.final(alice.callSid);
    } finally {
      await baresip.close();
    }
  });

for (const [callerMs, calleeMs] of [
  [30, 20],
  [20, 40],
] as const)
  test(`packets of ${callerMs} ms and of ${calleeMs} ms: forwarded, processed, and forwarded again`, async () => {
    const [caller, callee] = [await parties.phone('alice'), await parties.phone('bob')];
    caller.ptimeMs = callerMs;
    callee.ptimeMs = calleeMs;
    const { alice, bob, aliceSid, bobSid } = await parties.bridged();
    const check = async (aliceDb: number): Promise<void> => {
      await hears(alice, bobHz, [aliceHz]);
      await hears(bob, aliceHz, [bobHz]);
      await pause(900);
      near(await calmLevel(alice, bobHz, 15), aliceDb, 'what the caller hears');
      near(await calmLevel(bob, aliceHz, 15), songDb, 'what the callee hears');
    };
    await check(songDb);
    await parties.update(aliceSid, { boostAudioSignal: 3 });
    await check(songDb + 3);
    // A packet has the length that the far end asked for.
    assert.equal(alice.rtp.voice().at(-1)?.bytes.length, 8 * callerMs);
    await parties.update(aliceSid, { boostAudioSignal: 0 });
    await check(songDb);
    for (const call of [alice, bob])
      assert.ok(call.rtp.voice(20).every(({ ssrc }) => ssrc === call.rtp.received[0]?.ssrc));
    await parties.update(bobSid, { whisper: { verb: 'play', url: tone(1_900, 300) } });
    await hears(bob, 1_900);
    await check(songDb);
    await alice.bye();
    await until(() => bob.byed, { what: 'a BYE' });
    await parties.hooks.final(aliceSid);
  });
