// Every update that is not of conferences alone, on a member of a conference, on one who waits in a queue, and on one of its pair:
// it acts on the addressed call, the others hear nothing of it and lose nothing, and afterwards all is as before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaps, toneLevelDbov } from '../../src/audio/index.ts';
import type { PhoneCall } from '../../src/rehearsal/phone.ts';
import { channels } from '../kit/recorded.ts';
import { type Json, type Scene, scene, sidOf, toneUrl } from '../kit/scene.ts';
import { isHeard, levelNow, type SingerName, singer, song, whoHears } from '../kit/singers.ts';

type Calls = Partial<Record<SingerName, PhoneCall>>;

/** A shape of calls: bob is the one that is changed. */
interface Shape {
  s: Scene;
  bob: PhoneCall;
  calls: Calls;
  /** Who hears whom while nothing is changed. */
  usual: Record<string, string>;
  /** What else bob hears, Hz. */
  music?: number;
}

const background = {
  verb: 'config',
  transcribe: { enable: true, transcriptionHook: '/heard', recognizer: { vendor: 'test' } },
};
/** Recordings are WAV. */
async function stage(...given: Parameters<typeof scene>): Promise<Scene> {
  const s = await scene(...given);
  await s.stage.records.accounts.update(s.stage.account.account_sid, { record_format: 'wav' });
  return s;
}

const replies = { '/next': [{ verb: 'play', url: toneUrl(2_200) }] };

async function conference(): Promise<Shape> {
  const s = await stage({ '/': [background, { verb: 'conference', name: 'three' }], ...replies });
  const calls = { alice: await singer(s, 'alice'), bob: await singer(s, 'bob'), carol: await singer(s, 'carol') };
  return { s, bob: calls.bob, calls, usual: { alice: 'bob carol', bob: 'alice carol', carol: 'alice bob' } };
}

async function waiting(): Promise<Shape> {
  const s = await stage({
    '/': [background, { verb: 'enqueue', name: 'line', waitHook: '/wait' }],
    '/wait': [{ verb: 'play', url: toneUrl(1_900, 600_000) }],
    ...replies,
  });
  const bob = await singer(s, 'bob');
  await s.run(1_000);
  return { s, bob, calls: { bob }, usual: { bob: '' }, music: 1_900 };
}

async function pair(): Promise<Shape> {
  const s = await stage({
    '/': ({ from }) => [background, { verb: from === 'bob' ? 'enqueue' : 'dequeue', name: 'line' }],
    ...replies,
  });
  const calls = { bob: await singer(s, 'bob'), carol: await singer(s, 'carol') };
  return { s, bob: calls.bob, calls, usual: { bob: 'carol', carol: 'bob' } };
}

const shapes = {
  'a member of a conference': conference,
  'a caller in a queue': waiting,
  "one of a queue's pair": pair,
};

/** Tone in the last 300 ms, dBov. */
const level = (s: Scene, call: PhoneCall, hz: number): number =>
  toneLevelDbov(call.audio.between(s.stage.clock.now() - 300, s.stage.clock.now()), hz, 8_000);

async function acts({ s, bob }: Shape, body: Json): Promise<void> {
  const { status, reason, body: answer } = await s.update(bob, body, true);
  assert.equal(status, 200, `${JSON.stringify(body)}: ${status} ${reason}`);
  // The far end's answer, and digits that take their time.
  if (!('sip_request' in body || 'dtmf' in body))
    assert.ok(Number(answer?.applied_ms) <= 60, `${JSON.stringify([body, answer])}`);
}

/** Everybody hears what is usual, and the others have heard it without a hole. */
async function asUsual(shape: Shape, from: number): Promise<void> {
  const { s, calls, usual, music, bob } = shape;
  await s.run(500);
  assert.deepEqual(whoHears(s, calls), usual);
  if (music !== undefined) assert.ok(isHeard(s, bob, music));
  for (const [name, call] of Object.entries(calls))
    if (call !== bob) assert.deepEqual(gaps(call.audio.between(from, s.stage.clock.now()), 8_000, 10), [], name);
}

/** Nobody but bob hears it. */
function onlyBob({ s, bob, calls }: Shape, hz: number): void {
  for (const call of Object.values(calls)) assert.equal(isHeard(s, call, hz), call === bob, `${hz} Hz`);
}

for (const [name, open] of Object.entries(shapes))
  test(`${name}: whisper, dub, boost, digits, a request, a recording, transcription, mute, ten at once`, async () => {
    const shape = await open();
    const { s, bob, calls } = shape;
    await s.run(1_000);
    for (let round = 0; round < 2; round++) {
      const from = s.stage.clock.now();
      await acts(shape, { whisper: { verb: 'play', url: toneUrl(2_600, 600) } });
      await s.run(400);
      onlyBob(shape, 2_600);
      await asUsual(shape, from);
      await acts(shape, { dub: { action: 'addTrack', track: 'extra', play: toneUrl(2_900), gain: '-3 dB' } });
      await s.run(400);
      onlyBob(shape, 2_900);
      await acts(shape, { dub: { action: 'removeTrack', track: 'extra' } });
      await s.run(400);
      onlyBob({ ...shape, bob: undefined as unknown as PhoneCall }, 2_900);
      const hz = shape.music ?? song.carol;
      const before = levelNow(s, bob, hz);
      await acts(shape, { boostAudioSignal: -4 });
      await s.run(400);
      assert.ok(Math.abs(levelNow(s, bob, hz) - before + 4) < 0.5, `${levelNow(s, bob, hz) - before} dB`);
      await acts(shape, { boostAudioSignal: '0 dB' });
      await asUsual(shape, from);
      await acts(shape, { dtmf: { digit: '5' } });
      await acts(shape, { sip_request: { method: 'INFO', content_type: 'text/plain', content: 'x' } });
      await acts(shape, { transcribe_status: 'pause' });
      await acts(shape, { transcribe_status: 'resume' });
      await acts(shape, { mute_status: 'mute' });
      await s.run(400);
      for (const call of Object.values(calls)) if (call !== bob) assert.ok(!isHeard(s, call, song.bob));
      await acts(shape, { mute_status: 'unmute' });
      await s.run(400);
    }
    assert.equal(bob.audio.digits.join(''), '55');
    for (const call of Object.values(calls)) if (call !== bob) assert.deepEqual(call.audio.digits, []);
    await acts(shape, { record: { action: 'startCallRecording', type: 'cloud' } });
    await s.run(1_500);
    await acts(shape, { record: { action: 'stopCallRecording', type: 'cloud' } });
    await s.run(500);
    const path = (await s.stage.files.list(`${sidOf(bob)}.wav`))[0]!;
    const { left, right } = channels(s.stage.files.get(path)!);
    assert.ok(toneLevelDbov(left, song.bob, 8_000) > -25 && toneLevelDbov(right, song.bob, 8_000) < -45);
    assert.ok(toneLevelDbov(right, shape.music ?? song.carol, 8_000) > -25);
    const outcomes = await Promise.all([
      ...Array.from({ length: 8 }, (_, i) => s.updating(bob, { boostAudioSignal: i - 7 })),
      s.updating(bob, { tag: { n: 1 } }),
      s.updating(bob, { whisper: { verb: 'play', url: toneUrl(2_600, 300) } }),
    ]);
    assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set([202]));
    await s.run(800);
    await asUsual(shape, s.stage.clock.now());
    await acts(shape, { call_hook: '/next' });
    await s.run(500);
    onlyBob(shape, 2_200);
    assert.ok(level(s, bob, 2_200) > -25);
    await acts(shape, { call_status: 'completed' });
    await s.run(500);
    assert.ok(bob.ended);
    for (const call of Object.values(calls)) if (!call.ended) await s.stage.clock.settle(call.hangup());
    await s.run(3_000);
    await s.end();
  });
