// Every live update on a bridged call of the real program, judged by what independent phones hear and by the SIP that reaches them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bridged, Parties, song } from '../kit/parties.ts';
import { firstWith, hears, hearsNot, levelNow, longestGap, longestHole } from '../kit/ua/judge.ts';
import { header } from '../kit/ua/message.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

const { alice: aliceHz, bob: bobHz } = song;
const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;
/** What phones sing at, and how far a level may be off. */
const songDb = -16;
const tolerance = 0.6;
/** Two packets, and what a busy machine adds. */
const shortGapMs = 60;

let parties: Parties;
before(async () => {
  parties = await Parties.open();
});
after(() => parties.close());

const received = (call: UaCall): number => call.rtp.received.length;
const near = (level: number, wanted: number): void =>
  assert.ok(Math.abs(level - wanted) < tolerance, `${level.toFixed(2)} dB, not ${wanted}`);
const mutual = async ({ alice, bob }: Bridged): Promise<void> => {
  await hears(alice, bobHz, [aliceHz]);
  await hears(bob, aliceHz, [bobHz]);
};

/** A bridged call with which one test does what it likes; it ends without a trace. */
function onBridge(
  what: string,
  run: (bridge: Bridged) => Promise<void>,
  options: Record<string, unknown> = {},
  next: readonly unknown[] = [],
): void {
  test(what, async () => {
    const bridge = await parties.bridged(options, next);
    await mutual(bridge);
    await run(bridge);
    if (!bridge.alice.over) await bridge.alice.bye();
    if (!bridge.bob.over) await until(() => bridge.bob.byed, { what: 'a BYE for Bob' });
    const [aliceEnd, bobEnd] = [await parties.hooks.final(bridge.aliceSid), await parties.hooks.final(bridge.bobSid)];
    assert.deepEqual([aliceEnd.call_status, bobEnd.call_status], ['completed', 'completed']);
    for (const sid of [bridge.aliceSid, bridge.bobSid]) {
      const statuses = parties.hooks.statuses(sid);
      assert.equal(statuses.filter((one) => one === 'completed').length, 1, statuses.join(', '));
    }
  });
}

describe('a bridged call', () => {
  onBridge('each hears the other at its level, packets in order', async ({ alice, bob }) => {
    const [fromA, fromB] = [received(alice), received(bob)];
    await pause(1_500);
    near(levelNow(alice, bobHz, 50), songDb);
    near(levelNow(bob, aliceHz, 50), songDb);
    assert.deepEqual([alice.rtp.breaks(fromA), bob.rtp.breaks(fromB)], [[], []]);
  });

  onBridge('mute_status silences the addressed leg for the other, and gives it back', async (bridge) => {
    const { alice, bob, aliceSid, bobSid } = bridge;
    await parties.update(bobSid, { mute_status: 'mute' });
    await hearsNot(alice, [bobHz]);
    await hears(bob, aliceHz);
    await parties.update(bobSid, { mute_status: 'mute' });
    await parties.update(bobSid, { mute_status: 'unmute' });
    await mutual(bridge);
    await parties.update(aliceSid, { mute_status: 'mute' });
    await hearsNot(bob, [aliceHz]);
    await hears(alice, bobHz);
    await parties.update(aliceSid, { mute_status: 'unmute' });
    await mutual(bridge);
    assert.deepEqual([alice.rtp.breaks(20), bob.rtp.breaks(20)], [[], []]);
  });

  for (const who of ['alice', 'bob'] as const)
    onBridge(`whisper is heard by ${who} alone; the other hears no gap`, async (bridge) => {
      const [addressed, other] = who === 'alice' ? [bridge.alice, bridge.bob] : [bridge.bob, bridge.alice];
      const [addressedHz, otherHz] = who === 'alice' ? [aliceHz, bobHz] : [bobHz, aliceHz];
      const from = received(other);
      const sid = who === 'alice' ? bridge.aliceSid : bridge.bobSid;
      await parties.update(sid, {
        whisper: [
          { verb: 'play', url: tone(1_900, 500) },
          { verb: 'play', url: tone(2_200, 500) },
        ],
      });
      await hears(addressed, 1_900, [otherHz]);
      await hears(addressed, 2_200, [1_900]);
      await mutual(bridge);
      for (const hz of [1_900, 2_200])
        assert.throws(() => firstWith(other, hz, from, true), `${hz} Hz reached the other party`);
      assert.ok(longestHole(other, addressedHz, from) <= 40, `${longestHole(other, addressedHz, from)} ms`);
      assert.deepEqual([addressed.rtp.breaks(20), other.rtp.breaks(20)], [[], []]);
    });

  onBridge(
    'boostAudioSignal changes what the addressed leg hears, and nothing else',
    async ({ alice, bob, bobSid }) => {
      for (const db of [6, -10, '3 dB', 0] as const) {
        await parties.update(bobSid, { boostAudioSignal: db });
        await pause(500);
        near(levelNow(bob, aliceHz, 15), songDb + Number.parseInt(String(db), 10));
        near(levelNow(alice, bobHz, 15), songDb);
      }
    },
  );

  onBridge('dtmf reaches the addressed leg only, in order', async ({ alice, bob, bobSid }) => {
    await parties.update(bobSid, { dtmf: { digit: '12#', duration: 100 } });
    await until(() => bob.rtp.digits.join('') === '12#', { what: () => `12#, got ${bob.rtp.digits.join('')}` });
    assert.deepEqual(alice.rtp.digits, []);
  });

  onBridge('digits of one party reach the other', async ({ alice, bob }) => {
    bob.rtp.press('47');
    await until(() => alice.rtp.digits.join('') === '47', { what: () => `47, got ${alice.rtp.digits.join('')}` });
  });

  onBridge('sip_request goes into the dialog of the addressed leg', async ({ alice, bob, bobSid }) => {
    bob.answers = (request) => (request.start.startsWith('INFO') ? 202 : 200);
    const body = { method: 'INFO', content_type: 'text/plain', content: 'hello', headers: { 'X-Color': 'blue' } };
    const reply = await parties.update(bobSid, { sip_request: body });
    assert.equal((reply.body as { status: number }).status, 202);
    const info = bob.requests.find((one) => one.start.startsWith('INFO'));
    assert.deepEqual([info?.body, info && header(info, 'X-Color')], ['hello', 'blue']);
    assert.ok(!alice.requests.some((one) => one.start.startsWith('INFO')));
  });

  onBridge('dub mixes tracks into what the addressed leg hears', async ({ alice, bob, bobSid }) => {
    const from = received(alice);
    await parties.update(bobSid, { dub: { action: 'addTrack', track: 'music' } });
    await parties.update(bobSid, { dub: { action: 'playOnTrack', track: 'music', play: tone(1_900), gain: -6 } });
    await hears(bob, 1_900);
    // The window of the measurement must not reach back over the switch.
    await pause(400);
    near(levelNow(bob, aliceHz), songDb);
    await parties.update(bobSid, { dub: { action: 'silenceTrack', track: 'music' } });
    await hears(bob, aliceHz, [1_900]);
    await parties.update(bobSid, { dub: { action: 'removeTrack', track: 'music' } });
    assert.throws(() => firstWith(alice, 1_900, from, true));
  });

  onBridge('call_hook redirects the caller; the callee is hung up', async ({ alice, bob, aliceSid }) => {
    parties.hooks.replies['/next'] = [{ verb: 'play', url: tone(1_600) }];
    await parties.update(aliceSid, { call_hook: `${parties.hooks.origin}/next` });
    await hears(alice, 1_600, [bobHz]);
    await until(() => bob.byed, { what: 'a BYE for Bob' });
  });

  onBridge(
    'child_call_hook makes the callee a call of its own; the caller goes on with its next verb',
    async ({ alice, bob, bobSid }) => {
      parties.hooks.replies['/child'] = [
        { verb: 'play', url: tone(1_600) },
        { verb: 'pause', length: 5 },
      ];
      await parties.update(bobSid, { child_call_hook: `${parties.hooks.origin}/child` });
      await hears(bob, 1_600, [aliceHz]);
      await hears(alice, 1_900, [bobHz]);
      await alice.bye();
      await pause(500);
      assert.equal(bob.byed, undefined, 'the child survives');
      await hears(bob, 1_600);
      await bob.bye();
    },
    {},
    [{ verb: 'play', url: tone(1_900) }],
  );

  onBridge('call_hook and child_call_hook together redirect both', async ({ alice, bob, aliceSid }) => {
    parties.hooks.replies['/parent'] = [{ verb: 'play', url: tone(1_900) }];
    parties.hooks.replies['/child'] = [{ verb: 'play', url: tone(1_600) }];
    const { origin } = parties.hooks;
    await parties.update(aliceSid, { call_hook: `${origin}/parent`, child_call_hook: `${origin}/child` });
    await hears(alice, 1_900, [bobHz]);
    await hears(bob, 1_600, [aliceHz]);
    await alice.bye();
    await pause(300);
    assert.equal(bob.byed, undefined);
    await bob.bye();
  });

  onBridge('call_status completed on the callee ends the dial', async ({ bob, bobSid }) => {
    await parties.update(bobSid, { call_status: 'completed' });
    await until(() => bob.byed, { what: 'a BYE for Bob' });
    await parties.hooks.wait('/dialled');
  });

  onBridge('hold and unhold of either party', async (bridge) => {
    const { alice, bob } = bridge;
    for (const one of [alice, bob]) {
      assert.deepEqual((({ status, direction }) => [status, direction])(await one.reinvite('sendonly')), [
        200,
        'recvonly',
      ]);
      await pause(300);
      assert.equal((await one.reinvite('sendrecv')).status, 200);
      await mutual(bridge);
    }
  });

  onBridge('media_path: relayed, direct, and back', async (bridge) => {
    const { alice, bob, aliceSid } = bridge;
    await parties.update(aliceSid, { media_path: 'partial-media' }, true);
    await mutual(bridge);
    await parties.update(aliceSid, { media_path: 'no-media' }, true);
    await mutual(bridge);
    const direct = alice.requests.filter((one) => one.start.startsWith('INVITE')).at(-1);
    assert.match(direct?.body ?? '', new RegExp(`m=audio ${bob.rtp.port} `), 'Alice was told where Bob hears');
    await parties.update(aliceSid, { media_path: 'full-media' }, true);
    await mutual(bridge);
    await parties.update(aliceSid, { whisper: { verb: 'play', url: tone(1_900, 300) } });
    await hears(alice, 1_900);
    await mutual(bridge);
  });

  onBridge('a hundred switches lose nothing', async (bridge) => {
    const { alice, bob, bobSid } = bridge;
    const [fromA, fromB] = [received(alice), received(bob)];
    for (let i = 0; i < 100; i++) {
      await parties.update(bobSid, { mute_status: i % 2 === 0 ? 'mute' : 'unmute' });
      await pause(25);
    }
    await mutual(bridge);
    assert.deepEqual([alice.rtp.breaks(fromA), bob.rtp.breaks(fromB)], [[], []]);
    const gaps = [longestGap(alice, fromA), longestGap(bob, fromB)];
    assert.ok(Math.max(...gaps) < shortGapMs + 40, `gaps of ${gaps.map(Math.round).join(' and ')} ms`);
    assert.ok(longestHole(bob, aliceHz, fromB) <= 40, 'Bob hears Alice all the time');
  });

  onBridge('ten different updates at the same moment', async (bridge) => {
    const { alice, bob, aliceSid, bobSid } = bridge;
    const outcomes = await Promise.all([
      parties.program.update(bobSid, { mute_status: 'mute' }),
      parties.program.update(aliceSid, { boostAudioSignal: 3 }),
      parties.program.update(aliceSid, { tag: { a: 1 } }),
      parties.program.update(bobSid, { dtmf: { digit: '5' } }),
      parties.program.update(aliceSid, { whisper: { verb: 'play', url: tone(1_900, 300) } }),
      parties.program.update(bobSid, { dub: { action: 'addTrack', track: 't' } }),
      parties.program.update(aliceSid, { media_path: 'partial-media' }),
      parties.program.update(aliceSid, { sip_request: { method: 'INFO', content_type: 'text/plain', content: 'x' } }),
      parties.program.update(aliceSid, { noise_isolation_status: 'enable' }),
      parties.program.update(aliceSid, { mute_status: 'unmute' }),
    ]);
    await parties.update(bobSid, { mute_status: 'unmute' });
    for (const { status, body } of outcomes)
      assert.ok([200, 202].includes(status) || (status === 422 && 'msg' in (body as object)), JSON.stringify(body));
    await until(() => bob.rtp.digits.includes('5'), { what: 'the digit' });
    await hears(alice, bobHz, [1_900]);
    await hears(bob, aliceHz);
  });
});
