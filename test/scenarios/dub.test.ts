// dub, as a verb, as a command and nested in a dial, and boostAudioSignal: levels, starts and refusals on live calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, toneLevelDbov, worstClick } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { dialScene } from '../kit/dialled.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';

const rate = 8_000;

async function level(s: Scene, call: PhoneCall, hz: number, ms = 500): Promise<number> {
  await s.run(100);
  const from = s.stage.clock.now();
  await s.run(ms);
  return toneLevelDbov(call.audio.between(from, from + ms), hz, rate);
}

const near = (got: number, wanted: number, within = 0.5): void =>
  assert.ok(Math.abs(got - wanted) <= within, `${got.toFixed(2)} instead of ${wanted.toFixed(2)}`);

const done = async (s: Scene, call: PhoneCall, body: Json): Promise<number> => {
  const outcome = await s.update(call, body, true);
  assert.equal(outcome.status, 200, outcome.reason);
  const applied = Number(outcome.body?.applied_ms);
  assert.ok(applied <= 45, `${JSON.stringify(body)} after ${applied} ms`);
  return applied;
};

test('tracks by verb and by command: added, played on, said on, silenced, removed', async () => {
  const s = await scene({
    '/': [
      { verb: 'dub', action: 'addTrack', track: 'music', play: toneUrl(500, 700), loop: true, gain: '-10 dB' },
      { verb: 'dub', action: 'playOnTrack', track: 'unknown', play: toneUrl(600) },
      { verb: 'play', url: toneUrl(1_100, 30_000) },
    ],
  });
  const call = await s.dial();
  await s.run(300);
  const prompt = await level(s, call, 1_100);
  near(await level(s, call, 500, 2_000), prompt - 10);
  assert.match(String(s.stage.eventsOf(sidOf(call), 'error')[0]?.reason), /no track unknown/);
  await done(s, call, { dub: { action: 'addTrack', track: 'second', play: toneUrl(700), gain: -3 } });
  near(await level(s, call, 700), prompt - 3);
  await done(s, call, { dub: { action: 'playOnTrack', track: 'second', play: toneUrl(900), gain: 2 } });
  near(await level(s, call, 900), prompt + 2);
  assert.ok((await level(s, call, 700)) < -45);
  const told = await done(s, call, { dub: { action: 'silenceTrack', track: 'second' } });
  // Told when the first packet without it has left, not when it was ordered.
  assert.ok(told > 0, `${told} ms`);
  assert.ok((await level(s, call, 900)) < -45);
  near(await level(s, call, 500), prompt - 10);
  await done(s, call, { dub: { action: 'removeTrack', track: 'music' } });
  assert.ok((await level(s, call, 500)) < -45);
  const again = await s.update(call, { dub: { action: 'playOnTrack', track: 'music', play: toneUrl(500) } });
  assert.equal(again.status, 422);
  near(await level(s, call, 1_100), prompt, 0.1);
  const heard = call.audio.between(0, s.stage.clock.now());
  assert.deepEqual(gaps(heard.subarray(4_000), rate, 10), []);
  assert.ok(worstClick(heard.subarray(4_000), rate).ratio < 5, JSON.stringify(worstClick(heard, rate)));
  await s.end();
});

test('tracks go on beside a whisper, a gather, a redirect; sayOnTrack speaks', async () => {
  const s = await scene({
    '/': [{ verb: 'gather', timeout: 60, play: { url: toneUrl(1_100) } }],
    '/next': [{ verb: 'play', url: toneUrl(1_300) }],
  });
  const call = await s.dial();
  await s.run(300);
  await done(s, call, { dub: { action: 'addTrack', track: 'music', play: toneUrl(500), gain: -6 } });
  const music = await level(s, call, 500);
  await s.update(call, { whisper: { verb: 'play', url: toneUrl(800, 1_500) } });
  near(await level(s, call, 500), music);
  assert.ok((await level(s, call, 800)) > -25);
  assert.equal((await s.update(call, { call_hook: 'http://app.example/next' })).status, 202);
  await s.run(1_500);
  near(await level(s, call, 500), music);
  assert.ok((await level(s, call, 1_300)) > -25);
  const said = await s.update(call, { dub: { action: 'addTrack', track: 'coach', say: 'hello there' } }, true);
  assert.equal(said.status, 200, said.reason);
  await s.run(3_000);
  const spoken = s.stage.eventsOf(sidOf(call), 'play-finished').find((event) => String(event.what).includes('hello'));
  assert.equal(spoken?.reason, 'completed');
  await s.end();
});

test('a dub that cannot act is refused with its reason; one that fails later is alerted', async () => {
  const s = await scene({ '/': [{ verb: 'answer' }, { verb: 'pause', length: 60 }] });
  const call = await s.dial();
  const refused: [Json, number, string | undefined][] = [
    [{ action: 'fadeTrack', track: 'a' }, 400, 'dub.action'],
    [{ action: 'addTrack' }, 400, 'dub.track'],
    [{ action: 'addTrack', track: 'a', play: 'music.mp3' }, 400, 'dub.play'],
    [{ action: 'addTrack', track: 'a', gain: 'loud' }, 400, 'dub.gain'],
    [{ action: 'playOnTrack', track: 'a' }, 400, 'dub.play'],
    [{ action: 'sayOnTrack', track: 'a', say: ' ' }, 400, 'dub.say'],
    [{ action: 'silenceTrack', track: 'a' }, 422, undefined],
  ];
  for (const [body, status, path] of refused) {
    const outcome = await s.update(call, { dub: body });
    assert.deepEqual([outcome.status, outcome.path], [status, path], JSON.stringify([body, outcome]));
  }
  assert.equal((await s.update(call, { dub: { action: 'addTrack', track: 'a' } })).status, 202);
  assert.equal((await s.update(call, { dub: { action: 'addTrack', track: 'a' } })).status, 422);
  for (let i = 0; i < 9; i++) await s.update(call, { dub: { action: 'addTrack', track: `t${i}` } });
  assert.match(String((await s.update(call, { dub: { action: 'addTrack', track: 'b' } })).reason), /at most 10 tracks/);
  const missing = { action: 'playOnTrack', track: 'a', play: 'http://nowhere.example/x.wav' };
  assert.equal((await s.update(call, { dub: missing })).status, 202);
  await s.run(2_000);
  assert.ok(s.stage.alerts.some(({ type }) => type === 'play-url-notfound'));
  await s.end();
});

test('in a dial: tracks of the leg by `dub`, and on each leg by its call_sid; the other hears nothing of them', async () => {
  const s = await dialScene({});
  const b = await s.callee();
  s.answers['/'] = [
    {
      verb: 'dial',
      target: [{ type: 'sip', sipUri: b.uri }],
      dub: [{ action: 'addTrack', track: 'music', play: toneUrl(600), loop: true, gain: -6 }],
    },
  ];
  const call = await s.dial();
  await s.run(2_000);
  assert.ok((await level(s, b.call(), 600)) > -30);
  assert.ok((await level(s, call, 600)) < -45);
  const added = await s.updateSid(s.childSid(), { dub: { action: 'addTrack', track: 'x', play: toneUrl(800) } }, true);
  assert.equal(added.status, 200, added.reason);
  assert.ok((await level(s, b.call(), 800)) > -25);
  assert.ok((await level(s, call, 800)) < -45);
  await done(s, call, { dub: { action: 'addTrack', track: 'x', play: toneUrl(1_500) } });
  assert.ok((await level(s, call, 1_500)) > -25);
  assert.ok((await level(s, b.call(), 1_500)) < -45);
  await s.end();
});

test('boostAudioSignal: as said, within 0.5 dB, from number 0 to text; no click', async () => {
  const s = await scene({ '/': [{ verb: 'play', url: `tone_stream://v=-20;%(60000,0,700)` }] });
  const call = await s.dial();
  const plain = await level(s, call, 700);
  for (const [value, db] of [
    [6, 6],
    ['-6 dB', -6],
    ['12.5dB', 12.5],
    [0, 0],
    ['-20', -20],
    ['0 dB', 0],
  ] as const) {
    await done(s, call, { boostAudioSignal: value });
    near(await level(s, call, 700), plain + db);
  }
  const heard = call.audio.between(0, s.stage.clock.now());
  assert.ok(worstClick(heard.subarray(1_600), rate).ratio < 4, JSON.stringify(worstClick(heard, rate)));
  for (const bad of [21, '30 dB', 'loud', ''])
    assert.equal((await s.update(call, { boostAudioSignal: bad })).status, 400);
  await s.end();
});

test('boostAudioSignal reaches each leg of a dial alone', async () => {
  const s = await dialScene({});
  const b = await s.callee();
  s.answers['/'] = [{ verb: 'dial', target: [{ type: 'sip', sipUri: b.uri }] }];
  const call = await s.dial();
  await s.run(2_000);
  const before = { a: await level(s, call, 1_031), b: await level(s, b.call(), 437) };
  const boosted = await s.updateSid(s.childSid(), { boostAudioSignal: '-9 dB' }, true);
  assert.equal(boosted.status, 200, boosted.reason);
  near(await level(s, b.call(), 437), before.b - 9);
  near(await level(s, call, 1_031), before.a);
  await done(s, call, { boostAudioSignal: 3 });
  near(await level(s, call, 1_031), before.a + 3);
  near(await level(s, b.call(), 437), before.b - 9);
  await s.end();
});
