// Overload and abuse on the real program: floods of updates, requests, digits and calls, and servers that misbehave. What is too much is
// refused with a reason, and calls beside it hear nothing of it. CROSSPOINT_TEST_LOAD=10 makes ten times as much of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openHooks } from '../kit/hooks.ts';
import { Parties, song } from '../kit/parties.ts';
import type { Reply } from '../kit/program.ts';
import { open as openRudeServers, type RudeServers } from '../kit/rude-servers.ts';
import { hears } from '../kit/ua/judge.ts';
import { statusOf } from '../kit/ua/message.ts';
import type { UaCall } from '../kit/ua/ua.ts';
import { pause, until } from '../kit/until.ts';
import { Watched } from '../kit/watched.ts';

const load = Number(process.env.CROSSPOINT_TEST_LOAD ?? 1);
const tone = (hz: number, ms = 60_000): string => `tone_stream://v=-13;%(${ms},0,${hz})`;
const { alice: aliceHz, bob: bobHz } = song;
/** What a call plays when the server that misbehaves has been left. */
const nextHz = 1_900;

let parties: Parties;
let watched: Watched;
let rude: RudeServers;
before(async () => {
  rude = await openRudeServers();
  parties = await Parties.open();
  watched = await Watched.open(parties);
});
after(async () => {
  rude.close();
  await parties.close();
});

function abuse(what: string, run: () => Promise<string>): void {
  test(what, async (t) => {
    let said = '';
    const figures = await watched.during(async () => {
      said = await run();
    });
    t.diagnostic(`${said}; ${figures}`);
  });
}

/** How often each status came; every refusal must say why. */
function counted(replies: readonly Reply[]): string {
  const counts = new Map<number, number>();
  for (const { status, body } of replies) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
    assert.ok(status < 300 || (status < 500 && 'msg' in (body as object)), JSON.stringify([status, body]));
  }
  return [...counts].map(([status, n]) => `${n} x ${status}`).join(', ');
}

/** Runs `each` `perSecond` times a second, without waiting for what it began. */
async function storm<T>(seconds: number, perSecond: number, each: (n: number) => Promise<T>): Promise<T[]> {
  const begun: Promise<T>[] = [];
  const from = performance.now();
  while (performance.now() - from < seconds * 1_000) {
    const due = ((performance.now() - from) / 1_000) * perSecond;
    while (begun.length < due) begun.push(each(begun.length));
    await pause(5);
  }
  return Promise.all(begun);
}

const next = { verb: 'play', url: tone(nextHz) };
const hangUp = async (calls: readonly UaCall[], sids = calls.map(({ callSid }) => callSid)): Promise<void> => {
  await Promise.all(calls.filter((call) => !call.over).map((call) => call.bye()));
  await Promise.all(sids.map((sid) => parties.hooks.final(sid)));
};

abuse('200 updates a second on one bridge', async () => {
  const { alice, bob, aliceSid, bobSid } = await parties.bridged();
  await hears(alice, bobHz);
  const bodies = [
    { mute_status: 'mute' },
    { boostAudioSignal: 3 },
    { tag: { n: 1 } },
    { dtmf: { digit: '5' } },
    { whisper: { verb: 'play', url: tone(2_200, 100) } },
    { mute_status: 'unmute' },
    { dub: { action: 'addTrack', track: 'x' } },
    { dub: { action: 'removeTrack', track: 'x' } },
    { boostAudioSignal: 0 },
    { noise_isolation_status: 'disable' },
  ];
  const replies = await storm(1.5 * load, 200, (n) =>
    parties.program.update(n % 3 ? bobSid : aliceSid, bodies[n % bodies.length]),
  );
  for (const sid of [aliceSid, bobSid]) {
    await parties.update(sid, { mute_status: 'unmute' });
    await parties.update(sid, { boostAudioSignal: 0 });
  }
  await hears(alice, bobHz, [], 20_000);
  await hears(bob, aliceHz, [], 20_000);
  await hangUp([alice, bob]);
  return counted(replies);
});

abuse('audio servers that never read, send too much, or garbage', async () => {
  const calls = new Map<string, UaCall>();
  for (const [what, url] of Object.entries(rude.urls)) {
    const listen = { verb: 'listen', url, bidirectionalAudio: { enabled: true, streaming: true } };
    calls.set(what, await parties.call('alice', { '/': [listen, next] }));
  }
  await pause(1_500);
  for (const [what, call] of calls) assert.equal(call.over, false, what);
  await hangUp([...calls.values()]);
  return [...calls.keys()].join(', ');
});

abuse('recognition servers that hang: before the handshake, and after it', async () => {
  const calls: UaCall[] = [];
  for (const [name, what] of Object.entries({ shut: 'no handshake', deaf: 'never reads' })) {
    const { status } = await parties.program.api(
      'POST',
      `/Accounts/${parties.program.ready.account_sid}/SpeechCredentials`,
      {
        vendor: `custom:${name}`,
        use_for_stt: true,
        use_for_tts: false,
        custom_stt_url: rude.urls[what],
        auth_token: 'x',
      },
    );
    assert.equal(status, 201);
    const recognizer = { vendor: `custom:${name}`, language: 'en-US' };
    const gather = { verb: 'gather', input: ['speech'], timeout: 2, actionHook: '/said', recognizer };
    for (let i = 0; i < 3; i++) calls.push(await parties.call('alice', { '/': [gather, next] }));
  }
  for (const call of calls) await hears(call, nextHz, [], 20_000);
  await hangUp(calls);
  return `${calls.length} gathers went on to their next verb`;
});

abuse('floods of REFER, of hold and unhold, of digits in one call', async () => {
  const { alice, bob, aliceSid, bobSid } = await parties.bridged({ referHook: '/refer' });
  await hears(alice, bobHz);
  const refers = await storm(0.5 * load, 100, async () =>
    statusOf(await bob.ask('REFER', ['Refer-To: <sip:nobody@127.0.0.1:9>'])),
  );
  assert.ok(
    refers.every((status) => status !== undefined && status >= 200),
    refers.join(' '),
  );
  await hangUp([alice, bob], [aliceSid, bobSid]);
  const held = await parties.bridged();
  await hears(held.alice, bobHz);
  const holds = await storm(
    1 * load,
    50,
    async (n) => (await held.bob.reinvite(n % 2 ? 'sendrecv' : 'sendonly')).status,
  );
  assert.equal((await held.bob.reinvite('sendrecv')).status, 200);
  await hears(held.alice, bobHz, [], 20_000);
  await hears(held.bob, aliceHz, [], 20_000);
  held.bob.rtp.press('0123456789'.repeat(2 * load), { toneMs: 20, pauseMs: 0 });
  const infos = await storm(0.5 * load, 200, async (n) =>
    statusOf(
      await held.alice.ask('INFO', ['Content-Type: application/dtmf-relay'], `Signal=${n % 10}\r\nDuration=100`),
    ),
  );
  await until(() => held.bob.rtp.pressed, { what: 'the digits to have left', withinMs: 60_000 });
  assert.equal(held.alice.over || held.bob.over, false);
  await hangUp([held.alice, held.bob], [held.aliceSid, held.bobSid]);
  const tally = (all: readonly (number | undefined)[]): string =>
    [...new Set(all)].map((status) => `${all.filter((one) => one === status).length} x ${status}`).join(', ');
  return `REFER ${tally(refers)}; re-INVITE ${tally(holds)}; INFO ${tally(infos)}; ${held.alice.rtp.digits.length} digits passed on`;
});

abuse('conferences that all join and leave at random', async () => {
  const rooms = Math.round(5 * load);
  const members: (UaCall | undefined)[] = Array.from({ length: 3 * rooms });
  let [joined, left] = [0, 0];
  const toggle = async (): Promise<void> => {
    const at = Math.floor(Math.random() * members.length);
    const there = members[at];
    if (there) {
      members[at] = undefined;
      left++;
      if (!there.over) await there.bye();
      return;
    }
    const verb = { verb: 'conference', name: `hall ${at % rooms}`, startConferenceOnEnter: true };
    const call = await parties.call('alice', { '/': [verb] });
    joined++;
    if (members[at]) await call.bye();
    else members[at] = call;
  };
  // One after the other: what a call runs is decided by who calls next.
  const from = performance.now();
  while (performance.now() - from < 2_000 * load) await Promise.race([toggle(), pause(100)]);
  await pause(500);
  const rest = members.filter((one) => one !== undefined);
  assert.ok(rest.every((call) => !call.over));
  await hangUp(rest);
  return `${joined} joined ${rooms} rooms, ${left} left`;
});

abuse('dials to hosts that are dead', async () => {
  const calls: UaCall[] = [];
  for (let i = 0; i < 10 * load; i++) {
    const sipUri = i % 2 ? 'sip:x@127.0.0.1:9' : 'sip:x@198.51.100.1';
    const dial = { verb: 'dial', target: [{ type: 'sip', sipUri }], timeout: 3, actionHook: '/dialled' };
    calls.push(await parties.call('alice', { '/': [dial, next] }));
  }
  for (const call of calls)
    await hears(call, nextHz, [], 40_000).catch((error) => {
      const { callSid, rtp, over } = call;
      const facts = { over, packets: rtp.received.length, dialled: parties.hooks.sentTo('/dialled', callSid) };
      throw new Error(JSON.stringify(facts), { cause: error });
    });
  const results = calls.map(({ callSid }) => parties.hooks.sentTo('/dialled', callSid)[0]?.dial_call_status);
  await hangUp(calls);
  return `${calls.length} dials: ${[...new Set(results)].join(', ')}`;
});

abuse('a full queue whose application dies', async () => {
  const other = await openHooks({
    '/': [{ verb: 'enqueue', name: 'support', waitHook: '/wait', actionHook: '/waited' }],
    '/wait': [{ verb: 'play', url: tone(1_600, 500) }],
  });
  const ua = await parties.phone('alice');
  const application = await parties.program.application(other);
  const calls: UaCall[] = [];
  for (let i = 0; i < 10 * load; i++) calls.push(await ua.call(`app-${application}`));
  await hears(calls.at(-1)!, 1_600);
  await other.close();
  await pause(1_000 + 300 * load);
  const alive = calls.filter((call) => !call.over);
  await Promise.all(alive.map((call) => call.bye()));
  return `${calls.length} waited, ${alive.length} still did afterwards`;
});

test('nothing is left', async (t) => {
  const { program } = parties;
  const before = watched.weight();
  for (let tries = 0; ; tries++) {
    const text = await (await fetch(`${program.ready.http}/metrics`)).text();
    const ports = Number(/^crosspoint_media_ports (\d+)$/m.exec(text)?.[1]);
    if (ports === 4) break;
    assert.ok(tries < 200, `${ports} media ports, of which 4 are watched`);
    await pause(100);
  }
  assert.deepEqual((await program.api('GET', `/Accounts/${program.ready.account_sid}/Conferences`)).body, []);
  const after = watched.weight();
  t.diagnostic(`MB main ${before.main} -> ${after.main}, workers ${before.workers} -> ${after.workers}`);
});
