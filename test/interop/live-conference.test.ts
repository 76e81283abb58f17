// Every live update of a conference of three on the real program, judged by what independent phones hear.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Name, Parties, song } from '../kit/parties.ts';
import { hears, hearsNot, levelNow } from '../kit/ua/judge.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';

const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;
const { alice: aliceHz, bob: bobHz, carol: carolHz } = song;
const everybody = ['alice', 'bob', 'carol'] as const;

let parties: Parties;
before(async () => {
  parties = await Parties.open();
});
after(() => parties.close());

type Room = Record<(typeof everybody)[number], UaCall>;
let rooms = 0;

/** Three phones in a room of their own; Alice is its moderator. */
async function room(options: Partial<Record<Name, Record<string, unknown>>> = {}): Promise<Room> {
  const name = `room ${rooms++}`;
  const calls: Partial<Room> = {};
  for (const who of everybody)
    calls[who] = await parties.call(who, {
      '/': [
        {
          verb: 'conference',
          name,
          ...(who === 'alice' && { startConferenceOnEnter: true }),
          actionHook: '/left',
          ...options[who],
        },
        { verb: 'play', url: tone(2_200) },
      ],
    });
  return calls as Room;
}

const allHear = async ({ alice, bob, carol }: Room): Promise<void> => {
  for (const hz of [bobHz, carolHz]) await hears(alice, hz, [aliceHz]);
  for (const hz of [aliceHz, carolHz]) await hears(bob, hz, [bobHz]);
  for (const hz of [aliceHz, bobHz]) await hears(carol, hz, [carolHz]);
};

function inRoom(what: string, run: (room: Room) => Promise<void>): void {
  test(what, async () => {
    const members = await room();
    await allHear(members);
    await run(members);
    for (const who of everybody) if (!members[who].over) await members[who].bye();
    for (const who of everybody) await parties.hooks.final(members[who].callSid);
  });
}

describe('a conference of three', () => {
  inRoom('everybody hears the others at their level, and not itself', async ({ alice, bob, carol }) => {
    await pause(1_000);
    for (const [call, hz] of [
      [alice, bobHz],
      [alice, carolHz],
      [bob, aliceHz],
      [carol, bobHz],
    ] as const)
      assert.ok(Math.abs(levelNow(call, hz, 40) + 16) < 0.7, `${levelNow(call, hz, 40)} dB`);
    for (const call of [alice, bob, carol]) assert.deepEqual(call.rtp.breaks(20), []);
  });

  inRoom('mute_status, and the participant action, mute one member for all', async (members) => {
    const { alice, bob, carol } = members;
    for (const [off, on] of [
      [{ mute_status: 'mute' }, { mute_status: 'unmute' }],
      [{ conferenceParticipantAction: { action: 'mute' } }, { conferenceParticipantAction: { action: 'unmute' } }],
    ] as const) {
      await parties.update(bob.callSid, off);
      await hearsNot(alice, [bobHz]);
      await hearsNot(carol, [bobHz]);
      await hears(bob, aliceHz);
      await parties.update(bob.callSid, on);
      await allHear(members);
    }
  });

  inRoom('conf_mute_status mutes all but the moderator', async (members) => {
    const { alice, bob, carol } = members;
    await parties.update(alice.callSid, { conf_mute_status: 'mute' });
    await hearsNot(alice, [bobHz, carolHz]);
    await hears(bob, aliceHz, [carolHz]);
    await hears(carol, aliceHz, [bobHz]);
    await parties.update(alice.callSid, { conf_mute_status: 'unmute' });
    await allHear(members);
  });

  inRoom('a member on hold hears its own wait audio and nobody else, and nobody hears it', async (members) => {
    const { alice, bob, carol } = members;
    parties.hooks.replies['/wait'] = [{ verb: 'play', url: tone(1_900, 2_000) }];
    const wait_hook = `${parties.hooks.origin}/wait`;
    await parties.update(bob.callSid, { conf_hold_status: 'hold', wait_hook });
    await hears(bob, 1_900, [aliceHz, carolHz]);
    await hearsNot(alice, [bobHz, 1_900]);
    await hearsNot(carol, [bobHz, 1_900]);
    await parties.update(bob.callSid, { conf_hold_status: 'unhold' });
    await allHear(members);
    await parties.update(carol.callSid, { conferenceParticipantAction: { action: 'hold' } });
    await hearsNot(carol, [aliceHz, bobHz]);
    await parties.update(carol.callSid, { conferenceParticipantAction: { action: 'unhold' } });
    await allHear(members);
  });

  inRoom('a coach is heard only by members with the tag, at once and by live changes', async (members) => {
    const { alice, bob, carol } = members;
    await parties.update(alice.callSid, { conferenceParticipantAction: { action: 'tag', tag: 'agent' } });
    await parties.update(carol.callSid, { conferenceParticipantAction: { action: 'coach', tag: 'agent' } });
    await hearsNot(bob, [carolHz]);
    await hears(alice, carolHz);
    await hears(carol, aliceHz);
    await parties.update(bob.callSid, { conferenceParticipantAction: { action: 'tag', tag: 'agent' } });
    await hears(bob, carolHz);
    await parties.update(alice.callSid, { conferenceParticipantAction: { action: 'untag' } });
    await hearsNot(alice, [carolHz]);
    await parties.update(carol.callSid, { conferenceParticipantAction: { action: 'uncoach' } });
    await allHear(members);
  });

  inRoom('whisper reaches one member; room_play reaches all', async (members) => {
    const { alice, bob, carol } = members;
    const before = [alice.rtp.received.length, carol.rtp.received.length];
    await parties.update(bob.callSid, { whisper: { verb: 'play', url: tone(1_900, 600) } });
    await hears(bob, 1_900);
    await allHear(members);
    assert.ok(alice.rtp.received.length > before[0]! && levelNow(alice, 1_900, 50) < -45);
    await parties.update(alice.callSid, { room_play: { url: tone(2_500, 1_000) } });
    for (const call of [alice, bob, carol]) await hears(call, 2_500);
    await hears(bob, aliceHz);
    await allHear(members);
  });

  inRoom('kick sends one member on to its next verb; a redirect takes another out', async ({ alice, bob, carol }) => {
    await parties.update(bob.callSid, { conferenceParticipantAction: { action: 'kick' } });
    await hears(bob, 2_200, [aliceHz, carolHz]);
    await hearsNot(alice, [bobHz]);
    parties.hooks.replies['/next'] = [{ verb: 'play', url: tone(1_600) }];
    await parties.update(carol.callSid, { call_hook: `${parties.hooks.origin}/next` });
    await hears(carol, 1_600, [aliceHz]);
    await hearsNot(alice, [bobHz, carolHz]);
    await until(() => parties.hooks.sentTo('/left', bob.callSid)[0], { what: "Bob's action hook" });
  });

  test('members who come too early wait with their wait hook; the moderator begins, and ends it', async () => {
    parties.hooks.replies['/wait'] = [{ verb: 'play', url: tone(1_900, 1_000) }];
    const name = `room ${rooms++}`;
    const bob = await parties.call('bob', {
      '/': [
        { verb: 'conference', name, startConferenceOnEnter: false, waitHook: '/wait' },
        { verb: 'play', url: tone(2_200) },
      ],
    });
    await hears(bob, 1_900);
    const alice = await parties.call('alice', {
      '/': [{ verb: 'conference', name, startConferenceOnEnter: true, endConferenceOnExit: true }],
    });
    await hears(alice, bobHz);
    await hears(bob, aliceHz, [1_900]);
    await alice.bye();
    await hears(bob, 2_200, [aliceHz]);
    await bob.bye();
    await parties.hooks.final(bob.callSid);
  });
});
