// Queues on the real program, judged by what independent phones hear: waiting, being taken, updates of the pair, the way out.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Parties, song } from '../kit/parties.ts';
import { firstWith, hears, hearsNot, levelNow, longestGap } from '../kit/ua/judge.ts';
import { pause, until } from '../kit/until.ts';

const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;
const { alice: aliceHz, bob: bobHz, carol: carolHz } = song;

let parties: Parties;
before(async () => {
  parties = await Parties.open();
  parties.hooks.replies['/wait'] = [{ verb: 'play', url: tone(1_900, 1_500) }];
});
after(() => parties.close());

const waits = (name: string, options = {}) => [
  { verb: 'enqueue', name, waitHook: '/wait', actionHook: '/waited', ...options },
  { verb: 'play', url: tone(2_200) },
];
const takes = (name: string, options = {}) => [
  { verb: 'dequeue', name, actionHook: '/taken', ...options },
  { verb: 'play', url: tone(2_500) },
];

describe('a queue', () => {
  test('who waits hears its music, is taken within moments, and the pair is updated like a dial', async () => {
    const alice = await parties.call('alice', { '/': waits('one') });
    await hears(alice, 1_900);
    const position = await parties.hooks.wait('/wait');
    assert.deepEqual([position.queue_position, position.queue_size, position.call_sid], [0, 1, alice.callSid]);
    const from = alice.rtp.received.length;
    const carol = await parties.call('carol', { '/': takes('one') });
    await hears(carol, aliceHz, [carolHz]);
    await hears(alice, carolHz, [1_900, aliceHz]);
    const music = alice.rtp.received[firstWith(alice, 1_900, from, false)]?.at ?? 0;
    const voice = alice.rtp.received[firstWith(alice, carolHz, from, true)]?.at ?? 0;
    assert.ok(Math.abs(voice - music) < 300, `${voice - music} ms between the music and the voice`);
    await pause(700);
    for (const [call, hz] of [
      [alice, carolHz],
      [carol, aliceHz],
    ] as const)
      assert.ok(Math.abs(levelNow(call, hz, 30) + 16) < 0.7, `${levelNow(call, hz, 30)} dB`);
    await parties.update(alice.callSid, { mute_status: 'mute' });
    await hearsNot(carol, [aliceHz]);
    await hears(alice, carolHz);
    await parties.update(alice.callSid, { mute_status: 'unmute' });
    await hears(carol, aliceHz);
    const before = carol.rtp.received.length;
    await parties.update(alice.callSid, { whisper: { verb: 'play', url: tone(1_600, 500) } });
    await hears(alice, 1_600);
    await hears(alice, carolHz, [1_600]);
    assert.ok(levelNow(carol, 1_600, 50) < -45, 'the other hears nothing of it');
    assert.ok(longestGap(carol, before) < 200);
    for (const call of [alice, carol]) assert.deepEqual(call.rtp.breaks(20), []);
    await carol.bye();
    await hears(alice, 2_200, [carolHz]);
    const ended = await until(() => parties.hooks.sentTo('/waited', alice.callSid)[0], { what: 'the action hook' });
    assert.equal(ended.queue_result, 'bridged');
    assert.equal((await parties.hooks.wait('/taken')).dequeue_result, 'complete');
    await alice.bye();
    for (const call of [alice, carol]) await parties.hooks.final(call.callSid);
  });

  test('priority decides; a redirect of one sets the other free; who hangs up in the queue is gone from it', async () => {
    const alice = await parties.call('alice', { '/': waits('two', { priority: 7 }) });
    const bob = await parties.call('bob', { '/': waits('two', { priority: 2 }) });
    await hears(bob, 1_900);
    const carol = await parties.call('carol', { '/': takes('two', { beep: true }) });
    await hears(carol, bobHz, [aliceHz]);
    parties.hooks.replies['/next'] = [{ verb: 'play', url: tone(1_600) }];
    await parties.update(bob.callSid, { call_hook: `${parties.hooks.origin}/next` });
    await hears(bob, 1_600, [carolHz]);
    await hears(carol, 2_500, [bobHz]);
    await alice.bye();
    const dave = await parties.call('dave', { '/': takes('two', { timeout: 1 }) });
    await hears(dave, 2_500, [aliceHz]);
    const result = await until(() => parties.hooks.sentTo('/taken', dave.callSid)[0], { what: 'the action hook' });
    assert.equal(result.dequeue_result, 'timeout');
    for (const call of [bob, carol, dave]) await call.bye();
    for (const call of [alice, bob, carol, dave]) await parties.hooks.final(call.callSid);
  });
});
